"""Requests that were held are answered a few at a time, first those for which something happened."""

import gc
import logging
import select
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from gunicorn.config import Config

from catalog.api.waiting import Wait
from fingerprint_site.running import parking
from fingerprint_site.running.parking import Parked, ParkingWorker
from fingerprint_site.running.web_worker import GuardedWorker


class Conn:
    """A connection without a socket."""

    def __init__(self, name: str) -> None:
        self.name, self.parser = name, None

    def close(self, **_: Any) -> None:
        """Do nothing."""


class Worker(ParkingWorker):
    """A worker without sockets and threads, which notes what it would have a thread answer."""

    slow_s = 60.0

    def __init__(self) -> None:
        super().__init__(0, 0, [], None, 0, Config(), None)
        self.begun: list[Any] = []

    def enqueue_req(self, conn: Any) -> None:
        """Note it."""
        self.begun.append(conn.name)

    def linger(self, conn: Any) -> None:
        """Do nothing: there is no socket."""

    def hold(self, names: Iterable[str]) -> list[Any]:
        """Hold a request for each name; return their connections."""
        conns = [Conn(name) for name in names]
        self._parked |= {conn: Parked(SimpleNamespace(ends_s=0.0)) for conn in conns}
        return conns

    def find(self, found: dict[Any, Any]) -> None:
        """Take what a look has found."""
        looked: Future[dict[Any, Any]] = Future()
        looked.set_result(found)
        self._answer(looked)

    def finish(self, conn: Any) -> None:
        """End an answer; its client does not ask again."""
        done: Future[bool] = Future()
        done.set_result(False)
        self.finish_request(conn, done)


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A worker that holds nothing yet."""
    made = Worker()
    yield made
    made.tmp.close()


def test_they_are_answered_one_by_one(worker: Worker) -> None:
    """Two hundred at once would take every thread, and a POST that comes just then would wait for them all."""
    conns = worker.hold("abc")
    worker.find(dict.fromkeys(conns))
    assert worker.begun == ["a"]
    worker.murder_pending()
    assert worker.begun == ["a"]
    worker.finish(conns[0])
    assert worker.begun == ["a", "b"]
    for conn in conns[1:]:
        worker.finish(conn)
    assert worker.begun == ["a", "b", "c"]


def test_who_is_told_something_comes_first(worker: Worker) -> None:
    over, heard = worker.hold("abc"), worker.hold("xy")
    worker.find(dict.fromkeys(over))
    worker.find(dict.fromkeys(heard, "news"))
    for conn in [over[0], *heard, *over[1:]]:
        worker.finish(conn)
    assert worker.begun == ["a", "x", "y", "b", "c"]


def test_ends_that_never_stop_keep_nobody_waiting_whose_time_is_over(worker: Worker) -> None:
    """A hundred clients of a busy account hear of something at each look; another account's must not wait for all."""
    over, heard = worker.hold("12"), worker.hold("abcdefghij")
    worker.find(dict.fromkeys(heard, "news") | dict.fromkeys(over))
    for _ in range(8):
        worker.finish(next(iter(worker._answering)))
    assert worker.begun == [*"abc1def2g"]


def test_a_look_that_fails_ends_no_worker(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("the connection cannot be closed")

    monkeypatch.setattr(parking, "close_old_connections", fail)
    worker.log = logging.getLogger("a worker's")
    conn = Conn("a")
    assert worker._ready({conn: Parked(Wait(owner_id=1, after=0, ends_s=0.0))}) == {conn: None}


def test_a_client_that_reads_slowly_stops_no_other(worker: Worker) -> None:
    conns = worker.hold("ab")
    worker.find(dict.fromkeys(conns))
    worker.slow_s = 0.0
    worker.murder_pending()
    assert worker.begun == ["a", "b"]


def test_nobody_is_looked_for_while_some_have_not_heard_yet(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends meanwhile is told together, to all at once."""
    looks: list[Any] = []

    def submit(_look: Any, parked: Any) -> "Future[dict[Any, Any]]":
        looks.append(parked)
        return Future()

    monkeypatch.setattr(worker, "tpool", SimpleNamespace(submit=submit))
    first, second, _third = worker.hold("abc")
    worker.find(dict.fromkeys([first, second], "news"))
    worker._look_due_s = time.monotonic()
    worker.murder_pending()
    assert looks == []
    worker.finish(first)
    worker.murder_pending()
    assert len(looks) == 1


@pytest.fixture
def loaded() -> Iterator[None]:
    """The site as a web process has it."""
    turn_s = sys.getswitchinterval()
    site = SimpleNamespace(wsgi=lambda: None)
    worker = GuardedWorker(0, 0, [], site, 0, Config(), None)
    worker.load_wsgi()
    yield
    sys.setswitchinterval(turn_s)
    gc.unfreeze()
    worker.tmp.close()


def test_who_hangs_up_during_a_look_is_not_answered(worker: Worker) -> None:
    conns = worker.hold("ab")
    worker._unpark(conns[0])
    worker.find(dict.fromkeys(conns))
    assert worker.begun == ["b"]


def test_who_hangs_up_counts_as_no_connection_any_more(worker: Worker) -> None:
    ours, theirs = socket.socketpair()
    with select.epoll() as worker._hung_up, ours:
        conn: Any = Conn("a")
        conn.sock = ours
        worker._park(conn, Parked(SimpleNamespace(ends_s=0.0)))
        worker.nr_conns = 1
        worker._free_places(worker._hung_up)
        assert worker.nr_conns == 1
        theirs.close()
        worker._free_places(worker._hung_up)
        assert (worker.nr_conns, worker._parked) == (0, {})


def test_what_was_loaded_is_collected_no_more(loaded: None) -> None:
    """A full collection of it takes 0.15 s, in which no thread of the web process answers."""
    assert gc.get_freeze_count() > 10_000


def test_threads_that_come_back_from_postgresql_go_on_soon(loaded: None) -> None:
    most_s = 0.001 if connection.vendor == "postgresql" else 0.005
    assert sys.getswitchinterval() <= most_s
