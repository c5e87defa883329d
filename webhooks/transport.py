"""One HTTP POST to a URL that somebody else chose."""

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException

import requests
from django.conf import settings
from urllib3.exceptions import HTTPError

from webhooks.deadline import Deadline
from webhooks.storable import storable
from webhooks.url_guard import UrlRefusedError, guarded_session

USER_AGENT = "music-fingerprint-service"
KEPT_BODY_BYTES = 1024
READ_BODY_BYTES = 4096
KEPT_HEADERS = 50
KEPT_HEADER_CHARACTERS = 500


@dataclass(frozen=True)
class Answer:
    """What came back, or the error that came instead: `status` is None where there was no answer."""

    duration_ms: int
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the receiver took it: 2xx and nothing else; a redirect is a failure."""
        return self.status is not None and 200 <= self.status < 300


def request_headers(signed: Mapping[str, str]) -> dict[str, str]:
    """Return the whole request head that `post` sends, `Host` and `Content-Length` aside."""
    return {"Content-Type": "application/json", "User-Agent": USER_AGENT, "Accept": "*/*", **signed}


def post(*, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """POST `body` once: no redirect is followed, no cookie kept, at most 4 kB are read, and all of it ends in time.

    Never raises for what the other side does; the error is in the answer.
    """
    deadline = Deadline(seconds=settings.WEBHOOK_TIMEOUT_SECONDS)
    started = time.monotonic()
    try:
        with deadline.running():
            status, answer_headers, answer_body = _exchange(url, headers, body, deadline)
    except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError, UrlRefusedError) as error:
        return Answer(duration_ms=_since_ms(started), error=_in_words(error, deadline))
    return Answer(duration_ms=_since_ms(started), status=status, headers=answer_headers, body=answer_body)


def _exchange(
    url: str, headers: Mapping[str, str], body: bytes, deadline: Deadline
) -> tuple[int, dict[str, str], bytes]:
    with guarded_session(url) as session:
        for adapter in session.adapters.values():
            deadline.put_on(adapter)  # type: ignore[arg-type]
        session.headers.clear()
        with session.post(
            url,
            data=body,
            headers=dict(headers),
            timeout=settings.WEBHOOK_TIMEOUT_SECONDS,
            allow_redirects=False,
            stream=True,
        ) as response:
            # Undecoded: a small answer that unpacks to gigabytes stays small.
            read = response.raw.read(READ_BODY_BYTES, decode_content=False) or b""
            if deadline.passed:
                raise TimeoutError
            return response.status_code, _kept_headers(response), read


def _kept_headers(response: requests.Response) -> dict[str, str]:
    head = list(response.headers.items())[:KEPT_HEADERS]
    return {storable(name)[:KEPT_HEADER_CHARACTERS]: storable(value)[:KEPT_HEADER_CHARACTERS] for name, value in head}


def _in_words(error: Exception, deadline: Deadline) -> str:
    if deadline.passed or isinstance(error, requests.Timeout | TimeoutError):
        return f"No complete answer within {settings.WEBHOOK_TIMEOUT_SECONDS:g} s."
    if isinstance(error, UrlRefusedError):
        return str(error)
    if isinstance(error, requests.exceptions.SSLError):
        return f"TLS failed: {_short(error)}"
    if isinstance(error, socket.gaierror):
        return "The host name is unknown."
    return f"No answer: {_short(error)}"


def _short(error: Exception) -> str:
    return storable(str(error)[:300]) or type(error).__name__


def _since_ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
