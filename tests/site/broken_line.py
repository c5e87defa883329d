"""A line to a web server that breaks: it carries so many bytes to the server, and then there is none any more."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

PIECE = 65_536  # bytes


class BreakingLine:
    """Listens on a port of its own and hands on to another; after `most_bytes` from the clients it is cut for good."""

    def __init__(self, to_port: int, most_bytes: int) -> None:
        self._to_port = to_port
        self._left = most_bytes
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = [self._listening]
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, of: TracebackType | None) -> None:
        self.cut()

    def cut(self) -> None:
        """Close every connection, and take no more."""
        for end in self._ends:
            with contextlib.suppress(OSError):  # it is closed already
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._to_port))
                self._ends += [client, server]
                threading.Thread(target=self._to_server, args=(client, server), daemon=True).start()
                threading.Thread(target=_copy, args=(server, client), daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            for piece in _pieces(client):
                with self._lock:
                    carried = piece[: self._left]
                    self._left -= len(carried)
                server.sendall(carried)
                if not self._left:
                    self.cut()
                    return
            server.shutdown(socket.SHUT_WR)


def _copy(source: socket.socket, to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        for piece in _pieces(source):
            to.sendall(piece)
        to.shutdown(socket.SHUT_WR)


def _pieces(source: socket.socket) -> Iterator[bytes]:
    while piece := source.recv(PIECE):
        yield piece
