"""Migrated databases without rows, for the sites that tests start: copied, as migrating takes seconds of each.

The copy that others are made from is taken of the tests' own database before the first test.
"""

import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import StateApps


def stop_autovacuum() -> None:
    """Have PostgreSQL gather no statistics of the tests' tables on its own: plans do not depend on when it looked."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f"ALTER TABLE {connection.ops.quote_name(name)} SET (autovacuum_enabled = false)")


@contextmanager
def schema_of(migrations: Sequence[tuple[str, str | None]]) -> Iterator[StateApps]:
    """Migrate back to `migrations`, give the models as they were there, and migrate to today's again.

    Each is an app's label and the last migration that it keeps, or None where it keeps none.
    """
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes()
    executor.migrate(list(migrations))
    kept = [one for one in migrations if one[1] is not None]
    others = [one for one in latest if one[0] in {"auth", "contenttypes"} - {label for label, _ in kept}]
    try:
        yield MigrationExecutor(connection).loader.project_state(kept + others).apps
    finally:
        MigrationExecutor(connection).migrate(latest)
        stop_autovacuum()  # tables that a migration makes again come without


class Databases:
    """Those of one run: empty ones, and migrated ones."""

    def __init__(self, folder: Path) -> None:
        """`folder` keeps the copy of a SQLite database."""
        self._url = os.environ.get("DATABASE_URL")
        self._file = folder / "migrated.sqlite3"
        self._made: list[str] = []
        self._migrated = ""

    def keep_migrated(self) -> None:
        """Copy the tests' own database, which has been migrated."""
        name = str(connection.settings_dict["NAME"])
        if connection.vendor == "sqlite":
            with closing(sqlite3.connect(name)) as source, closing(sqlite3.connect(self._file)) as target:
                source.backup(target)
        else:
            connection.close()  # PostgreSQL copies what nobody uses
            self._migrated = self._make(f"TEMPLATE {name}")

    def empty(self) -> str | None:
        """Make a database that has no table, and return its URL; None means SQLite in the site's data folder."""
        return self._url_of(self._make()) if self._url else None

    def migrated(self, folder: Path) -> str | None:
        """Make a migrated database for the site in this data folder, which need not exist, and return its URL."""
        if self._url:
            return self._url_of(self._make(f"TEMPLATE {self._migrated}"))
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(self._file, folder / "db.sqlite3")
        return None

    def drop(self) -> None:
        """Drop them all."""
        for name in self._made:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _make(self, options: str = "") -> str:
        name = f"running_site_{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {name} {options}")
        self._made.append(name)
        return name

    def _url_of(self, name: str) -> str:
        return urlsplit(str(self._url))._replace(path=f"/{name}").geturl()

    def _run(self, statement: str) -> None:
        with psycopg.connect(str(self._url), autocommit=True) as server:
            server.execute(statement)
