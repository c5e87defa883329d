"""What each staff page costs with large tables: `python -m bench.pages [sqlite] [postgresql]`."""
