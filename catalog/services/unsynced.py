"""Statements whose loss in a crash of the database nobody would notice, so they do not wait for the disk.

On PostgreSQL a statement that selects from `source()` commits so. It holds for the transaction of the statement alone.
A crash of the database loses what it wrote in its last moment, and never makes the rest wrong.
"""

from django.db import connection

_SOURCES = {"sqlite": "(SELECT 1)", "postgresql": "(SELECT set_config('synchronous_commit', 'off', true))"}


def source() -> str:
    """Return SQL of one row, for the FROM of a statement that runs in no other transaction."""
    return _SOURCES[connection.vendor]
