"""An end to the whole of an HTTP exchange: a receiver that drips one byte a second keeps no worker."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from webhooks.interim import FinalResponse


class Deadline:
    """Shuts the sockets of an exchange down when its time is over, those opened later too.

    `requests` limits each single wait only, so a slow head or body may go on for ever.
    """

    again_s = 0.2

    def __init__(self, *, seconds: float) -> None:
        """Prepare for `seconds` from the moment it is entered."""
        self.passed = False
        self._connections: list[HTTPConnection] = []
        self._sockets: list[Any] = []
        self._lock = threading.Lock()
        self._seconds = seconds
        self._over = threading.Event()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Let the time run for the body of a `with`."""
        threading.Thread(target=self._wait, name="deadline", daemon=True).start()
        try:
            yield
        finally:
            self._over.set()

    def watch(self, connection: HTTPConnection) -> None:
        """Count `connection` among those to shut down, from before it has a socket."""
        with self._lock:
            self._connections.append(connection)

    def keep(self, sock: Any) -> None:
        """Count a connected socket too: a connection forgets its own when only an end will end the body."""
        with self._lock:
            self._sockets.append(sock)

    def put_on(self, adapter: HTTPAdapter) -> None:
        """Have every connection of `adapter` watched; what it reads is the answer, not an interim one."""
        deadline = self

        class WatchedHTTP(HTTPConnection):
            response_class = FinalResponse

            def connect(self) -> None:
                deadline.watch(self)
                super().connect()
                deadline.keep(self.sock)

        class WatchedHTTPS(HTTPSConnection):
            response_class = FinalResponse

            def connect(self) -> None:
                deadline.watch(self)
                super().connect()
                deadline.keep(self.sock)

        class HTTPPool(HTTPConnectionPool):
            ConnectionCls = WatchedHTTP

        class HTTPSPool(HTTPSConnectionPool):
            ConnectionCls = WatchedHTTPS

        adapter.poolmanager.pool_classes_by_scheme = {"http": HTTPPool, "https": HTTPSPool}

    def _wait(self) -> None:
        if self._over.wait(self._seconds):
            return
        self.passed = True
        self._shut()
        while not self._over.wait(self.again_s):  # a connection that was being made had no socket to shut yet
            self._shut()

    def _shut(self) -> None:
        with self._lock:
            sockets = [*self._sockets, *(connection.sock for connection in self._connections)]
        for sock in sockets:
            if sock is not None:
                with contextlib.suppress(OSError):
                    # The plain socket's method: SSLSocket's would pull the TLS state from under the reader.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
