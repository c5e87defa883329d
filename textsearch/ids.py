"""Ids that are looked for by their first characters, by the index of their column on both databases."""

from typing import Any

from django.db import connection
from django.db.models import F, OrderBy, Q

_LAST_SIGN = "\U0010ffff"


def beginning(field: str, text: str) -> Q:
    """Return the test of a column that begins with `text`, which both databases answer by the column's index.

    SQLite ignores case in a LIKE, and so looks at every row.
    """
    if connection.vendor == "sqlite":
        return Q(**{f"{field}__gte": text, f"{field}__lt": f"{text}{_LAST_SIGN}"})
    return Q(**{f"{field}__startswith": text})


class _FromTheEnd(OrderBy):
    """Sorts downwards as an index for beginnings does, which on PostgreSQL has an order of its own."""

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        """Name the operator of `varchar_pattern_ops`. Django looks for a direction in the text, hence the comment."""
        return self.as_sql(compiler, connection, template="%(expression)s USING ~>~ /* DESC */")


def newest_by_id(field: str) -> tuple[OrderBy | str, ...]:
    """Return the order in which a database finds the first rows of `beginning` without sorting all of them.

    Both go along the column's index. Most ids begin with a moment. By number, PostgreSQL would go through all rows that
    are newer than those that begin so.
    """
    return _FromTheEnd(F(field), descending=True), "-pk"
