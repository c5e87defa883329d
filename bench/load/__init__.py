"""How the service answers under load, and with a large catalog behind its pages."""
