"""A time limit for a whole HTTP exchange: a receiver that sends one byte a second cannot hold a worker."""

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
    """Shuts down the sockets of an exchange when its time is over, also those opened later.

    `requests` limits each single wait only, so a slow head or body could go on for ever.
    """

    again_s = 0.2

    def __init__(self, *, seconds: float) -> None:
        """Prepare a limit of `seconds` from the moment `running` is entered."""
        self.passed = False
        self._connections: list[HTTPConnection] = []
        self._sockets: list[Any] = []
        self._lock = threading.Lock()
        self._seconds = seconds
        self._over = threading.Event()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Let the time run during the `with` block."""
        threading.Thread(target=self._wait, name="deadline", daemon=True).start()
        try:
            yield
        finally:
            self._over.set()

    def watch(self, connection: HTTPConnection) -> None:
        """Shut down this connection too; call it before it has a socket."""
        with self._lock:
            self._connections.append(connection)

    def keep(self, sock: Any) -> None:
        """Shut down this connected socket too: a connection may forget it before the body has ended."""
        with self._lock:
            self._sockets.append(sock)

    def put_on(self, adapter: HTTPAdapter) -> None:
        """Watch every connection of `adapter`, and skip interim answers on it."""
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
