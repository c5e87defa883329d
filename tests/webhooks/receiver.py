"""A real HTTP receiver in a thread: what the sender's tests send to."""

import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Request", BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Request:
    """One request as it arrived; header names in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """Answers challenges, and everything else as `answer` says; keeps what came."""

    server: ThreadingHTTPServer
    requests: list[Request] = field(default_factory=list)
    behaviour: Behaviour | None = None

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server.server_port}"

    @property
    def url(self) -> str:
        """The callback URL."""
        return f"http://{self.host}/hook"

    @property
    def callbacks(self) -> list[Request]:
        """What came, challenges aside."""
        return [request for request in self.requests if b'"challenge"' not in request.body]


def reply(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """Answer with `status`; header names with `_` for `-`."""

    def behave(request: Request, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def drip(head: bytes, *, every_s: float) -> Behaviour:
    """Send `head`, then a byte every so often for as long as anybody listens."""

    def behave(request: Request, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        try:
            handler.connection.sendall(head)
            for _ in range(200):
                time.sleep(every_s)
                handler.connection.sendall(b"x")
        except OSError:
            return

    return behave


def start(*, tls: ssl.SSLContext | None = None) -> Receiver:
    """Start a receiver on a free port, behind TLS where given; `receiver.server.shutdown()` ends it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(path=self.path, headers=headers, body=body, at=time.monotonic())
            receiver.requests.append(request)
            if receiver.behaviour is not None:
                receiver.behaviour(request, self)
            elif b'"challenge"' in body:
                reply(200, json.dumps({"challenge": request.json["challenge"]}).encode())(request, self)
            else:
                reply(200, b"thanks")(request, self)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver = Receiver(server)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.002}, daemon=True).start()
    return receiver
