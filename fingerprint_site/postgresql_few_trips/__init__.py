"""Django's PostgreSQL backend, with fewer trips to the server."""
