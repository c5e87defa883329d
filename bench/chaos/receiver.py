"""A receiver that misbehaves in every way that the sender has to live with, and keeps what it took."""

import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook

SLOW_S = 1.0
STALL_S = 6.0  # longer than the sender waits
FAILS_SHARE = 0.5
GONE_AFTER = 8


@dataclass
class Store:
    """What was taken, once an id; and what was answered, by kind."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    arrivals: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, message_id: str, body: bytes) -> None:
        """Store a callback; the same id with another body is a fault of the sender."""
        with self.lock:
            if self.bodies.setdefault(message_id, body) != body:
                self.wrong.append(f"{message_id} came with another body")

    def task_ids(self) -> Counter[str]:
        """How many different callbacks were stored for each task."""
        return Counter(str(json.loads(body)["task_id"]) for body in self.bodies.values())


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, store: Store, secrets: dict[str, str], chance: random.Random) -> None:
        self.store, self.secrets, self.chance = store, secrets, chance
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    """One connection; `_Server` has what all of them share."""

    server: "_Server"
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        account = self.path.strip("/")
        if b'"challenge"' in body:
            self._answer(200, json.dumps({"challenge": json.loads(body)["challenge"]}).encode())
            return
        message_id = self.headers["webhook-id"]
        with self.server.store.lock:
            self.server.store.arrivals[message_id] += 1
        self._check_signature(account, body)
        getattr(self, f"_{account}", self._elsewhere)(message_id, body)

    def _check_signature(self, account: str, body: bytes) -> None:
        """By the attempt's own time: the sender's clock is moved under it."""
        head = self.headers
        at = datetime.fromtimestamp(int(head["webhook-timestamp"]), tz=UTC)
        expected = Webhook(self.server.secrets[account]).sign(head["webhook-id"], at, body.decode())
        if expected not in head["webhook-signature"].split(" "):
            with self.server.store.lock:
                self.server.store.wrong.append(f"{head['webhook-id']} for {account} is not signed right")

    def _good(self, message_id: str, body: bytes) -> None:
        self.server.store.take(message_id, body)
        self._answer(200)

    def _slow(self, message_id: str, body: bytes) -> None:
        time.sleep(SLOW_S)
        self._good(message_id, body)

    def _refusing(self, message_id: str, body: bytes) -> None:  # noqa: ARG002
        self._answer(500)

    def _gone(self, message_id: str, body: bytes) -> None:
        self.server.store.answers["asked the gone"] += 1
        if self.server.store.answers["asked the gone"] > GONE_AFTER:
            self._answer(410)
        else:
            self._good(message_id, body)

    def _flaky(self, message_id: str, body: bytes) -> None:
        if self.server.chance.random() > FAILS_SHARE:
            self._good(message_id, body)
            return
        self.server.chance.choice(
            [self._error, self._busy, self._redirect, self._stall, self._reset, self._take_and_reset]
        )(message_id, body)

    def _error(self, message_id: str, body: bytes) -> None:  # noqa: ARG002
        self._answer(500)

    def _busy(self, message_id: str, body: bytes) -> None:  # noqa: ARG002
        self._answer(429, retry_after="2")

    def _redirect(self, message_id: str, body: bytes) -> None:  # noqa: ARG002
        self._answer(302, location="/elsewhere")

    def _stall(self, message_id: str, body: bytes) -> None:  # noqa: ARG002
        self.server.store.answers["stall"] += 1
        time.sleep(STALL_S)
        self.close_connection = True

    def _reset(self, message_id: str, body: bytes) -> None:  # noqa: ARG002
        self.server.store.answers["reset"] += 1
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _take_and_reset(self, message_id: str, body: bytes) -> None:
        self.server.store.take(message_id, body)
        self._reset(message_id, body)

    def _elsewhere(self, message_id: str, body: bytes) -> None:  # noqa: ARG002
        self.server.store.wrong.append(f"{message_id} came to {self.path}: a redirect was followed")
        self._answer(200)

    def _answer(self, status: int, body: bytes = b"", *, retry_after: str = "", location: str = "") -> None:
        self.server.store.answers[str(status)] += 1
        self.send_response(status)
        for name, value in (("Retry-After", retry_after), ("Location", location)):
            if value:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # the sender went away, or was killed
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            return

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class Receiver:
    """`url(account)` behaves as the account's name says: good, slow, flaky, refusing, gone."""

    def __init__(self, *, seed: int) -> None:
        self.store = Store()
        self.secrets: dict[str, str] = {}
        self._server = _Server(self.store, self.secrets, random.Random(seed))
        self.host = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, account: str) -> str:
        """The callback URL of an account."""
        return f"http://{self.host}/{account}"

    def stop(self) -> None:
        """Close it."""
        self._server.shutdown()
        self._server.server_close()
