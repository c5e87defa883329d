"""Writers of an SQLite database wait for each other, and do what they were told once."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler, IntegrityError

from fingerprint_site import settings as site

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("sqlite3" not in site.DATABASES["default"]["ENGINE"], reason="SQLite's own"),
]
Open = Callable[[float], Any]


@pytest.fixture
def opened(tmp_path: Path, django_db_blocker: Any) -> Iterator[Open]:
    """Open a database of its own that waits for so long."""
    handlers = []

    def open_one(timeout_s: float) -> Any:
        own = site.DATABASES["default"]
        own = own | {"NAME": str(tmp_path / "db"), "OPTIONS": own["OPTIONS"] | {"timeout": timeout_s}}
        handlers.append(ConnectionHandler({"default": own}))
        return handlers[-1]["default"]

    with django_db_blocker.unblock():  # no test database is touched
        with open_one(20).cursor() as cursor:
            cursor.execute("CREATE TABLE numbers (n INTEGER UNIQUE)")
        yield open_one
        for handler in handlers:
            handler.close_all()


@pytest.fixture
def holder(opened: Open, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another program's connection, in the middle of writing."""
    with closing(sqlite3.connect(tmp_path / "db", isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def numbers(connection: Any) -> list[int]:
    """Return what is stored."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT n FROM numbers ORDER BY n")
        return [row[0] for row in cursor.fetchall()]


def let_go_soon(holder: sqlite3.Connection) -> threading.Timer:
    """End the other's transaction after more tries than one."""
    timer = threading.Timer(0.1, holder.execute, ["COMMIT"])
    timer.start()
    return timer


@pytest.mark.parametrize("many", [False, True])
def test_writer_waits_and_writes_once(opened: Open, holder: sqlite3.Connection, *, many: bool) -> None:
    connection = opened(20)
    timer = let_go_soon(holder)
    with connection.cursor() as cursor:
        if many:
            cursor.executemany("INSERT INTO numbers VALUES (%s)", [[1], [2]])
        else:
            cursor.execute("INSERT INTO numbers VALUES (%s)", [1])
    timer.join()
    assert numbers(connection) == ([1, 2] if many else [1])
    assert not connection.connection.in_transaction


def test_writer_that_waits_too_long_gives_up(opened: Open, holder: sqlite3.Connection) -> None:
    connection = opened(0.05)
    with connection.cursor() as cursor, pytest.raises(OperationalError, match="locked"):
        cursor.execute("INSERT INTO numbers VALUES (1)")
    holder.execute("COMMIT")
    assert numbers(connection) == []


def test_reader_does_not_wait(opened: Open, holder: sqlite3.Connection) -> None:
    holder.execute("INSERT INTO numbers VALUES (7)")
    assert numbers(opened(0.0)) == []


def test_many_rows_are_all_or_none(opened: Open) -> None:
    connection = opened(20)
    with connection.cursor() as cursor, pytest.raises(IntegrityError):
        cursor.executemany("INSERT INTO numbers VALUES (%s)", [[1], [1]])
    assert numbers(connection) == []


def test_other_errors_come_at_once(opened: Open) -> None:
    with opened(20).cursor() as cursor, pytest.raises(OperationalError, match="no such table"):
        cursor.execute("INSERT INTO letters VALUES (1)")


@pytest.mark.parametrize("number", [10**30, -(10**30), 10**400])
def test_numbers_of_more_than_64_bits_are_compared_and_never_written(opened: Open, number: int) -> None:
    with opened(1).cursor() as cursor:
        cursor.execute("INSERT INTO numbers VALUES (%s)", [7])
        cursor.execute("SELECT n FROM numbers WHERE n = %s", [number])
        assert cursor.fetchall() == []
        cursor.execute("SELECT n FROM numbers WHERE n < %s", [number])
        assert cursor.fetchall() == [(7,)] * (number > 0)
        for statement in ("INSERT INTO numbers VALUES (%s)", "UPDATE numbers SET n = %s"):
            with pytest.raises(OverflowError):
                cursor.execute(statement, [number])
