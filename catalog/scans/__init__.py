"""Scans: the tracks of the catalog, or of a filter, checked against the index; started by hand or by a schedule."""
