"""How often PostgreSQL is waited for, and what becomes of statements that were sent with others."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import DataError, IntegrityError, ProgrammingError, connection, transaction
from django.db.utils import ConnectionHandler
from django.test.utils import CaptureQueriesContext

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own"),
    pytest.mark.django_db(transaction=True),
]
Trips = Callable[[], int]


@pytest.fixture
def numbers() -> Iterator[None]:
    """A table."""
    ask("CREATE TABLE numbers (n integer UNIQUE)")
    yield
    ask("DROP TABLE numbers")


@pytest.fixture
def trips(numbers: None, tmp_path: Path) -> Iterator[Trips]:
    """Count what was sent since the last look, as libpq itself tells it."""
    path, seen = tmp_path / "trace", 0
    connection.ensure_connection()

    def since_last() -> int:
        nonlocal seen
        before, seen = seen, path.read_text().count("\tQuery\t")
        return seen - before

    with path.open("w") as file:
        connection.connection.pgconn.trace(file.fileno())
        yield since_last
        connection.connection.pgconn.untrace()


def ask(statement: str, parameters: Any = None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def put_later(number: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute_later("INSERT INTO numbers VALUES (%s)", [number])


def stored() -> list[int]:
    return [number for (number,) in ask("SELECT n FROM numbers ORDER BY n")]


def test_a_transaction_begins_with_its_first_statement(trips: Trips) -> None:
    with transaction.atomic():
        assert ask("INSERT INTO numbers VALUES (1), (2)") == 2
        assert trips() == 1
        assert ask("SELECT n FROM numbers WHERE n > %s", [1]) == [(2,)]
    assert trips() == 2, "and COMMIT"
    assert stored() == [1, 2]


def test_a_transaction_that_does_nothing_asks_nothing(trips: Trips) -> None:
    with transaction.atomic():
        pass
    assert trips() == 0


def test_what_is_sent_later_goes_with_the_next_statement(trips: Trips) -> None:
    with transaction.atomic():
        put_later(1)
        put_later(2)
        assert trips() == 0
        assert stored() == [1, 2], "seen by what comes after it"
        put_later("3")
    assert trips() == 2
    assert stored() == [1, 2, 3]


def test_a_whole_transaction_in_one_trip(trips: Trips) -> None:
    with transaction.atomic():
        put_later(1)
    assert trips() == 1
    assert stored() == [1]


def test_outside_of_a_transaction_nothing_waits(trips: Trips) -> None:
    put_later(1)
    assert trips() == 1
    assert stored() == [1]


def test_a_failure_at_the_end_undoes_all(numbers: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():  # noqa: PT012
        ask("INSERT INTO numbers VALUES (1)")
        put_later(1)
    assert stored() == []
    with transaction.atomic():
        put_later(2)
    assert stored() == [2], "and the connection can be used"


def test_a_failure_comes_with_the_next_statement(numbers: None) -> None:
    ask("INSERT INTO numbers VALUES (1)")
    with pytest.raises(IntegrityError), transaction.atomic():  # noqa: PT012
        put_later(1)
        ask("INSERT INTO numbers VALUES (2)")
    assert stored() == [1]


def test_what_is_undone_is_not_sent(numbers: None) -> None:
    with suppress(ZeroDivisionError), transaction.atomic():
        put_later(1)
        raise ZeroDivisionError
    with transaction.atomic():
        put_later(2)
    assert stored() == [2]


def test_a_savepoint_undoes_what_was_sent_later_in_it(numbers: None) -> None:
    with transaction.atomic():
        put_later(1)
        with suppress(ZeroDivisionError), transaction.atomic():
            put_later(2)
            raise ZeroDivisionError
        with suppress(IntegrityError), transaction.atomic():
            put_later(1)
        put_later(3)
    assert stored() == [1, 3]


def test_after_a_statement_that_cannot_be_read_a_transaction_is_one(numbers: None) -> None:
    with suppress(ZeroDivisionError), transaction.atomic():
        with suppress(ProgrammingError):
            ask("INSRT INTO numbers VALUES (1)")
        ask("INSERT INTO numbers VALUES (2)")
        raise ZeroDivisionError
    assert stored() == []


def test_after_a_statement_that_failed_a_transaction_goes_on_with_nothing(numbers: None) -> None:
    with pytest.raises(Exception, match="current transaction is aborted"), transaction.atomic():  # noqa: PT012
        with suppress(DataError):
            ask("INSERT INTO numbers VALUES (1/0)")
        put_later(2)
    assert stored() == []


def test_a_servers_cursor_sees_what_was_sent_later(numbers: None) -> None:
    with transaction.atomic():
        put_later(1)
        with connection.chunked_cursor() as cursor:
            cursor.execute("SELECT n FROM numbers")
            assert cursor.fetchmany(5) == [(1,)]
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute("SELECT n FROM numbers FOR UPDATE")
        assert cursor.fetchmany(5) == [(1,)]


def test_many_and_copied_rows_come_after_what_was_sent_later(numbers: None) -> None:
    with transaction.atomic():
        put_later(1)
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO numbers SELECT max(n) + %s FROM numbers", [(1,), (1,)])
        put_later(4)
        with connection.cursor() as cursor, cursor.copy("COPY numbers FROM STDIN") as copy:
            copy.write("5\n")
    assert stored() == [1, 2, 3, 4, 5]


def test_the_log_tells_of_a_statement_alone(numbers: None) -> None:
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        put_later(1)
        ask("SELECT n FROM numbers WHERE n = %s", [1])
    assert [query["sql"] for query in queries] == ["BEGIN", "SELECT n FROM numbers WHERE n = 1", "COMMIT"]


def test_the_level_of_isolation_is_kept(numbers: None) -> None:
    other = ConnectionHandler({"default": connection.settings_dict | {"OPTIONS": {"isolation_level": 4}}})["default"]
    other.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)  # as `atomic` does
    with other.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("serializable",)
    other.rollback()
    other.close()


def test_a_living_connection_is_not_asked_and_a_closed_one_is_seen(trips: Trips) -> None:
    assert connection.is_usable()
    assert trips() == 0
    (own,) = ask("SELECT pg_backend_pid()")[0]
    other = ConnectionHandler({"default": connection.settings_dict})["default"]
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [own])
    other.close()
    assert not connection.is_usable()
    connection.close()
    assert stored() == []
