"""Senders that stop or drip hold no thread of the web server for long: a real gunicorn, real sockets."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests

from fingerprint_site.running.supervisor import commands
from tests.site.running import await_true, free_port
from tests.site.test_repository import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.no_database]
THREADS = 2
LIMITS = {"REQUEST_HEAD_SECONDS": "1", "REQUEST_BODY_SECONDS": "1", "REQUEST_SLOWEST_KB_PER_SECOND": "1"}
WORKER = "fingerprint_site.running.web_worker.GuardedWorker"
WITHIN_S = 30.0


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A gunicorn of one process and two threads, with short limits."""
    number = free_port()
    command = [sys.executable, "-m", "gunicorn", "tests.site.slow_app", "--bind", f"127.0.0.1:{number}"]
    command += ["--worker-class", WORKER, "--workers", "1", "--threads", str(THREADS)]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | LIMITS, stderr=subprocess.DEVNULL) as process:
        await_true(lambda: _answers(number), within_s=60)
        yield number
        process.terminate()


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/", timeout=2).ok
    except requests.RequestException:
        return False


@pytest.mark.parametrize(
    "beginning",
    [
        b"G",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 5000,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nab",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
def test_senders_that_stop_half_way(port: int, beginning: bytes) -> None:
    """Three for each thread stop; somebody else is answered all the same."""
    with ExitStack() as stack:
        for _ in range(3 * THREADS):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S))
            sock.sendall(beginning)
        time.sleep(0.2)
        answer = requests.get(f"http://127.0.0.1:{port}/", timeout=WITHIN_S)
        assert answer.status_code == 200


def test_clients_that_stay_after_their_answer_stop_no_other(port: int) -> None:
    """The server has said that it closes the connection; thirty that do not go along would take a minute."""
    with ExitStack() as stack:
        for _ in range(30):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S))
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        time.sleep(0.2)
        began_s = time.monotonic()
        assert requests.get(f"http://127.0.0.1:{port}/", timeout=WITHIN_S).status_code == 200
        assert time.monotonic() - began_s < 10
        assert sock.makefile("rb").read().endswith(b"0\r\n\r\n")


def test_a_sender_that_drips_is_cut_off(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S) as sock:
        started_s = time.monotonic()
        while _takes(sock) and time.monotonic() - started_s < WITHIN_S:
            time.sleep(0.1)
        assert time.monotonic() - started_s < WITHIN_S


def _takes(sock: socket.socket) -> bool:
    try:
        sock.sendall(b"x")
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("length", "piece", "end"),
    [
        (b"Content-Length: 3000", b"x" * 300, b""),
        (b"Transfer-Encoding: chunked", b"12c\r\n" + b"x" * 300 + b"\r\n", b"0\r\n\r\n"),
    ],
)
def test_a_long_body_that_flows_arrives(port: int, length: bytes, piece: bytes, end: bytes) -> None:
    """3 kB at the slowest rate have four seconds; they take two."""
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + length + b"\r\n\r\n")
        for _ in range(10):
            sock.sendall(piece)
            time.sleep(0.2)
        sock.sendall(end)
        assert sock.recv(1000).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("length", [b"Content-Length: 1000000000", b"Transfer-Encoding: chunked"])
def test_a_body_that_drips_is_cut_off_however_long_it_says_that_it_is(port: int, length: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN_S) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + length + b"\r\n\r\n1000\r\n")
        started_s = time.monotonic()
        while _takes(sock) and time.monotonic() - started_s < WITHIN_S:
            time.sleep(0.1)
        assert time.monotonic() - started_s < WITHIN_S


@pytest.mark.parametrize(
    ("path", "size", "kept"), [("", 400_000, True), ("unread", 400_000, False), ("unread", 9, True)]
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_connection_that_will_be_closed_is_not_called_kept(
    port: int, path: str, size: int, kept: bool, chunked: bool
) -> None:
    """A client asks again on the connection that it was told is kept; a body that nobody reads closes it."""
    body = b"x" * size
    with requests.Session() as session:
        for _ in range(2):
            answer = session.post(f"http://127.0.0.1:{port}/{path}", data=iter([body]) if chunked else body, timeout=30)
            assert answer.text == ("0" if path else str(size))
            if not (chunked and path):
                assert answer.headers["Connection"] == ("keep-alive" if kept else "close")


def test_the_site_runs_this_worker() -> None:
    assert WORKER in commands()["web"]
