"""Where callbacks must not go, judged by text and at the moment of connecting."""

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.webhooks.receiver import Receiver, Request, reply
from webhooks import look_up
from webhooks.transport import READ_BODY_BYTES, post
from webhooks.url_guard import UrlRefusedError, check_address, check_url, is_allowed_private


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org/hook",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "http://",
        "http:///hook",
        "http://user@example.org/",
        "http://user:word@example.org/",
        "http://:@example.org/",
        "http://example.org:99999/",
        "http://example.org:0/",
        "http://example.org:port/",
        "http://[::1/",
        "http://exa mple.org/",
        "http://example.org/\r\nX-Evil: 1",
        "http://example.org\\@127.0.0.1/",
        "http://example.org/" + "x" * 2000,
    ],
)
def test_urls_refused_by_their_text(url: str) -> None:
    with pytest.raises(UrlRefusedError):
        check_url(url)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "0.0.0.0",  # noqa: S104 - a host to refuse
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fd00::1]",
        "localhost",
        "LOCALHOST",
        "0",
        "00",
        "127.0.1",
        "10.1",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "017700000001",
        "192.0.0.192",
        "192.88.99.1",
        "100.100.100.200",
        "[0:0:0:0:0:0:0:1]",
        "[::127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::169.254.169.254]",
        "[64:ff9b:1::a00:1]",
        "[2001::1]",
        "[2001:db8::1]",
        "[fe80::1%25lo]",
        "[fec0::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[100::1]",
    ],
)
def test_hosts_refused_at_connecting(host: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = []
    monkeypatch.setattr(socket.socket, "connect", _must_not_connect)
    answer = post(url=f"http://{host}:8/", headers={}, body=b"{}")
    assert answer.status is None
    assert "private or reserved" in answer.error


def _must_not_connect(*args: object) -> None:
    pytest.fail("connected to a refused address")


def test_the_allow_list_is_exact_about_the_port(receiver: Receiver, settings: Any) -> None:
    assert post(url=receiver.url, headers={}, body=b"{}").status == 200
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = ["127.0.0.1:1"]
    assert "private or reserved" in post(url=receiver.url, headers={}, body=b"{}").error
    assert len(receiver.requests) == 1


def test_the_allow_list_is_exact_about_the_host(receiver: Receiver) -> None:
    url = receiver.url.replace("127.0.0.1", "127.0.0.2")
    assert "private or reserved" in post(url=url, headers={}, body=b"{}").error


def test_default_ports_stand_for_themselves(settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = ["inside:443", "[::1]:80"]
    assert is_allowed_private(check_url("https://inside/"))
    assert is_allowed_private(check_url("http://[::1]/"))
    assert not is_allowed_private(check_url("http://inside/"))


def test_one_bad_address_among_good_ones_refuses_the_name(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = []
    _names(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    monkeypatch.setattr(socket.socket, "connect", _must_not_connect)
    assert "private or reserved" in post(url="http://mixed.example/", headers={}, body=b"{}").error


def test_a_second_dns_answer_changes_nothing(
    receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name resolves once, and the connection goes to that very address, under the name's own Host."""
    port = receiver.server.server_port
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = [f"rebind.example:{port}"]
    asked = _names(monkeypatch, ["127.0.0.1"], then=["127.0.0.99"])
    assert post(url=f"http://rebind.example:{port}/", headers={}, body=b"{}").status == 200
    assert asked.count("rebind.example") == 1
    assert receiver.requests[0].headers["host"] == f"rebind.example:{port}"


@pytest.mark.parametrize("first", ["8.8.8.8", "93.184.216.34"])
@pytest.mark.parametrize("then", ["127.0.0.1", "169.254.169.254"])
def test_a_name_that_turns_inward_reaches_nothing(
    receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch, first: str, then: str
) -> None:
    """The classic rebinding: outside while it is judged, inside when it is called. Only the judged one is called."""
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = []
    _names(monkeypatch, [first], then=[then])
    called: list[Any] = []

    def refuse(self: socket.socket, address: Any) -> None:
        called.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    post(url=f"http://turn.example:{receiver.server.server_port}/", headers={}, body=b"{}")
    assert set(called) == {first}
    assert receiver.requests == []


@pytest.mark.parametrize("addresses", [["::1"], ["::ffff:10.0.0.1"], ["2002:a00:1::"], ["64:ff9b::7f00:1"]])
def test_names_with_inner_ipv6_addresses_are_refused(
    settings: Any, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = []
    _names(monkeypatch, addresses)
    monkeypatch.setattr(socket.socket, "connect", _must_not_connect)
    assert "private or reserved" in post(url="http://six.example/", headers={}, body=b"{}").error


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:1/", "http://169.254.169.254/", "file:///etc/passwd", "//[::1]/"]
)
def test_a_redirect_leads_nowhere(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, status: int, location: str
) -> None:
    receiver.behaviour = reply(status, b"", Location=location)
    answer = post(url=receiver.url, headers={}, body=b"{}")
    assert answer.status == status
    assert not answer.succeeded
    assert len(receiver.requests) == 1


def test_a_small_answer_that_unpacks_to_much_stays_small(receiver: Receiver) -> None:
    bomb = gzip.compress(bytes(50 << 20))
    receiver.behaviour = reply(200, bomb, Content_Encoding="gzip")
    answer = post(url=receiver.url, headers={}, body=b"{}")
    assert answer.succeeded
    assert len(answer.body) == READ_BODY_BYTES


def test_a_head_that_never_ends_is_an_error(receiver: Receiver) -> None:
    def flood(request: Request, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        with contextlib.suppress(OSError):
            handler.connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"X-More: more\r\n" * 100_000)

    receiver.behaviour = flood
    answer = post(url=receiver.url, headers={}, body=b"{}")
    assert answer.status is None
    assert answer.error


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}@example.org/",
        "http://example.org@127.0.0.1:{port}/",
        "http://example.org#@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}#.example.org/",
        "http://127.0.0.1:{port}?.example.org/",
        "http://127.0.0.1:{port}\\.example.org/",
        "http://localhost:{port}/",
        "http://127.1:{port}/",
    ],
)
def test_no_spelling_reaches_a_receiver_that_is_not_allowed(receiver: Receiver, settings: Any, url: str) -> None:
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = []
    settings.WEBHOOK_TIMEOUT_SECONDS = 2
    post(url=url.format(port=receiver.server.server_port), headers={}, body=b"{}")
    assert receiver.requests == []


def test_an_unknown_name_is_said_so(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert post(url="http://no.example/", headers={}, body=b"{}").error == "The host name is unknown."


def test_a_proxy_in_the_environment_is_not_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert post(url=receiver.url, headers={}, body=b"{}").status == 200


def _names(monkeypatch: pytest.MonkeyPatch, first: list[str], then: list[str] | None = None) -> list[str]:
    """Have names resolve to `first`, and to `then` from the second time on; literals resolve to themselves."""
    real = socket.getaddrinfo
    asked: list[str] = []

    def resolve(host: str, *args: Any, **kwargs: Any) -> Any:
        if not host.endswith(".example"):
            return real(host, *args, **kwargs)
        addresses = then if then and asked else first
        asked.append(host)
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                *(socket.SOCK_STREAM, 6, ""),
                (address, args[0] or 0 if args else 0, *((0, 0) if ":" in address else ())),
            )
            for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.fixture
def silent_name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Have the look-up of a name take until the test is over; the event says that one was asked for."""
    asked, over = threading.Event(), threading.Event()

    def hang(*args: Any, **kwargs: Any) -> Any:
        asked.set()
        over.wait(30)
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(look_up, "LOOKED_UP_S", 0.2)
    yield asked
    over.set()


def test_a_name_server_that_does_not_answer_keeps_nobody(silent_name_server: threading.Event) -> None:
    """Whoever saves a URL goes on without the answer: the challenge decides."""
    began_s = time.monotonic()
    check_address("https://slow.example/hook")
    assert silent_name_server.is_set()
    assert time.monotonic() - began_s < 10


def test_a_name_server_that_does_not_answer_keeps_no_worker(silent_name_server: threading.Event) -> None:
    answer = post(url="https://slow.example/hook", headers={}, body=b"{}")
    assert silent_name_server.is_set()
    assert answer.error == "The name servers did not say within 0.2 s where the host is."
    assert (answer.cause, answer.status) == ("host", None)
    assert answer.duration_ms < 10_000


def test_a_look_up_takes_no_longer_than_an_attempt_may(silent_name_server: threading.Event, settings: Any) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.1
    answer = post(url="https://slow.example/hook", headers={}, body=b"{}")
    assert silent_name_server.is_set()
    assert answer.duration_ms < 10_000
    assert not answer.succeeded


def test_a_private_address_is_refused_as_it_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    _names(monkeypatch, ["10.0.0.7"])
    with pytest.raises(UrlRefusedError, match="private"):
        check_address("https://inside.example/hook")
