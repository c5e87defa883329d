"""Requests that wait for something to happen, without a thread (`catalog.api.holding` has the rules).

gunicorn's threaded worker gives each request a thread until it is answered: two hundred clients that wait for an event
would take every thread there is. Here such a request is taken out of its thread and kept beside its connection.
"""

import contextlib
import select
import threading
import time
from collections import deque
from concurrent.futures import Future
from selectors import EVENT_READ
from typing import Any

from django.db import close_old_connections
from gunicorn.workers.gthread import TConn

from catalog.api.holding import HELD, NEWS, WAITED, WAITS
from fingerprint_site.running.lingering import LingeringWorker


class Parked(BaseException):
    """A request that waits."""

    def __init__(self, wait: Any) -> None:
        self.wait = wait
        self.request: Any = None
        self.news: Any = None  # what happened, once it did


class _Again:
    """The parser of a connection, whose next request is one that was read before."""

    def __init__(self, parser: Any, parked: Parked) -> None:
        self.parser, self.parked = parser, parked

    def __next__(self) -> Any:
        return self.parked.request

    def __getattr__(self, name: str) -> Any:
        return getattr(self.parser, name)


class ParkingWorker(LingeringWorker):
    """gthread, which holds requests that wait. Only the main thread changes what is held; others copy `_parked`.

    When the wait of many is over, they are answered one by one: all at once they would take every thread, and calls
    that come just then would wait behind them. Each client asks again once it is answered, so the pace is theirs too.
    A client that closes its connection, or its half of it, frees its place.
    """

    looked_every_s = 0.5
    answered_at_once = 1
    heard_in_a_row = 3  # then one whose time is over: ends that never stop must not keep it waiting for ever
    slow_s = 1.0  # an answer that takes longer stops no other: its client may read it as slowly as it likes

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._parked: dict[TConn, Parked] = {}
        self._heard: deque[TConn] = deque()  # to be answered first: something happened
        self._over: deque[TConn] = deque()  # to be answered then: their time is over
        self._heard_now = 0  # of those answered last, one after the other
        self._answering: dict[TConn, float] = {}  # since when
        self._own = threading.local()  # of the thread that handles a request: what others wait for, and it itself
        self._is_looking = False
        self._look_due_s = 0.0
        self._hung_up: select.epoll | None = None  # tells which clients of parked requests closed their end

    def run(self) -> None:
        """Run gunicorn's own loop, which also hears of clients that hang up while they wait."""
        self._hung_up = select.epoll()
        self.poller.register(self._hung_up, EVENT_READ, self._free_places)
        super().run()

    def load_wsgi(self) -> None:
        """Put the rules around the application."""
        super().load_wsgi()
        self._application: Any = self.wsgi  # type: ignore[has-type]  # gunicorn has no types
        self.wsgi = self._call

    def _call(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ[WAITED] = getattr(self._own, "waited", None)
        environ[NEWS] = getattr(self._own, "news", None)
        environ[HELD] = getattr(self._own, "held", None)
        body = self._application(environ, start_response)
        if WAITS not in environ:
            return body
        body.close()
        raise Parked(environ[WAITS])

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Answer a request, or leave it to wait."""
        again = conn.parser if isinstance(conn.parser, _Again) else None
        if again:
            conn.parser = again.parser
        self._own.waited, self._own.news = (again.parked.wait, again.parked.news) if again else (None, None)
        may_wait = self.alive and not again
        self._own.held = [one.wait for one in self._parked.copy().values()] if may_wait else None
        try:
            return super().handle_request(req, conn)
        except Parked as parked:
            parked.request = req
            raise
        finally:
            self._own.waited = self._own.news = self._own.held = None

    def handle(self, conn: TConn) -> Any:
        """Read and answer a request; return how the connection goes on."""
        try:
            return super().handle(conn)
        except Parked as parked:
            return parked.with_traceback(None)  # or it would hold the frames of the request

    def finish_request(self, conn: TConn, fs: "Future[Any]") -> None:
        """Keep a connection whose request waits; the main thread calls this."""
        self._answering.pop(conn, None)
        result = None if fs.cancelled() or fs.exception() else fs.result()
        if isinstance(result, Parked):
            self._park(conn, result)
        else:
            super().finish_request(conn, fs)
        self._answer_next()

    def _park(self, conn: TConn, parked: Parked) -> None:
        self._parked[conn] = parked
        if self._hung_up:
            with contextlib.suppress(OSError, ValueError):  # without it the place is free when the time is over
                self._hung_up.register(conn.sock, select.EPOLLRDHUP)

    def _unpark(self, conn: TConn) -> Parked | None:
        if self._hung_up and conn in self._parked:
            with contextlib.suppress(OSError, ValueError):  # it never was
                self._hung_up.unregister(conn.sock)
        return self._parked.pop(conn, None)

    def _free_places(self, hung_up: select.epoll) -> None:
        """Close the connections whose clients hung up; what else they sent before is of no use to them."""
        gone = {fd for fd, _ in hung_up.poll(0)}
        for conn in [conn for conn in self._parked if conn.sock.fileno() in gone]:
            self._unpark(conn)
            self.nr_conns -= 1
            conn.close()

    def murder_pending(self) -> None:
        """Also look for what parked requests wait for: gunicorn's own loop calls this once a second or more often."""
        super().murder_pending()
        self._answer_next()
        # Not before all have heard of what was found last: what happens meanwhile is told together.
        if self._parked and not (self._is_looking or self._heard) and time.monotonic() >= self._look_due_s:
            self._is_looking = True
            looked = self.tpool.submit(self._ready, dict(self._parked))
            looked.add_done_callback(lambda done: self.method_queue.defer(self._answer, done))

    def _ready(self, parked: dict[TConn, Parked]) -> dict[TConn, Any]:
        """Return what happened for each connection to be answered; None: its time is over, or the worker ends."""
        try:
            close_old_connections()  # as at the beginning of a request, which this is none of
            news = next(iter(parked.values())).wait.happened([one.wait for one in parked.values()])
        except Exception:
            self.log.exception("Looking for what requests wait for failed.")
            news = {}
        now_s = time.monotonic()
        ready = {conn: news.get(one.wait) for conn, one in parked.items()}
        return {
            conn: found for conn, found in ready.items() if found or not self.alive or parked[conn].wait.ends_s <= now_s
        }

    def _answer(self, looked: "Future[dict[TConn, Any]]") -> None:
        self._is_looking = False
        self._look_due_s = time.monotonic() + self.looked_every_s
        for conn, found in looked.result().items():
            if (parked := self._unpark(conn)) is None:  # it hung up meanwhile
                continue
            parked.news = found
            conn.parser = _Again(conn.parser, parked)
            (self._heard if found else self._over).append(conn)
        self._answer_next()

    def _answer_next(self) -> None:
        """Have those whose wait is over answered, as many at once as may be."""
        quick_since_s = time.monotonic() - self.slow_s
        free = self.answered_at_once - sum(began_s > quick_since_s for began_s in self._answering.values())
        for _ in range(free):
            if self._heard or self._over:
                conn = self._next()
                self._answering[conn] = time.monotonic()
                self.enqueue_req(conn)

    def _next(self) -> TConn:
        is_turn_over = self._heard_now >= self.heard_in_a_row and self._over
        if self._heard and not is_turn_over:
            self._heard_now += 1
            return self._heard.popleft()
        self._heard_now = 0
        return self._over.popleft()
