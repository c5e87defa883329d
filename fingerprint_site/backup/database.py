"""A consistent copy of the database while others write to it, by the means that each database has for that."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import connection, connections
from psycopg.pq import Conninfo

from fingerprint_site.backup.manifest import BackupError

FILE_NAMES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}


def kind() -> str:
    """Return which database this deployment has: `sqlite` or `postgresql`."""
    return str(connection.vendor)


def files() -> list[Path]:
    """Return where the database's file is, of one that has a file."""
    return [Path(connection.settings_dict["NAME"]).resolve()] if kind() == "sqlite" else []


def refuse_a_pool() -> None:
    """Refuse to have PostgreSQL's own programs work through a pool of connections, such as PgBouncer.

    They change settings of theirs first, the path on which tables are found among them. A pool that lends connections
    for a transaction at a time hands them on to the site, whose statements then find no table.

    Raises:
        BackupError: the number of the server's process is not the one that the connection was told.

    """
    if kind() != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        if cursor.fetchone() != (connection.connection.info.backend_pid,):
            raise BackupError("DATABASE_URL leads to a pool of connections. For this command, set it to the server.")


def copy_to(folder: Path) -> Path:
    """Write a snapshot below `folder` and return its path."""
    path = folder / FILE_NAMES[kind()]
    if kind() == "sqlite":
        _copy_sqlite(Path(connection.settings_dict["NAME"]), path)
    else:
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={path}")
    path.chmod(0o600)
    return path


def is_empty() -> bool:
    """Tell whether the database has no tables."""
    return not connection.introspection.table_names()


def put_back(folder: Path) -> None:
    """Make the database what the snapshot below `folder` says; what was in it is gone."""
    path = folder / FILE_NAMES[kind()]
    connections.close_all()
    if kind() == "sqlite":
        _put_back_sqlite(path, Path(connection.settings_dict["NAME"]))
        return
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    connections.close_all()
    _run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(path), into=True)


def _copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's own backup, all pages in one step: writers go on beside it, as the database keeps a write-ahead log."""
    with closing(sqlite3.connect(source, timeout=60)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        [[state]] = copy.execute("PRAGMA integrity_check").fetchall()
    if state != "ok":
        raise BackupError(f"The copy of the database is damaged: {state}")


def _put_back_sqlite(snapshot: Path, target: Path) -> None:
    draft = target.with_name(f".{target.name}.restored")
    shutil.copyfile(snapshot, draft)
    draft.chmod(0o640)
    for rest in ("-wal", "-shm"):  # the old database's: they would be applied to the new one
        target.with_name(target.name + rest).unlink(missing_ok=True)
    draft.replace(target)


def _run(program: str, *arguments: str, into: bool = False) -> None:
    if shutil.which(program) is None:
        raise BackupError(f"{program} is missing: install the PostgreSQL client (apt install postgresql-client).")
    named = [f"--dbname={connection.settings_dict['NAME']}"] if into else []
    environment = os.environ | as_variables(connection.get_connection_params())
    done = subprocess.run(  # noqa: S603  (a fixed program with our own arguments)
        [program, *named, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()[-500:]}")


def as_variables(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return connection parameters as the environment variables by which PostgreSQL's own programs read them.

    All that have one, `sslmode` and certificates among them: a backup must not connect less safely than the site does.
    """
    variables = {option.keyword.decode(): option.envvar.decode() for option in Conninfo.get_defaults() if option.envvar}
    return {
        variables[name]: str(value) for name, value in parameters.items() if name in variables and value is not None
    }
