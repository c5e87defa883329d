"""How often PostgreSQL is waited for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import (
    connection,
    transaction,
)
from django.db.utils import ConnectionHandler

from tests.site.numbers import ask, put_later, stored

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own"),
    pytest.mark.django_db(transaction=True),
]
Trips = Callable[[], int]


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


def test_outside_of_a_transaction_reading_in_pieces_is_one_trip(trips: Trips) -> None:
    """The server's cursor would be four, and a pool may ask another connection for the second."""
    with connection.chunked_cursor() as cursor:
        cursor.execute("SELECT generate_series(1, 5)")
        assert (cursor.fetchmany(3), cursor.fetchmany(3)) == ([(1,), (2,), (3,)], [(4,), (5,)])
    assert trips() == 1


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
