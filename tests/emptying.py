"""Emptying the database after a test that commits.

Django empties every table, and then makes all content types and permissions again, though no test changes them. On
SQLite only tables with rows are emptied here, and both tables stay. PostgreSQL keeps Django's way, which truncates:
where rows are deleted, autovacuum notes that a table is empty, and a query of the next test was then planned for one
row and ran for a quarter of an hour. What a test rolled back leaves such a table too, so no test's table is looked at
(`migrated.stop_autovacuum`).
"""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def tables_with_rows() -> list[str]:
    """Return the tables of all apps that have rows, without those that are kept; one query."""
    names = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT
    asked = (f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(name)})" for name in names)  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return [name for (name,) in cursor.fetchall()]


def empty() -> None:
    """Delete all rows but the kept ones. Foreign keys are compared at the end: the order of the tables is free."""
    names = tables_with_rows()
    with transaction.atomic(), connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(name)}")  # noqa: S608


@pytest.fixture(scope="session", autouse=True)
def empties_what_has_rows() -> Iterator[None]:
    """Put `empty` in the place of Django's flush, on SQLite."""
    with pytest.MonkeyPatch.context() as patched:
        if connection.vendor == "sqlite":
            patched.setattr(TransactionTestCase, "_fixture_teardown", lambda _: empty())
        yield
