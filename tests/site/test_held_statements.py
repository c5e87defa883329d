"""What becomes of statements that are sent to PostgreSQL along with others, and of what fails among them."""

import signal
from contextlib import suppress

import pytest
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)
from django.db.transaction import TransactionManagementError
from django.db.utils import ConnectionHandler
from django.test.utils import CaptureQueriesContext

from tests.site.numbers import ask, ask_later, put_later, stored

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own"),
    pytest.mark.django_db(transaction=True),
]


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


def test_going_back_to_a_savepoint_sends_nothing_ahead(numbers: None) -> None:
    ask("INSERT INTO numbers VALUES (1)")
    with transaction.atomic():
        put_later(2)
        with suppress(ZeroDivisionError), transaction.atomic():
            put_later(1)  # would fail
            raise ZeroDivisionError
        with suppress(DataError), transaction.atomic(), connection.chunked_cursor() as cursor:
            cursor.execute("SELECT 1 / (2 - n) FROM generate_series(1, 2) AS s(n)")
            cursor.fetchmany(1)
            put_later(3)
            cursor.fetchmany(1)
        put_later(4)
    assert stored() == [1, 2, 4]


def test_a_failure_that_was_taken_for_another_ones_is_told_at_the_end(numbers: None) -> None:
    ask("INSERT INTO numbers VALUES (1)")
    with pytest.raises(InternalError, match="nothing is kept"), transaction.atomic():  # noqa: PT012
        put_later(1)
        with suppress(IntegrityError), transaction.atomic():
            ask("INSERT INTO numbers VALUES (2)")
    assert stored() == [1]


def test_a_comment_at_the_end_of_what_is_sent_later(numbers: None) -> None:
    with transaction.atomic():
        ask_later("INSERT INTO numbers VALUES (1) -- a number")
        ask_later("INSERT INTO numbers VALUES (2);")
        assert stored() == [1, 2]


def test_a_failure_outside_of_a_transaction_is_one_of_djangos(numbers: None) -> None:
    ask("INSERT INTO numbers VALUES (1)")
    with pytest.raises(IntegrityError):
        put_later(1)


def test_what_may_wait_is_refused_where_any_statement_is(numbers: None) -> None:
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            put_later(1)

    def forbid(*_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), transaction.atomic(), connection.execute_wrapper(forbid):
        put_later(1)


def test_a_statement_that_could_not_be_sent_loses_nothing(numbers: None) -> None:
    closed = connection.cursor()
    closed.close()
    with transaction.atomic():
        put_later(1)
        with suppress(InterfaceError):
            closed.execute("SELECT 1")
        stored()
        put_later(2)
        with suppress(InterfaceError):
            closed.execute("SELECT 1")
    assert stored() == [1, 2]


def test_a_cursor_of_an_earlier_connection_ends_no_transaction(numbers: None) -> None:
    earlier = connection.cursor()
    connection.close()
    with suppress(ZeroDivisionError), transaction.atomic():
        with suppress(OperationalError):
            earlier.execute("SELECT 1")
        ask("INSERT INTO numbers VALUES (1)")
        raise ZeroDivisionError
    assert stored() == []


def test_psycopgs_own_ways_are_in_the_transaction_too(numbers: None) -> None:
    with suppress(ZeroDivisionError), transaction.atomic():
        connection.connection.execute("INSERT INTO numbers VALUES (1)")
        put_later(2)
        with connection.cursor() as cursor:
            assert list(cursor.stream("SELECT n FROM numbers ORDER BY n")) == [(1,), (2,)]
        raise ZeroDivisionError
    assert stored() == []


def test_a_commit_that_fails_leaves_nothing_to_the_next_transaction(numbers: None) -> None:
    ask("ALTER TABLE numbers ADD EXCLUDE USING btree (n WITH =) DEFERRABLE INITIALLY DEFERRED")
    ask("ALTER TABLE numbers DROP CONSTRAINT numbers_n_key")
    ask("INSERT INTO numbers VALUES (1)")
    connection.set_autocommit(False)
    try:
        ask("INSERT INTO numbers VALUES (2)")
        put_later(1)
        with pytest.raises(IntegrityError):
            connection.commit()
        ask("INSERT INTO numbers VALUES (3)")
        connection.commit()
    finally:
        connection.rollback()
        connection.set_autocommit(True)
    assert stored() == [1, 3]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_commit_that_is_broken_off_leaves_a_connection_of_use(numbers: None, kind: type[BaseException]) -> None:
    """As by the signal that tells a worker to hand its job back, which it then does."""

    def break_off(*_: object) -> None:
        raise kind

    before = signal.signal(signal.SIGALRM, break_off)
    try:
        with pytest.raises(kind), transaction.atomic():  # noqa: PT012
            put_later(1)
            ask_later("SELECT pg_sleep(1)")
            signal.setitimer(signal.ITIMER_REAL, 0.2)
    finally:
        signal.signal(signal.SIGALRM, before)
    put_later(2)
    with transaction.atomic():
        put_later(3)
    assert 2 in stored()
    connection.close()
    assert stored()[-2:] == [2, 3]


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
    put, read = "INSERT INTO numbers VALUES (1)", "SELECT n FROM numbers WHERE n = 1"
    assert [query["sql"] for query in queries] == ["BEGIN", put, read, "COMMIT"]


def test_the_level_of_isolation_is_kept(numbers: None) -> None:
    other = ConnectionHandler({"default": connection.settings_dict | {"OPTIONS": {"isolation_level": 4}}})["default"]
    other.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)  # as `atomic` does
    with other.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("serializable",)
    other.rollback()
    other.close()
