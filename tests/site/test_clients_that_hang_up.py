"""A client that hangs up while it waits frees its place at once: a real gunicorn, real sockets."""

import socket
import struct
from collections.abc import Callable

import pytest
import requests

from tests.site.running import await_true
from tests.site.test_slow_senders import WITHIN_S, port

__all__ = ["port"]
pytestmark = [pytest.mark.slow, pytest.mark.no_database]
WAIT = b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"  # a minute: no place is freed by itself while a test runs


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def _send_more_and_close(client: socket.socket) -> None:
    client.sendall(b"GET /held HTTP/1.1\r\n")
    client.close()


def waiting(port: int, count: int) -> list[socket.socket]:
    """Return clients that the server holds, and nobody else's."""
    clients = [socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S) for _ in range(count)]
    for client in clients:
        client.sendall(WAIT)
    await_true(lambda: held(port) == count, within_s=WITHIN_S)
    return clients


def held(port: int) -> int:
    """Ask how many the server holds."""
    return int(requests.get(f"http://127.0.0.1:{port}/held", timeout=WITHIN_S).text)


@pytest.mark.parametrize(
    "hang_up",
    [
        pytest.param(socket.socket.close, id="closed"),
        pytest.param(_reset, id="reset"),
        pytest.param(lambda client: client.shutdown(socket.SHUT_WR), id="half closed"),
        pytest.param(_send_more_and_close, id="closed after more was sent"),
    ],
)
def test_its_place_is_free(port: int, hang_up: Callable[[socket.socket], None]) -> None:
    clients = waiting(port, 20)
    for client in clients:
        hang_up(client)
    await_true(lambda: held(port) == 0, within_s=WITHIN_S)
    for client in clients:
        client.close()


def test_the_others_go_on_waiting(port: int) -> None:
    stays, goes = waiting(port, 2)
    goes.close()
    await_true(lambda: held(port) == 1, within_s=WITHIN_S)
    stays.sendall(b"x")  # nothing that the server reads before its answer
    assert held(port) == 1
    stays.close()
    await_true(lambda: held(port) == 0, within_s=WITHIN_S)
