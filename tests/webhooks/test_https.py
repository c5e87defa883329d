"""HTTPS to a pinned address: the certificate is held against the name in the URL, and the deadline still ends it."""

import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests.adapters
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.webhooks import receiver as receivers
from webhooks.transport import post

pytestmark = pytest.mark.slow
NAME = "secure.example"


def write_certificate(folder: Path, name: str, *, days: int = 1) -> Path:
    """Write a self-signed certificate for `name` with its key, in one file; `days` from now it expires."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=2))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / f"{name}.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return pem


@pytest.fixture
def serve(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[receivers.Receiver, str]]]:
    """Start an HTTPS receiver under `secure.example` with a certificate for `name`, trusted or not."""
    started: list[receivers.Receiver] = []

    def start(*, name: str = NAME, trusted: bool = True, days: int = 1) -> tuple[receivers.Receiver, str]:
        pem = write_certificate(tmp_path, name, days=days)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        receiver = receivers.start(tls=context)
        started.append(receiver)
        port = receiver.server.server_port
        settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = [f"{NAME}:{port}"]
        _resolve(monkeypatch)
        if trusted:
            monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(pem))
        return receiver, f"https://{NAME}:{port}/hook"

    yield start
    for receiver in started:
        receiver.server.shutdown()
        receiver.server.server_close()


def _resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def resolve(host: str, *args: Any, **kwargs: Any) -> Any:
        return real("127.0.0.1" if host == NAME else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_a_good_certificate_for_the_name(serve: Any) -> None:
    receiver, url = serve()
    assert post(url=url, headers={}, body=b"{}").status == 200
    assert receiver.requests[0].headers["host"] == url.split("/")[2]


def test_a_certificate_that_nobody_vouches_for(serve: Any) -> None:
    receiver, url = serve(trusted=False)
    answer = post(url=url, headers={}, body=b"{}")
    assert answer.status is None
    assert answer.error == "The receiver's certificate is not valid: it is self-signed, so nobody vouches for it."
    assert not receiver.requests


def test_a_certificate_for_another_name(serve: Any) -> None:
    receiver, url = serve(name="other.example")
    assert post(url=url, headers={}, body=b"{}").error == (
        "The receiver's certificate is not valid: it is for other.example, not for the URL's host."
    )
    assert not receiver.requests


def test_a_certificate_that_has_expired(serve: Any) -> None:
    receiver, url = serve(days=-1)
    assert post(url=url, headers={}, body=b"{}").error == "The receiver's certificate is not valid: it has expired."
    assert not receiver.requests


def test_a_receiver_without_tls(settings: Any) -> None:
    receiver = receivers.start()
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = [receiver.host]
    error = post(url=receiver.url.replace("http:", "https:"), headers={}, body=b"{}").error
    assert error == "The receiver does not speak TLS on this port. The URL may need http://, or another port."
    receiver.server.shutdown()
    receiver.server.server_close()


def test_a_receiver_that_drips_over_tls(serve: Any, settings: Any) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.6
    receiver, url = serve()
    receiver.behaviour = receivers.drip(b"HTTP/1.1 200 OK\r\nX: ", every_s=0.1)
    started = time.monotonic()
    assert post(url=url, headers={}, body=b"{}").error == "No complete answer within 0.6 s."
    assert time.monotonic() - started < 2


def test_a_body_that_drips_over_tls_until_the_line_is_closed(serve: Any, settings: Any) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.6
    receiver, url = serve()
    receiver.behaviour = receivers.drip(b"HTTP/1.1 200 OK\r\n\r\n", every_s=0.1)
    started = time.monotonic()
    answer = post(url=url, headers={}, body=b"{}")
    assert (answer.status, answer.error) == (200, "No complete answer within 0.6 s.")
    assert time.monotonic() - started < 2


def test_a_handshake_that_drips(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes of a TLS record that never ends, one at a time: each wait is short, all of them are not."""
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.6
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = [f"127.0.0.1:{port}"]

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                connection.sendall(b"\x16\x03\x03\x40\x00")
                for _ in range(100):
                    time.sleep(0.1)
                    connection.sendall(b"\x00")
            except OSError:
                return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    started = time.monotonic()
    answer = post(url=f"https://127.0.0.1:{port}/", headers={}, body=b"{}")
    listener.close()
    thread.join(5)
    assert answer.error == "No complete answer within 0.6 s."
    assert time.monotonic() - started < 2
