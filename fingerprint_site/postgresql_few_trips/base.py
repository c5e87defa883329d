"""Django's PostgreSQL backend, with fewer trips to the server.

On each trip the server wakes up, and then its caller. Where other work has all the processors, each of the two waits
some milliseconds for one: that is most of what a request of several statements takes. So BEGIN goes along with the
first statement of a transaction, a statement whose result nobody reads goes along with the next one or with COMMIT,
and whether a connection is still open is seen at its socket.
"""

import select
from importlib import import_module
from typing import Any

import psycopg
from django.db.backends.postgresql import operations
from django.db.backends.postgresql.psycopg_any import register_tzloader
from django.db.backends.utils import debug_transaction
from psycopg.pq import TransactionStatus

_AND = ";\n"
base: Any = import_module("django.db.backends.postgresql.base")  # its types do not say that it is psycopg's


class FewTripsCursor(base.Cursor):
    """A cursor that sends what is held along with its statement. The server stops at the first that fails."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.held: list[str] = []  # one list for all cursors that Django makes for a connection
        self.statement: str | None = None  # the last one, without what was sent ahead of it

    def execute(self, query: Any, params: Any = None, **options: Any) -> "FewTripsCursor":
        """Execute a statement after those that are held."""
        self.statement = None
        if not self.held:
            return super().execute(query, params, **options)
        ahead, self.statement = len(self.held), self.mogrify(query, params)
        self._send(_AND.join([*self.held, self.statement]))
        for _ in range(ahead):
            self.nextset()
        return self

    def execute_later(self, query: Any, params: Any = None) -> None:
        """Execute a statement whose result nobody reads: in a transaction, along with the next one or with COMMIT.

        There that one raises what this one would have raised.
        """
        if self.held or self.connection.info.transaction_status == TransactionStatus.INTRANS:
            self.held.append(self.mogrify(query, params))
        else:
            self.execute(query, params)

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        """Execute a statement for each of the parameters, after those that are held."""
        self.send_held()
        super().executemany(query, params_seq, **options)

    def copy(self, *args: Any, **options: Any) -> Any:
        """Copy rows from or to the server, after the statements that are held."""
        self.send_held()
        return super().copy(*args, **options)

    def send_held(self) -> None:
        """Execute what is held."""
        if self.held:
            self._send(_AND.join(self.held))

    def _send(self, text: str) -> None:
        try:
            super().execute(text)
        except psycopg.Error:
            # A text that cannot be parsed began no transaction: what follows must not run outside of one.
            if self.connection.info.transaction_status != TransactionStatus.IDLE:
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

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._held: list[str] = []

    def get_connection_params(self) -> dict[str, Any]:
        """Return how to connect."""
        return super().get_connection_params() | {"cursor_factory": FewTripsCursor}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; what the last connection had not sent is lost with it."""
        self._held.clear()
        return super().get_new_connection(conn_params)

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor; one with a name is the server's."""
        if name is None:
            cursor = super().create_cursor()
            cursor.held = self._held
            return cursor
        with self.create_cursor() as sender:
            sender.send_held()
        # As Django's, but psycopg's autocommit says nothing of a transaction of `atomic`: only outside of one a cursor
        # has to outlive its statement.
        outlives = self.get_autocommit()
        cursor = base.ServerSideCursor(self.connection, name=name, scrollable=False, withhold=outlives)
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
        with debug_transaction(self, "BEGIN"):
            self._held[:] = [f"BEGIN ISOLATION LEVEL {level.name.replace('_', ' ')}" if level else "BEGIN"]

    def _set_autocommit(self, autocommit: bool) -> None:  # noqa: FBT001  (Django's signature)
        if self.connection.autocommit != autocommit:
            super()._set_autocommit(autocommit)

    def _commit(self) -> None:
        if self.connection is not None and self._holds_more_than_begin():
            with debug_transaction(self, "COMMIT"), self.wrap_database_errors, self.create_cursor() as cursor:
                cursor.execute("COMMIT")
        else:
            self._held.clear()
            super()._commit()

    def _holds_more_than_begin(self) -> bool:
        begun = self.connection.info.transaction_status == TransactionStatus.INTRANS
        return len(self._held) > (0 if begun else 1)

    def _rollback(self) -> None:
        self._held.clear()
        super()._rollback()
