"""Statements on a table of numbers, at once or held (`fingerprint_site.postgresql_few_trips`)."""

from typing import Any

from django.db import connection

from queueing.entries import Unread


def ask(statement: str, parameters: Any = None) -> Any:
    """Execute a statement; return its rows, or how many it changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def put_later(number: object) -> None:
    """Insert a number with the next statement."""
    ask_later("INSERT INTO numbers VALUES (%s)", [number])


def ask_later(statement: str, parameters: Any = None) -> None:
    """Execute a statement with the next one."""
    with connection.cursor() as cursor:
        cursor.execute(Unread(statement), parameters)


def stored() -> list[int]:
    """Return the numbers that are stored."""
    return [number for (number,) in ask("SELECT n FROM numbers ORDER BY n")]
