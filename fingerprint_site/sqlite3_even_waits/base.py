"""Django's SQLite backend, with short even waits for the write lock.

SQLite lets a writer that finds the lock taken sleep longer from try to try, up to 100 ms, and whoever asks next is
served first. With a dozen processes that each write for a few milliseconds, some writers sleep through many turns.
"""

import math
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from django.db.backends.sqlite3 import base

TRY_MS = 3  # up to here SQLite itself sleeps 1 and 2 ms
_TAKEN = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY)


class WaitingCursor(base.SQLiteCursorWrapper):
    """A cursor whose statements wait for the write lock for so many seconds in all."""

    within_s = 0.0

    def execute(self, query: str, params: Any = None) -> Any:
        """Execute a statement.

        SQLite takes no number of more than 64 bits. One that is only compared is compared as PostgreSQL does it: no row
        has it. One that is to be written raises OverflowError.
        """
        try:
            return self._execute(query, params)
        except OverflowError:
            if not (query.startswith("SELECT") and isinstance(params, (list, tuple))):
                raise
            return self._execute(query, [_comparable(value) for value in params])

    def _execute(self, query: str, params: Any) -> Any:
        return self._when_free(lambda: super(WaitingCursor, self).execute(query, params))

    def executemany(self, query: str, param_list: Any) -> Any:
        """Execute a statement for each of the parameters: for all or, where one fails, for none."""
        if self.connection.in_transaction:
            return super().executemany(query, param_list)
        self.execute("BEGIN IMMEDIATE")
        with self.connection:
            return super().executemany(query, param_list)

    def _when_free(self, statement: Callable[[], Any]) -> Any:
        """Run a statement, and run it again while another connection holds the lock: then it has done nothing."""
        give_up_s = time.monotonic() + self.within_s
        while True:
            try:
                return statement()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode not in _TAKEN or time.monotonic() >= give_up_s:
                    raise


def _comparable(value: Any) -> Any:
    if not isinstance(value, int) or -(2**63) <= value < 2**63:
        return value
    return math.inf if value > 0 else -math.inf


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection; ``OPTIONS["timeout"]`` is how many seconds a statement waits for the write lock."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        """Connect as Django does; in a database with a write-ahead log, where only writers wait, wait evenly."""
        connection: sqlite3.Connection = super().get_new_connection(conn_params)
        self._within_s = 0.0
        if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            connection.execute(f"PRAGMA busy_timeout={TRY_MS}")
            self._within_s = float(conn_params["timeout"])
        return connection

    def create_cursor(self, name: str | None = None) -> Any:  # noqa: ARG002  (Django's signature)
        """Return a cursor that waits evenly."""
        cursor = self.connection.cursor(factory=WaitingCursor)
        cursor.within_s = self._within_s
        return cursor
