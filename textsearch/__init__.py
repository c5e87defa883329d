"""Texts that people search: stored a second time as they are compared, on every database alike. Knows no other app."""
