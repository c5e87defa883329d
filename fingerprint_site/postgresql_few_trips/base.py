"""Django's PostgreSQL backend, with fewer trips to the server.

On each trip the server wakes up, and then its caller. Where other work has all the processors, each of the two waits
some milliseconds for one: that is most of what a request of several statements takes. So BEGIN goes along with the
first statement of a transaction, a statement whose result nobody reads goes along with the next one or with COMMIT,
and whether a connection is still open is seen at its socket.
"""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import psycopg
from django.db import Error
from django.db.backends.postgresql import operations
from django.db.backends.postgresql.psycopg_any import register_tzloader
from django.db.backends.utils import debug_transaction
from psycopg.pq import TransactionStatus

_AND = "\n;\n"  # a comment at the end of a statement ends with its line
base: Any = import_module("django.db.backends.postgresql.base")  # its types do not say that it is psycopg's


def _held_by(connection: Any) -> list[str]:
    """Return what psycopg's connection holds: all its cursors send it, and it is lost with the connection."""
    held: list[str] = vars(connection).setdefault("_held_statements", [])
    return held


class FewTripsCursor(base.Cursor):
    """A cursor that sends what is held along with its statement. The server stops at the first that fails."""

    statement: str | None = None  # the last one, without what was sent ahead of it

    @property
    def held(self) -> list[str]:
        """What its connection holds."""
        return _held_by(self.connection)

    def execute(self, query: Any, params: Any = None, **options: Any) -> "FewTripsCursor":
        """Execute a statement after those that are held.

        In a transaction one that `may_wait` is held: it is sent along with the next one or with COMMIT, which raises
        what it would have raised. It must be a single statement.
        """
        self.statement = None
        if getattr(query, "may_wait", False) and self._is_in_transaction():
            self.statement = self.mogrify(query, params)
            self.held.append(self.statement)
            return self
        if not self.held:
            return super().execute(query, params, **options)
        ahead, self.statement = len(self.held), self.mogrify(query, params)
        self._send(_AND.join([*self.held, self.statement]))
        for _ in range(ahead):
            self.nextset()
        return self

    def _is_in_transaction(self) -> bool:
        return bool(self.held) or self.connection.info.transaction_status == TransactionStatus.INTRANS

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        """Execute a statement for each of the parameters, after those that are held."""
        self.send_held()
        super().executemany(query, params_seq, **options)

    def copy(self, *args: Any, **options: Any) -> Any:
        """Copy rows from or to the server, after the statements that are held."""
        self.send_held()
        return super().copy(*args, **options)

    def stream(self, *args: Any, **options: Any) -> Any:
        """Read rows one by one, after the statements that are held."""
        self.send_held()
        return super().stream(*args, **options)

    def send_held(self) -> None:
        """Execute what is held."""
        if self.held:
            self._send(_AND.join(self.held))

    def _send(self, text: str) -> None:
        try:
            super().execute(text)
        except psycopg.Error:
            # A text that cannot be parsed began no transaction, and one that was not sent ended none: what follows must
            # neither run outside of one nor do without what is held.
            if self.connection.info.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.INTRANS):
                self.held.clear()
            raise
        self.held.clear()


class DatabaseOperations(operations.DatabaseOperations):
    """Django's, which tell of a statement without what was sent ahead of it."""

    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> Any:
        """Return the text of the last statement."""
        return getattr(cursor, "statement", None) or super().last_executed_query(cursor, sql, params)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection."""

    ops_class = DatabaseOperations

    def get_connection_params(self) -> dict[str, Any]:
        """Return how to connect."""
        return super().get_connection_params() | {"cursor_factory": FewTripsCursor}

    def chunked_cursor(self) -> Any:
        """Return a cursor that reads in pieces: the server's in a transaction, and one of ours outside of one.

        Outside, the server would copy the whole result, to keep it beyond the statement; each piece would be a trip.
        A pool that lends each connection for one transaction (PgBouncer) would ask another one for the next piece.
        """
        return self.cursor() if self.get_autocommit() else super().chunked_cursor()

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor; one with a name is the server's."""
        if name is None:
            return super().create_cursor()
        with self.connection.cursor() as sender:
            sender.send_held()
        # As Django's, which takes psycopg's autocommit for the end of each statement: here it says nothing of `atomic`.
        cursor = base.ServerSideCursor(self.connection, name=name, scrollable=False, withhold=False)
        register_tzloader(self.timezone, cursor)
        return cursor

    def is_usable(self) -> bool:
        """Tell whether the connection can still be used. A server that closes it says so: then there is news on it."""
        if self.connection is None or self.connection.closed:
            return False
        news = select.poll()
        news.register(self.connection.fileno(), select.POLLIN)
        return super().is_usable() if news.poll(0) else True

    def _start_transaction_under_autocommit(self) -> None:
        """Begin a transaction of `atomic`: with its first statement. psycopg itself stays in autocommit."""
        level = self.connection.isolation_level
        begin = f"BEGIN ISOLATION LEVEL {level.name.replace('_', ' ')}" if level else "BEGIN"
        with debug_transaction(self, "BEGIN"):
            _held_by(self.connection)[:] = [begin]

    def _commit(self) -> None:
        if self.connection is None:
            return
        with self._ending():
            if self._has_more_to_send():
                with debug_transaction(self, "COMMIT"), self.wrap_database_errors, self.create_cursor() as cursor:
                    cursor.execute("COMMIT")
            else:
                _held_by(self.connection).clear()
                super()._commit()

    def _has_more_to_send(self) -> bool:
        status = self.connection.info.transaction_status
        if status == TransactionStatus.INERROR:
            # The server would undo all and report no error. Where a statement fails that was sent later, the caller may
            # have taken its error for that of another one.
            with self.wrap_database_errors:
                raise psycopg.errors.InFailedSqlTransaction("A statement of this transaction failed: nothing is kept.")
        return len(_held_by(self.connection)) > (0 if status == TransactionStatus.INTRANS else 1)  # BEGIN is one

    def _savepoint_rollback(self, sid: str) -> None:
        # What is held came after the savepoint, which is sent at once. Nothing must go ahead of this: it may fail.
        _held_by(self.connection).clear()
        super()._savepoint_rollback(sid)

    def _rollback(self) -> None:
        if self.connection is None:
            return
        _held_by(self.connection).clear()
        with self._ending():
            super()._rollback()

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """Leave nothing that another transaction would begin with.

        What breaks in on the end of one, as a signal does, leaves a connection that waits for an answer. psycopg is in
        autocommit all the time, and says nothing of that when Django goes back to it.
        """
        connection = self.connection
        try:
            yield
        except Error:
            raise
        except BaseException:
            self.close()
            raise
        finally:
            _held_by(connection).clear()
