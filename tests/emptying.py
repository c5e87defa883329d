"""Emptying the database after a test that commits.

Django empties every table, and then makes all content types and permissions again, though no test changes them. Here
only tables with rows are emptied, and both tables stay. PostgreSQL leaves deleted rows where they were, as those that a
test rolled back: a table that has grown by them is truncated, and one that a test had PostgreSQL look at. None is
looked at between two tests (`migrated.stop_autovacuum`), or one that was found empty would be planned for one row.
"""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

KEPT = {"django_migrations", "django_content_type", "auth_permission"}
MOST_BYTES = 1024 * 1024  # of a table whose rows are deleted


def tables() -> list[str]:
    """Return the tables of all apps, without those that are kept."""
    return sorted(set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT)


def tables_with_rows() -> list[str]:
    """Return those of the tables that have rows; one query."""
    quote = connection.ops.quote_name
    asked = (f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {quote(name)})" for name in tables())  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return [name for (name,) in cursor.fetchall()]


def grown_tables() -> list[str]:
    """Return the tables that have grown, or of which there are statistics; on PostgreSQL alone."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
            " AND (pg_relation_size(oid) > %s OR reltuples > 0)",
            [MOST_BYTES],
        )
        return [name for (name,) in cursor.fetchall() if name not in KEPT]


def empty() -> None:
    """Delete all rows but the kept ones. Foreign keys are compared at the end: the order of the tables is free."""
    quote = connection.ops.quote_name
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # a live server may be writing its last row; on SQLite one waits anyway
            cursor.execute(f"LOCK TABLE {', '.join(map(quote, tables()))} IN SHARE ROW EXCLUSIVE MODE")
        if grown := grown_tables():
            cursor.execute(f"TRUNCATE {', '.join(map(quote, grown))} CASCADE")
        for name in tables_with_rows():
            cursor.execute(f"DELETE FROM {quote(name)}")  # noqa: S608


@pytest.fixture(scope="session", autouse=True)
def empties_what_has_rows() -> Iterator[None]:
    """Put `empty` in the place of Django's flush."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TransactionTestCase, "_fixture_teardown", lambda _: empty())
        yield
