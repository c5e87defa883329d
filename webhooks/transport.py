"""One HTTP POST to a URL that an account chose."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.client import HTTPException

import requests
import structlog
from django.conf import settings
from urllib3.exceptions import HTTPError, ReadTimeoutError

from webhooks.causes import Cause, of_status
from webhooks.deadline import Deadline
from webhooks.failures import explained, kinds_of
from webhooks.kept_headers import kept_headers
from webhooks.url_guard import UrlRefusedError, guarded_session

logger = structlog.get_logger(__name__)

USER_AGENT = "music-fingerprint-service"
KEPT_BODY_BYTES = 1024
READ_BODY_BYTES = 4096
BROKE_OFF = "The connection closed before the whole answer arrived."
_FAILURES = (requests.RequestException, HTTPError, HTTPException, OSError, ValueError, UrlRefusedError)


@dataclass(frozen=True)
class Answer:
    """What came back. `status` is None if no head of an answer came, and `error` says why.

    With a status, `error` says why the body is incomplete; the status counts all the same. Without a status,
    `failure` is the cause.
    """

    duration_ms: int = 0
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""
    failure: Cause = Cause.OTHER

    @property
    def cause(self) -> str:
        """The cause of the failure; empty for a success."""
        if self.succeeded:
            return ""
        return str(self.failure.value if self.status is None else of_status(self.status).value)

    @property
    def succeeded(self) -> bool:
        """Whether the receiver accepted it: 2xx and nothing else; a redirect is a failure."""
        return self.status is not None and 200 <= self.status < 300


def request_headers(signed: Mapping[str, str]) -> dict[str, str]:
    """Return the whole request head that `post` sends, except `Host` and `Content-Length`."""
    return {"Content-Type": "application/json", "User-Agent": USER_AGENT, "Accept": "*/*", **signed}


def post(*, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """POST `body` once. Follows no redirect, keeps no cookie, reads at most 4 kB, and ends in time.

    Never raises an error for what the receiver does; the answer has the error.
    """
    deadline = Deadline(seconds=settings.WEBHOOK_TIMEOUT_SECONDS)
    started = time.monotonic()
    try:
        with deadline.running():
            answer = _exchange(url, headers, body, deadline)
    except _FAILURES as error:
        logger.info("callback_not_answered", kinds=kinds_of(error))
        failure, words = _explained(error, deadline)
        answer = Answer(error=words, failure=failure)
    return replace(answer, duration_ms=_since_ms(started))


def _exchange(url: str, headers: Mapping[str, str], body: bytes, deadline: Deadline) -> Answer:
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
            read, error = _read_body(response, deadline)
            return Answer(
                status=response.status_code, headers=kept_headers(response.headers.items()), body=read, error=error
            )


def _read_body(response: requests.Response, deadline: Deadline) -> tuple[bytes, str]:
    """Return the first 4 kB of the body, and what is wrong where it broke off before that."""
    read = b""
    try:
        while len(read) < READ_BODY_BYTES:
            # Undecoded: a small answer that unpacks to gigabytes stays small.
            piece = response.raw.read1(READ_BODY_BYTES - len(read), decode_content=False)
            if not piece:
                break
            read += piece
    except _FAILURES as error:
        logger.info("callback_answer_interrupted", kinds=kinds_of(error))
        return read, _timed_out(error, deadline) or BROKE_OFF
    return read, _timed_out(None, deadline)


def _explained(error: Exception, deadline: Deadline) -> tuple[Cause, str]:
    if words := _timed_out(error, deadline):
        return Cause.TIMEOUT, words
    if isinstance(error, UrlRefusedError):
        return Cause.ADDRESS, str(error)
    return explained(error)


def _timed_out(error: Exception | None, deadline: Deadline) -> str:
    if deadline.passed or isinstance(error, requests.Timeout | TimeoutError | ReadTimeoutError):
        return f"No complete answer within {settings.WEBHOOK_TIMEOUT_SECONDS:g} s."
    return ""


def _since_ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
