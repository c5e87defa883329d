"""Connections that are closed after an answer, without waiting for their clients.

A closed socket that has unread bytes sends a reset, which can take the end of the answer with it. So a server closes
its own direction first, and waits a little for the client's. gunicorn's threaded worker waits so in its main thread:
each client that stays connected would stop all others for two seconds.
"""

import contextlib
import socket
import time
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

LINGER_S = 2.0  # for a client to close its direction too
READ_BYTES = 65_536
MOST_READS = 16  # of what a client still sends; then it is cut off


class LingeringWorker(ThreadWorker):
    """gthread, whose main loop waits for closed connections along with everything else. All runs in its thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lingering: dict[TConn, tuple[float, int]] = {}  # until when, and how often it may be read

    def finish_request(self, conn: TConn, fs: "Future[Any]") -> None:
        """Keep a connection, or begin to close it."""
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
        else:
            self.linger(conn)

    def linger(self, conn: TConn) -> None:
        """Close this side; the other is read until it ends. The connection still counts as one."""
        self._lingering[conn] = (time.monotonic() + LINGER_S, MOST_READS)
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.settimeout(0)
            self.poller.register(conn.sock, EVENT_READ, partial(self._read_rest, conn))
        except (OSError, ValueError):
            self._let_go(conn)

    def murder_pending(self) -> None:
        """Also let those go that took too long: gunicorn's own loop calls this once a second or more often."""
        super().murder_pending()
        now_s = time.monotonic()
        for conn in [conn for conn, (until_s, _) in self._lingering.items() if until_s < now_s]:
            self._let_go(conn)

    def _read_rest(self, conn: TConn, sock: Any) -> None:
        until_s, reads = self._lingering[conn]
        self._lingering[conn] = (until_s, reads - 1)
        try:
            is_over = not sock.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            is_over = True
        if is_over or reads <= 1:
            self._let_go(conn)

    def _let_go(self, conn: TConn) -> None:
        del self._lingering[conn]
        with contextlib.suppress(OSError, KeyError, ValueError):  # it never was
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()
