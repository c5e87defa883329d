"""Answers at the edge of HTTP: interim heads before the answer, bodies that do not end, redirects with a body."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.webhooks.receiver import Behaviour, Receiver, Request, drip
from webhooks.interim import MOST_INTERIM
from webhooks.models import Attempt, Endpoint, Message
from webhooks.services import VerificationFailedError, register_endpoint
from webhooks.tasks import deliver_message
from webhooks.transport import READ_BODY_BYTES

pytestmark = pytest.mark.slow
Send = Callable[..., Message]
INTERIM = {
    100: b"HTTP/1.1 100 Continue\r\n\r\n",
    102: b"HTTP/1.1 102 Processing\r\n\r\n",
    103: b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n",
}
NEVER_ENDS = {
    "no length": b"HTTP/1.1 %d Said\r\n\r\n",
    "a length": b"HTTP/1.1 %d Said\r\nContent-Length: 999\r\n\r\n",
    "chunks": b"HTTP/1.1 %d Said\r\nTransfer-Encoding: chunked\r\n\r\n3e7\r\n",
}


def saying(*parts: bytes) -> Behaviour:
    """Send these bytes and close."""

    def behave(request: Request, handler: Any) -> None:
        handler.close_connection = True
        for part in parts:
            handler.connection.sendall(part)
            time.sleep(0.01)

    return behave


def delivered(message: Message) -> Attempt:
    """Make an attempt and return its row."""
    deliver_message(message.pk)
    message.refresh_from_db()
    return message.attempts.get()


@pytest.mark.parametrize("codes", [[100], [102], [103], [100, 102, 102, 103, 103]])
@pytest.mark.parametrize(("final", "state"), [(b"200 OK", "delivered"), (b"500 No", "pending")])
def test_interim_is_not_the_answer(send: Send, receiver: Receiver, codes: list[int], final: bytes, state: str) -> None:
    answer = b"HTTP/1.1 " + final + b"\r\nX-Real: yes\r\nContent-Length: 4\r\n\r\nbody"
    receiver.behaviour = saying(*(INTERIM[code] for code in codes), answer)
    message = send()
    attempt = delivered(message)
    assert (attempt.status, attempt.response_body, attempt.error) == (int(final[:3]), "body", "")
    assert attempt.response_headers == {"X-Real": "yes", "Content-Length": "4"}
    assert message.state == state


def test_interim_before_the_answer_to_a_challenge(account: User, receiver: Receiver) -> None:
    def hint_first(request: Request, handler: Any) -> None:
        saying(INTERIM[103], b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + request.body)(request, handler)

    receiver.behaviour = hint_first
    assert register_endpoint(owner=account, url=receiver.url).is_deliverable


def test_interim_without_an_answer_is_no_answer(send: Send, receiver: Receiver) -> None:
    receiver.behaviour = saying(INTERIM[103])
    attempt = delivered(send())
    assert attempt.status is None
    assert attempt.error == "The receiver closed the connection before it answered."


def test_interim_without_end_is_no_answer(send: Send, receiver: Receiver) -> None:
    receiver.behaviour = saying(INTERIM[102] * (MOST_INTERIM + 1), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    attempt = delivered(send())
    assert attempt.status is None
    assert attempt.error == f"The receiver sent more than {MOST_INTERIM} interim answers."


def test_switching_protocols_that_nobody_asked_for_is_a_failure(send: Send, receiver: Receiver) -> None:
    receiver.behaviour = saying(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: odd\r\n\r\n")
    message = send()
    assert delivered(message).status == 101
    assert message.state == Message.State.PENDING


@pytest.mark.parametrize("head", NEVER_ENDS.values(), ids=NEVER_ENDS)
@pytest.mark.parametrize(("status", "state"), [(200, "delivered"), (503, "pending"), (410, "failed")])
def test_status_counts_though_the_body_never_ends(
    send: Send, endpoint: Endpoint, receiver: Receiver, settings: Any, head: bytes, status: int, state: str
) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.6
    receiver.behaviour = drip(head % status, every_s=0.1)
    message = send()
    started = time.monotonic()
    attempt = delivered(message)
    assert time.monotonic() - started < 2
    assert (attempt.status, attempt.error) == (status, "No complete answer within 0.6 s.")
    assert attempt.response_body.startswith("xx"), "what came of it is kept"
    assert message.state == state
    endpoint.refresh_from_db()
    assert (endpoint.disabled_at is not None) == (status == 410)


def test_retry_after_counts_though_the_body_never_ends(send: Send, receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.5
    receiver.behaviour = drip(b"HTTP/1.1 429 Slow\r\nRetry-After: 3600\r\n\r\n", every_s=0.1)
    message = send()
    delivered(message)
    assert (message.next_attempt_at - message.schedule_start).total_seconds() > 3500


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\ntoo short",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ntoo short\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ntoo short\r\nzz\r\n",
    ],
)
def test_status_counts_though_the_body_breaks_off(send: Send, receiver: Receiver, answer: bytes) -> None:
    receiver.behaviour = saying(answer)
    message = send()
    attempt = delivered(message)
    assert attempt.status == 200
    assert attempt.error == "The connection closed before the whole answer arrived."
    assert attempt.response_body == "too short"
    assert message.state == Message.State.DELIVERED


def test_challenge_is_not_answered_by_a_body_that_never_ends(account: User, receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.5
    receiver.behaviour = drip(b"HTTP/1.1 200 OK\r\n\r\n", every_s=0.1)
    with pytest.raises(VerificationFailedError, match="No complete answer"):
        register_endpoint(owner=account, url=receiver.url)
    receiver.behaviour = drip(b"HTTP/1.1 500 No\r\n\r\n", every_s=0.1)
    with pytest.raises(VerificationFailedError, match="status 500"):
        register_endpoint(owner=account, url=receiver.url)


@pytest.mark.parametrize("location", [b"/elsewhere", b"http://[", b"\xff\xfe"])
def test_redirects_are_not_read_to_their_end(send: Send, receiver: Receiver, location: bytes) -> None:
    sent = 0

    def endless(request: Request, handler: Any) -> None:
        nonlocal sent
        handler.close_connection = True
        handler.connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\n\r\n")
        try:
            while sent < 500 * READ_BODY_BYTES * 16:
                handler.connection.sendall(b"x" * READ_BODY_BYTES * 16)
                sent += READ_BODY_BYTES * 16
        except OSError:
            return

    message = send()
    receiver.behaviour = endless
    attempt = delivered(message)
    assert (attempt.status, attempt.error) == (302, "")
    assert message.state == Message.State.PENDING
    assert sent < 400 * READ_BODY_BYTES * 16
