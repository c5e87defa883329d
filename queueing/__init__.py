"""Who works on what, and until when: what every queue and every lock of the service shares. Imports no other app."""
