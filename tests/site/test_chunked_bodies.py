"""Bodies without a length, as a streaming client sends them: over real sockets, to the site's own web server."""

import functools
import io
import json
import re
import socket
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from urllib3 import encode_multipart_formdata

from catalog.api.uploads import FORM_ROOM_BYTES, max_file_bytes
from fingerprint_site.chunked_bodies import ChunkedBodyMiddleware
from tests.site.running import WebServer
from tests.webhooks import signed
from tests.webhooks.conftest import CHECKED, TASK_ID

pytestmark = pytest.mark.cluster
MUSIC = (settings.BASE_DIR / "tests/audio/battle-music.ogg").read_bytes()
MEGABYTE = 1024 * 1024


class Answer(NamedTuple):
    """What came back over the socket."""

    status: int
    head: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def chunks_of(body: bytes, size: int = 5000) -> Iterator[bytes]:
    """Cut a body into chunks as HTTP/1.1 writes them, with the last one."""
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def send(web: WebServer, path: str, pieces: Iterable[bytes], headers: dict[str, str], method: str = "POST") -> Answer:
    """Send a request whose body comes in these pieces; a server that has heard enough may stop listening."""
    head = {"Host": "127.0.0.1", "Connection": "close", "Transfer-Encoding": "chunked"} | headers
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    with socket.create_connection(("127.0.0.1", web.port), timeout=60) as sock:
        try:
            sock.sendall("\r\n".join(lines).encode("latin-1"))
            for piece in pieces:
                sock.sendall(piece)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        answer = b"".join(iter(lambda: _received(sock), b""))
    head_bytes, _, body = answer.partition(b"\r\n\r\n")
    return Answer(int(head_bytes.split()[1]), head_bytes.decode("latin-1"), body)


def _received(sock: socket.socket) -> bytes:
    try:
        return sock.recv(65536)
    except ConnectionError:
        return b""


@pytest.fixture(scope="module")
def key(web: WebServer) -> dict[str, str]:
    """The header of an account's key."""
    text = web.shell(
        "from django.contrib.auth.models import User; from catalog.services.api_keys import create_key;"
        "print(create_key(owner=User.objects.create_user('streamer'), tier='custom', custom_per_minute=10000)[1])"
    )
    return {"Authorization": f"Bearer {text}"}


def form(content: bytes, name: str = "streamed.ogg") -> tuple[dict[str, str], bytes]:
    """A multipart form with one file: its header, and its body."""
    disposition = f'Content-Disposition: form-data; name="file"; filename="{name}"'
    body = b"--b\r\n%b\r\nContent-Type: audio/ogg\r\n\r\n%b\r\n--b--\r\n" % (disposition.encode(), content)
    return {"Content-Type": "multipart/form-data; boundary=b"}, body


JSON = {"Content-Type": "application/json"}


def test_an_upload(web: WebServer, key: dict[str, str]) -> None:
    header, body = form(MUSIC)
    answer = send(web, "/api/v1/music", chunks_of(body), key | header)
    assert answer.status == 200, answer
    assert answer.json["title"] == "streamed"
    size = web.shell("from catalog.models import AudioFile; print(AudioFile.objects.get().size_bytes)")
    assert int(size) == len(MUSIC)


@pytest.mark.parametrize("call", ["add", "check"])
def test_both_json_calls(web: WebServer, key: dict[str, str], call: str) -> None:
    header, body = form(MUSIC)
    music_id = send(web, "/api/v1/music", chunks_of(body, 70_000), key | header).json["musicId"]
    sent = json.dumps({"musicId": music_id}).encode()
    answer = send(web, f"/api/v1/fingerprint/{call}", chunks_of(sent, 1), key | JSON)
    assert answer.status == 200, answer
    assert answer.json["taskId"].startswith("task_")


@pytest.mark.parametrize("slash", ["/", ""])
def test_a_callback(web: WebServer, slash: str) -> None:
    slug = f"peer{len(slash)}"
    secret = web.shell(f"from webhooks.services import create_source; print(create_source(slug='{slug}')[1])")
    body = json.dumps(CHECKED).encode()
    headers = JSON | signed.mippia(secret, TASK_ID) | signed.standard(secret, body)
    answer = send(web, f"/webhooks/incoming/{slug}/", chunks_of(body, 7), headers)
    assert (answer.status, answer.json) == (200, {"detail": "Stored."})


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_a_form_of_a_page(web: WebServer, kind: str) -> None:
    page = send(web, "/admin/login/", [b"0\r\n\r\n"], {}, method="GET")
    token = re.search(r"csrftoken=(\w+)", page.head).group(1)  # type: ignore[union-attr]
    fields = {"csrfmiddlewaretoken": token, "username": "clerk", "password": "wrong"}
    header = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(fields).encode()
    if kind == "multipart":
        body, content_type = encode_multipart_formdata(fields)
        header = {"Content-Type": content_type}
    answer = send(web, "/admin/login/", chunks_of(body), header | {"Cookie": f"csrftoken={token}"})
    assert answer.status == 200, answer.head
    assert b"Please enter the correct username and password" in answer.body


def test_a_file_over_the_limit(web: WebServer, key: dict[str, str]) -> None:
    header, body = form(bytes(2 * MEGABYTE + 1))
    answer = send(web, "/api/v1/music", chunks_of(body, 100_000), key | header)
    assert answer.status == 422
    assert answer.json["errors"] == {"file": ["The file is larger than the limit of 2 MB."]}


def test_a_body_without_end(web: WebServer, key: dict[str, str]) -> None:
    """Nothing is read for ever: neither a file, nor what is around one, nor JSON, nor a callback."""
    header, body = form(b"x")
    endless = functools.partial(_endless, 40 * MEGABYTE)
    field = b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\n'
    for path, headers, start in (
        ("/api/v1/music", key | header, body[:-10]),
        ("/api/v1/music", key | header, field),
        ("/api/v1/music", key | header, b"--b--\r\n"),
        ("/api/v1/fingerprint/add", key | JSON, b'{"musicId": "'),
        ("/webhooks/incoming/nobody/", JSON, b"{"),
    ):
        answer = send(web, path, endless(start), headers)
        assert answer.status in (404, 422), (path, answer)
        assert re.search(b"larger than|too large|exceeded|no such source", answer.body), (path, answer)


def _endless(most: int, start: bytes) -> Iterator[bytes]:
    yield from (b"%x\r\n%b\r\n" % (len(start), start) if start else b"",)
    piece = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    for _ in range(most // 65536):
        yield piece


@pytest.mark.parametrize("pieces", [[b"zz\r\nabc\r\n"], [b"5\r\nab"], [b"5\r\n{}   X"], [b"-5\r\nab\r\n"]])
@pytest.mark.parametrize("path", ["/api/v1/fingerprint/add", "/api/v1/music", "/webhooks/incoming/nobody/"])
def test_chunks_that_are_none(web: WebServer, key: dict[str, str], path: str, pieces: list[bytes]) -> None:
    content_type = {"Content-Type": "multipart/form-data; boundary=b"} if path.endswith("music") else JSON
    answer = send(web, path, pieces, key | content_type)
    assert answer.status in (404, 422), answer
    assert "detail" in answer.json
    assert (answer.status == 422) == ("api" in path)


def test_an_empty_body(web: WebServer, key: dict[str, str]) -> None:
    for path in ("/api/v1/fingerprint/check", "/api/v1/music"):
        header = JSON if "check" in path else form(b"")[0]
        answer = send(web, path, [b"0\r\n\r\n"], key | header)
        assert answer.status == 422
        assert set(answer.json) == {"detail", "errors"}


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/api/v1/music", "application/json"), ("/webhooks/incoming/x/", "application/json"), ("/admin/login/", "text/")],
)
def test_a_server_that_hands_over_no_chunks(db: None, path: str, kind: str) -> None:
    """Such as Django's own: it leaves the body to the application, with the chunks' lengths in it."""
    answer = Client(headers={"Transfer-Encoding": "chunked"}).generic("POST", path, b"")
    assert answer.status_code == 411
    assert answer["Content-Type"].startswith(kind)
    assert b"Content-Length" in answer.content


class Endless(io.RawIOBase):
    """What a sender without end sends, and how much of it was taken."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        data = b"a" * (MEGABYTE if size is None or size < 0 else size)
        self.taken += len(data)
        return data

    readline = read


@pytest.mark.parametrize("read", [lambda it: it.read(65536), lambda it: it.readline(65536), lambda it: it.readline()])
def test_no_way_of_reading_goes_past_the_limit(read: Callable[[HttpRequest], bytes]) -> None:
    """A browser's form and what is around a file are read whole, by whatever way: the stream itself counts."""
    request = RequestFactory(headers={"Transfer-Encoding": "chunked"}).post("/")
    del request.META["CONTENT_LENGTH"]
    stream = Endless()
    request.META.update({"wsgi.input": stream, "wsgi.input_terminated": True})

    most = max_file_bytes() + FORM_ROOM_BYTES

    def view(request: HttpRequest) -> HttpResponse:
        while stream.taken < 2 * most:
            read(request)
        return HttpResponse()

    with pytest.raises(RequestDataTooBig):
        ChunkedBodyMiddleware(view)(request)
    assert stream.taken == most + 1


def test_any_server_that_ends_the_stream_itself() -> None:
    """What the middleware hands on is read by Django's own ways: a line, some bytes, all that is left."""
    request = RequestFactory(headers={"Transfer-Encoding": "chunked"}).post("/")
    del request.META["CONTENT_LENGTH"]
    request.META.update({"wsgi.input": io.BytesIO(b"one\ntwo"), "wsgi.input_terminated": True})
    read: list[bytes] = []

    def view(request: HttpRequest) -> HttpResponse:
        read.extend([request.readline(), request.read(2), request.read(), request.read()])
        return HttpResponse()

    ChunkedBodyMiddleware(view)(request)
    assert read == [b"one\n", b"tw", b"o", b""]
