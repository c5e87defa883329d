"""Whether every recording in a query is named: many recordings in one query, many copies, the closest first."""
