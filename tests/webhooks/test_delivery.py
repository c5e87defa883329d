"""One attempt at a time: what is sent, what counts as taken, what is written down."""

import hashlib
import hmac
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ
from standardwebhooks import Webhook
from urllib3.connection import HTTPConnection

from tests.webhooks.conftest import CHECKED, TASK_ID
from tests.webhooks.receiver import Receiver, drip, reply
from webhooks.models import Attempt, Endpoint, Message
from webhooks.services import endpoint_secret, queue_messages, rotate_secret, send_test
from webhooks.services.delivery import deliver
from webhooks.tasks import deliver_message

Send = Callable[..., Message]


def test_a_message_reaches_the_receiver_as_it_was_made(send: Send, receiver: Receiver) -> None:
    message = send()
    assert deliver_message(message.pk)
    (request,) = receiver.callbacks
    assert request.json == CHECKED
    assert request.headers["content-type"] == "application/json"
    message.refresh_from_db()
    assert message.state == Message.State.DELIVERED
    assert message.delivered_at is not None


def test_it_is_signed_both_ways(send: Send, endpoint: Endpoint, receiver: Receiver) -> None:
    deliver_message(send().pk)
    (request,) = receiver.callbacks
    secret = endpoint_secret(endpoint=endpoint)
    timestamp = request.headers["x-mippia-timestamp"]
    expected = hmac.new(secret.encode(), f"{timestamp}:{TASK_ID}".encode(), hashlib.sha256).hexdigest()
    assert request.headers["x-mippia-signature"] == expected
    assert abs(int(timestamp) - time.time()) < 5
    assert Webhook(secret).verify(request.body, request.headers) == CHECKED


def test_during_a_rotation_both_secrets_sign(send: Send, endpoint: Endpoint, receiver: Receiver) -> None:
    old = endpoint_secret(endpoint=endpoint)
    new = rotate_secret(endpoint=endpoint)
    deliver_message(send().pk)
    (request,) = receiver.callbacks
    for secret in (old, new):
        Webhook(secret).verify(request.body, request.headers)
    timestamp = request.headers["x-mippia-timestamp"]
    current = hmac.new(new.encode(), f"{timestamp}:{TASK_ID}".encode(), hashlib.sha256).hexdigest()
    assert request.headers["x-mippia-signature"] == current


def test_after_the_overlap_only_the_new_secret_signs(send: Send, endpoint: Endpoint, receiver: Receiver) -> None:
    rotate_secret(endpoint=endpoint)
    Endpoint.objects.filter(pk=endpoint.pk).update(previous_secret_until=timezone.now() - timedelta(seconds=1))
    deliver_message(send().pk)
    assert len(receiver.callbacks[0].headers["webhook-signature"].split(" ")) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_success(send: Send, receiver: Receiver, status: int) -> None:
    message = send()
    receiver.behaviour = reply(status)
    deliver_message(message.pk)
    message.refresh_from_db()
    assert message.state == Message.State.DELIVERED


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 400, 401, 404, 409, 422, 429, 500, 503])
def test_anything_else_is_tried_again_and_never_followed(send: Send, receiver: Receiver, status: int) -> None:
    message = send()
    receiver.behaviour = reply(status, Location=f"http://{receiver.host}/elsewhere")
    deliver_message(message.pk)
    message.refresh_from_db()
    assert message.state == Message.State.PENDING
    assert [request.path for request in receiver.callbacks] == ["/hook"]


def test_410_disables_the_endpoint_and_tells_the_owner(
    send: Send, endpoint: Endpoint, receiver: Receiver, mailoutbox: Any, django_capture_on_commit_callbacks: Any
) -> None:
    gone, waiting = send("gone"), send("waiting")
    receiver.behaviour = reply(410)
    with django_capture_on_commit_callbacks(execute=True):
        deliver_message(gone.pk)
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is not None
    assert "410" in endpoint.disabled_reason
    assert [mail.to for mail in mailoutbox] == [["account@example.org"]]
    for message in (gone, waiting):
        message.refresh_from_db()
        assert message.state == Message.State.FAILED
    assert not deliver_message(waiting.pk)


def test_the_attempt_keeps_request_and_response(send: Send, receiver: Receiver) -> None:
    message = send()
    receiver.behaviour = reply(500, b"x" * 5000, X_Reason="tired")
    deliver_message(message.pk)
    attempt = Attempt.objects.get()
    assert (attempt.number, attempt.status, attempt.error) == (1, 500, "")
    assert attempt.request_headers.items() <= _titled(receiver.callbacks[0].headers, attempt.request_headers)
    assert attempt.response_headers["X-Reason"] == "tired"
    assert attempt.response_body == "x" * 1024
    assert attempt.duration_ms is not None
    assert attempt.ended_at is not None


def _titled(arrived: dict[str, str], names: dict[str, str]) -> Any:
    return {name: arrived[name.lower()] for name in names}.items()


def test_bytes_that_no_database_takes_are_kept_readable(send: Send, receiver: Receiver) -> None:
    receiver_bytes = b"a\x00b\xff" + "é".encode()
    message = send()
    receiver.behaviour = reply(500, receiver_bytes, X_Odd="a\x00b\xe9")
    deliver_message(message.pk)
    attempt = Attempt.objects.get()
    assert attempt.response_body == "a\ufffdb\ufffdé"
    assert "\x00" not in attempt.response_headers["X-Odd"]


@pytest.mark.slow
@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"H"])
def test_a_receiver_that_drips_keeps_no_worker(send: Send, receiver: Receiver, settings: Any, head: bytes) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.6
    message = send()
    receiver.behaviour = drip(head, every_s=0.1)
    started = time.monotonic()
    deliver_message(message.pk)
    assert time.monotonic() - started < 2
    assert Attempt.objects.get().error == "No complete answer within 0.6 s."


@pytest.mark.slow
def test_a_receiver_that_drips_after_a_slow_connection_keeps_no_worker(
    send: Send, receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time is over while there is no socket yet: a network that answers late, or a slow look-up of the name."""
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.6
    message = send()
    receiver.behaviour = drip(b"H", every_s=0.1)
    connect = HTTPConnection._new_conn

    def connect_late(connection: HTTPConnection) -> socket.socket:
        time.sleep(0.8)
        return connect(connection)

    monkeypatch.setattr(HTTPConnection, "_new_conn", connect_late)
    started = time.monotonic()
    deliver_message(message.pk)
    assert time.monotonic() - started < 3
    assert Attempt.objects.get().error == "No complete answer within 0.6 s."


def test_an_endless_answer_is_not_read_to_its_end(send: Send, receiver: Receiver) -> None:
    def endless(request: Any, handler: Any) -> None:
        handler.close_connection = True
        handler.connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                handler.connection.sendall(b"x" * 65536)
        except OSError:
            return

    message = send()
    receiver.behaviour = endless
    started = time.monotonic()
    deliver_message(message.pk)
    message.refresh_from_db()
    assert message.state == Message.State.DELIVERED
    assert time.monotonic() - started < 2


def test_an_answer_that_is_no_http(send: Send, receiver: Receiver) -> None:
    def garbage(request: Any, handler: Any) -> None:
        handler.close_connection = True
        handler.connection.sendall(b"\x00\x01 not http at all\r\n\r\n")

    message = send()
    receiver.behaviour = garbage
    deliver_message(message.pk)
    attempt = Attempt.objects.get()
    assert attempt.status is None
    assert attempt.error.startswith("The receiver's answer is not HTTP. ")


def test_id_is_stable_and_timestamp_is_per_attempt(
    send: Send, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = send()
    receiver.behaviour = reply(500)
    deliver_message(message.pk)
    later = timezone.now() + timedelta(seconds=10)
    monkeypatch.setattr(timezone, "now", lambda: later)
    deliver_message(message.pk)
    first, second = (request.headers for request in receiver.callbacks)
    assert first["webhook-id"] == second["webhook-id"] == message.message_id
    assert first["webhook-timestamp"] != second["webhook-timestamp"]
    assert first["webhook-signature"] != second["webhook-signature"]


def test_a_message_that_is_not_due_is_left_alone(send: Send, receiver: Receiver) -> None:
    message = send()
    receiver.behaviour = reply(500)
    assert deliver_message(message.pk)
    assert not deliver_message(message.pk)
    assert len(receiver.callbacks) == 1


def test_a_delivered_message_is_not_sent_twice(send: Send, receiver: Receiver) -> None:
    message = send()
    assert deliver_message(message.pk)
    assert not deliver_message(message.pk)
    assert not deliver(message_pk=message.pk + 1000)
    assert len(receiver.callbacks) == 1


def test_one_event_is_one_message(send: Send) -> None:
    assert send("same").pk == send("same").pk
    assert OrmQ.objects.filter(key="webhooks").count() == 1


def test_a_transaction_that_rolls_back_sends_nothing(account: User, endpoint: Endpoint) -> None:
    with transaction.atomic():
        assert queue_messages(owner=account, event="check_is_same", event_key="k", subject=TASK_ID, body=CHECKED)
        transaction.set_rollback(True)
    assert not Message.objects.exists()
    assert not OrmQ.objects.exists()


def test_text_of_every_kind_arrives_as_it_was(send: Send, receiver: Receiver) -> None:
    title = 'Ünïcode \u2028 🎵 \x00 " \\ </script>'
    body = CHECKED | {"result": CHECKED["result"] | {"matched_musicname": title}}
    message = send(body=body)
    deliver_message(message.pk)
    message.refresh_from_db()
    assert message.state == Message.State.DELIVERED
    assert receiver.callbacks[0].json == body


def test_a_test_callback_is_of_the_contract(endpoint: Endpoint, receiver: Receiver) -> None:
    message = send_test(endpoint=endpoint)
    deliver_message(message.pk)
    body = receiver.callbacks[0].json
    assert body.keys() == {"task_id", "task_name", "status", "completed_at"}
    assert body["task_id"] == message.subject
