"""Ids that are looked for by their first characters, by the index of their column on both databases."""

from django.db import connection
from django.db.models import Q

_LAST_SIGN = "\U0010ffff"


def beginning(field: str, text: str) -> Q:
    """Return the test of a column that begins with `text`, which both databases answer by the column's index.

    SQLite ignores case in a LIKE, and so looks at every row.
    """
    if connection.vendor == "sqlite":
        return Q(**{f"{field}__gte": text, f"{field}__lt": f"{text}{_LAST_SIGN}"})
    return Q(**{f"{field}__startswith": text})


def newest_by_id(field: str) -> tuple[str, ...]:
    """Return the order in which a database finds the first rows of `beginning` without sorting all of them.

    SQLite goes along the column's index, whose ids begin with a moment. PostgreSQL weighs both indexes by itself.
    """
    return (f"-{field}", "-pk") if connection.vendor == "sqlite" else ("-pk",)
