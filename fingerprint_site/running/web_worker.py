"""The web server's worker, with an end to how long a sender may take.

gunicorn's threaded worker reads a request by a blocking thread: eight senders that stop after the first byte would hold
all of its threads for ever. A proxy that reads whole requests first does this better, and is still wanted on an open
network: what it costs a sender to hold a thread is limited here, not made impossible.
"""

import contextlib
import gc
import socket
import sys
import time
from typing import Any

from django.conf import settings
from django.db import connection
from gunicorn.workers.gthread import TConn

from fingerprint_site.running.parking import ParkingWorker

# How long a thread may run Python while another wants to; Python's own is ten times as long. On PostgreSQL a request
# waits for the server some ten times, and each time it comes back it waits so long for its turn. On SQLite it would be
# interrupted while it holds the write lock, for which all processes wait.
TURN_S = {"postgresql": 0.0005}
THROWN_AWAY_BYTES = 64 * 1024  # of a body that nobody read: gunicorn reads so many to keep a connection, or closes it


class GuardedWorker(ParkingWorker):
    """gthread, whose connections are shut when head or body of a request do not arrive in time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadlines: dict[TConn, float] = {}

    def load_wsgi(self) -> None:
        """Load the site, let its threads take short turns, and leave what was loaded to no later garbage collection.

        A full collection looks at 160,000 objects that never go: 0.15 s in which no thread answers.
        """
        super().load_wsgi()
        sys.setswitchinterval(TURN_S.get(connection.vendor, sys.getswitchinterval()))
        gc.collect()
        gc.freeze()

    def handle(self, conn: TConn) -> Any:
        """Read a request's head within its time, and answer it."""
        self._deadlines[conn] = time.monotonic() + settings.REQUEST_HEAD_SECONDS
        try:
            return super().handle(conn)
        finally:
            self._deadlines.pop(conn, None)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Answer a request whose head is there; one without a body may take as long as it likes to be answered."""
        if req.method in ("GET", "HEAD"):
            self._deadlines.pop(conn, None)
        else:
            self._deadlines[conn] = time.monotonic() + settings.REQUEST_BODY_SECONDS
            self._allow_for_what_arrives(conn)
        req.should_close = lambda: type(req).should_close(req) or _is_left_unread(req)
        return super().handle_request(req, conn)

    def _allow_for_what_arrives(self, conn: TConn) -> None:
        """Put a connection's end off with every piece that it brings: a chunked body does not say how long it is."""
        unreader = conn.parser.unreader
        receive = type(unreader).chunk
        slowest_bytes_per_s = settings.REQUEST_SLOWEST_KB_PER_SECOND * 1024

        def receive_and_allow(size_hint: int | None = None) -> bytes:
            data: bytes = receive(unreader, size_hint)
            if conn in self._deadlines:
                self._deadlines[conn] += len(data) / slowest_bytes_per_s
            return data

        unreader.chunk = receive_and_allow

    def murder_pending(self) -> None:
        """Also shut what took too long: called by gunicorn's own loop once a second. The reading thread sees an end."""
        super().murder_pending()
        now = time.monotonic()
        for conn, deadline in list(self._deadlines.items()):
            if deadline < now:
                with contextlib.suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RDWR)


def _is_left_unread(request: Any) -> bool:
    """Tell whether more of the body is left than gunicorn reads: then the answer has to say that it closes.

    gunicorn says that the connection is kept, and closes it. The client's next request would break.
    """
    reader = getattr(request.body, "reader", None)
    left = getattr(reader, "length", 0)
    return left > THROWN_AWAY_BYTES or getattr(reader, "parser", None) is not None
