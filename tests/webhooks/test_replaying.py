"""All callbacks since a moment once more, and the content of one deleted with its record kept."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.webhooks.receiver import Receiver, reply
from webhooks.models import Attempt, Endpoint, Message
from webhooks.services import (
    BeingSentError,
    SentAgain,
    count_ended,
    count_failed,
    delete_content,
    disable_endpoint,
    recover_failed,
    replay,
    send_again,
)
from webhooks.services.delivery import claim_message
from webhooks.tasks import deliver_message

Send = Callable[..., Message]


def test_replay_sends_what_arrived_too_under_the_same_ids(send: Send, endpoint: Endpoint, receiver: Receiver) -> None:
    began = timezone.now()
    old, good, bad, waiting = (send(key) for key in ("old", "good", "bad", "waiting"))
    for message in (old, good):
        deliver_message(message.pk)
    Message.objects.filter(pk=old.pk).update(created_at=began - timedelta(hours=1))
    Message.objects.filter(pk=bad.pk).update(state=Message.State.FAILED)
    assert count_ended(endpoint=endpoint, since=began) == 2
    assert count_failed(endpoint=endpoint, since=began) == 1
    assert replay(endpoint=endpoint, since=began) == 2
    for message in (old, good, bad, waiting):
        deliver_message(message.pk)
    ids = [request.headers["webhook-id"] for request in receiver.callbacks]
    assert ids == [old.message_id, good.message_id, good.message_id, bad.message_id, waiting.message_id]


def test_replay_of_a_disabled_url_does_nothing(send: Send, endpoint: Endpoint) -> None:
    deliver_message(send().pk)
    disable_endpoint(endpoint=endpoint, reason="Off.", now=timezone.now())
    assert replay(endpoint=endpoint, since=timezone.now() - timedelta(hours=1)) == 0
    assert Message.objects.get().state == Message.State.DELIVERED


def test_deleted_content_leaves_the_record(send: Send, endpoint: Endpoint, receiver: Receiver) -> None:
    message = send()
    receiver.behaviour = reply(500, b"what was wrong", X_Told="much")
    deliver_message(message.pk)
    delete_content(message=message, now=timezone.now())
    assert (message.body, message.state) == ("", Message.State.FAILED)
    assert message.content_deleted_at is not None
    assert "deleted before it was delivered" in message.error
    attempt = Attempt.objects.get()
    assert (attempt.request_headers, attempt.response_headers, attempt.response_body) == ({}, {}, "")
    assert (attempt.status, attempt.number) == (500, 1)
    assert attempt.duration_ms is not None


def test_deleted_content_is_never_sent_again(send: Send, endpoint: Endpoint, receiver: Receiver) -> None:
    began = timezone.now()
    message = send()
    deliver_message(message.pk)
    delete_content(message=message, now=timezone.now())
    assert message.state == Message.State.DELIVERED
    assert replay(endpoint=endpoint, since=began) == recover_failed(endpoint=endpoint, since=began) == 0
    assert send_again(messages=Message.objects.all()) == SentAgain(without_content=1)
    assert not deliver_message(message.pk)
    assert len(receiver.callbacks) == 1


def test_content_that_is_being_sent_stays(send: Send, endpoint: Endpoint) -> None:
    message = send()
    assert claim_message(message_pk=message.pk, now=timezone.now()) is not None
    with pytest.raises(BeingSentError):
        delete_content(message=message, now=timezone.now())
    message.refresh_from_db()
    assert message.body
