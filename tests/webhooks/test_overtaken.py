"""Two workers, or a worker and a person, at one message: the later attempt's outcome is the message's."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.webhooks.receiver import Receiver
from webhooks.models import Endpoint, Message
from webhooks.services import SentAgain, disable_endpoint, send_again
from webhooks.services.delivery import Claim, claim_message, record_answer
from webhooks.tasks import deliver_message
from webhooks.transport import Answer

Send = Callable[..., Message]
LEASE_OVER = timedelta(minutes=2)
FAILED, TAKEN = Answer(duration_ms=1, status=500), Answer(duration_ms=1, status=200)


def claimed(message: Message, now: datetime) -> Claim:
    """Take the message as a worker does."""
    claim = claim_message(message_pk=message.pk, now=now)
    assert claim is not None
    return claim


def standing(message: Message) -> tuple[Any, ...]:
    """Everything of the row that an outcome may change."""
    message.refresh_from_db()
    return message.state, message.next_attempt_at, message.schedule_step, message.error, message.delivered_at


@pytest.mark.parametrize("schedule", [[0, 5, 300], [0]], ids=["goes on", "at its end"])
def test_a_late_failure_leaves_the_attempt_that_overtook_it_alone(send: Send, settings: Any, schedule: Any) -> None:
    """The first worker hangs past its lease, a second one sends; then the first one writes that it failed."""
    settings.WEBHOOK_SCHEDULE_SECONDS = [0, 5, 300]
    message, now = send(), timezone.now()
    overtaken = claimed(message, now)
    successor = claimed(message, now + LEASE_OVER)
    settings.WEBHOOK_SCHEDULE_SECONDS = schedule
    before = standing(message)
    record_answer(claim=overtaken, answer=FAILED, now=now + LEASE_OVER)
    assert standing(message) == before
    assert message.state == Message.State.DELIVERING, "it is in the second worker's hands still"
    record_answer(claim=successor, answer=TAKEN, now=now + LEASE_OVER)
    assert standing(message)[0] == Message.State.DELIVERED


def test_a_late_failure_does_not_bring_the_next_attempt_forward(send: Send) -> None:
    message, now = send(), timezone.now()
    overtaken = claimed(message, now)
    successor = claimed(message, now + LEASE_OVER)
    asked_to_wait = Answer(duration_ms=1, status=503, headers={"Retry-After": "3600"})
    record_answer(claim=successor, answer=asked_to_wait, now=now + LEASE_OVER)
    before = standing(message)
    assert before[0] == Message.State.PENDING
    record_answer(claim=overtaken, answer=FAILED, now=now + LEASE_OVER)
    assert standing(message) == before


def test_a_late_success_counts_and_the_successors_failure_does_not_undo_it(send: Send) -> None:
    message, now = send(), timezone.now()
    overtaken = claimed(message, now)
    successor = claimed(message, now + LEASE_OVER)
    record_answer(claim=overtaken, answer=TAKEN, now=now + LEASE_OVER)
    before = standing(message)
    assert before[0] == Message.State.DELIVERED
    record_answer(claim=successor, answer=FAILED, now=now + LEASE_OVER)
    assert standing(message) == before


def test_send_again_takes_no_message_out_of_a_workers_hands(send: Send, receiver: Receiver) -> None:
    message, now = send(), timezone.now()
    claim = claimed(message, now)
    before = standing(message)
    assert send_again(messages=Message.objects.filter(pk=message.pk)) == SentAgain(in_hands=1)
    assert standing(message) == before
    assert not deliver_message(message.pk), "a second worker would send it twice"
    assert receiver.callbacks == []
    record_answer(claim=claim, answer=FAILED, now=now)
    assert standing(message)[0] == Message.State.PENDING


def test_nothing_is_sent_to_a_url_that_was_disabled_while_it_was_sent(
    send: Send, endpoint: Endpoint, receiver: Receiver
) -> None:
    """The worker died, the queue has the message once more, and staff have turned the URL off in between."""
    message, now = send(), timezone.now()
    claimed(message, now - LEASE_OVER)
    disable_endpoint(endpoint=endpoint, reason="Turned off by staff.", now=now)
    assert not deliver_message(message.pk)
    assert receiver.callbacks == []
    assert standing(message)[0] == Message.State.DELIVERING, "the sweeper ends it"


def test_answer_is_kept_with_the_attempt_that_got_it(send: Send) -> None:
    message, now = send(), timezone.now()
    overtaken = claimed(message, now)
    successor = claimed(message, now + LEASE_OVER)
    record_answer(claim=overtaken, answer=FAILED, now=now + LEASE_OVER)
    record_answer(claim=successor, answer=TAKEN, now=now + LEASE_OVER)
    assert list(message.attempts.values_list("number", "status")) == [(1, 500), (2, 200)]
