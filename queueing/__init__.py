"""Leases, retries, the sweeper and the queues: what decides who works on what, and until when. Imports no other app."""
