"""Hostile files through the real API of a real site: `python -m bench.fuzz`."""
