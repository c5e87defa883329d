"""Entries of the queue, many in one statement: stored in the caller's transaction, in this same database."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils import timezone
from django_q.tasks import async_task

MOST_AT_ONCE = 100  # a statement of SQLite takes a thousand values at least
_PUT = 'INSERT INTO django_q_ormq ("key", payload, "lock") VALUES '


class Unread(str):
    """A statement whose answer nobody reads: in a transaction a database may be told of it later."""

    __slots__ = ()
    may_wait = True


class _Collected:
    """Takes the place of django-q's broker: keeps the signed entries, to be stored together."""

    def __init__(self, list_key: str) -> None:
        self.list_key = list_key
        self.payloads: list[str] = []

    def enqueue(self, payload: str) -> int:
        """Keep an entry; return which one it is, for django-q's log."""
        self.payloads.append(payload)
        return len(self.payloads)


def put(function: str, arguments: Sequence[Any], *, cluster: str, options: Sequence[dict[str, Any]] = ()) -> None:
    """Queue a call of `function` with each of `arguments`, in their order; `options`: django-q's for each, if any.

    Nobody reads what the database answers. So PostgreSQL is told along with the next statement or with COMMIT.
    """
    broker = _Collected(cluster)
    for number, argument in enumerate(arguments):
        own = options[number] if options else {}
        async_task(function, argument, cluster=cluster, broker=broker, **own)
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    for start in range(0, len(broker.payloads), MOST_AT_ONCE):
        _store([(cluster, payload, now) for payload in broker.payloads[start : start + MOST_AT_ONCE]])


def _store(rows: list[tuple[Any, ...]]) -> None:
    statement = Unread(_PUT + ", ".join(["(%s, %s, %s)"] * len(rows)))
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for row in rows for value in row])
