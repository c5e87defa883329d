"""Scans: the whole catalog, or what a filter leaves, checked against itself; started by hand or by a schedule."""
