"""URLs that get nothing for a while: throttled by their own word, or by a circuit breaker with a half-open try."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_q.models import OrmQ

from tests.webhooks.conftest import CHECKED, TASK_ID
from tests.webhooks.receiver import Receiver, reply
from webhooks.checks import webhook_settings
from webhooks.models import Attempt, Endpoint, Message
from webhooks.services import add_endpoint, queue_messages, sweep_due_messages, verify_endpoint
from webhooks.services.delivery import claim_message, record_answer
from webhooks.services.due import lease_length
from webhooks.tasks import deliver_message
from webhooks.transport import Answer

Send = Callable[..., Message]
LATER = timedelta(days=2)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], datetime]:
    """Set the clock forward."""

    def forward(by: timedelta) -> datetime:
        later = timezone.now() + by
        monkeypatch.setattr(timezone, "now", lambda: later)
        return later

    return forward


def paused_s(endpoint: Endpoint, *, since: datetime) -> float:
    """Return how long the URL's pause is, in seconds; 0 without one."""
    endpoint.refresh_from_db()
    return (endpoint.paused_until - since).total_seconds() if endpoint.paused_until else 0.0


@pytest.mark.parametrize("status", [429, 502, 504])
def test_nothing_more_is_sent_to_a_url_that_is_throttled(
    send: Send, endpoint: Endpoint, receiver: Receiver, status: int
) -> None:
    first, second = send("first"), send("second")
    receiver.behaviour = reply(status)
    deliver_message(first.pk)
    assert 4 < paused_s(endpoint, since=timezone.now()) <= 5
    assert not deliver_message(second.pk)
    assert len(receiver.callbacks) == 1
    second.refresh_from_db()
    assert (second.state, second.attempt_count, second.queued_until) == (Message.State.PENDING, 0, None)
    assert sweep_due_messages() == 0


@pytest.mark.parametrize("status", [400, 404, 500, 501, 503])
def test_other_failures_pause_nothing_at_first(send: Send, endpoint: Endpoint, receiver: Receiver, status: int) -> None:
    receiver.behaviour = reply(status)
    deliver_message(send("first").pk)
    assert paused_s(endpoint, since=timezone.now()) == 0
    assert deliver_message(send("second").pk)


@pytest.mark.parametrize(("asked", "seconds"), [("120", 120), ("1", 5), ("9999999", 86400)])
def test_retry_after_is_honoured_for_the_whole_url(
    send: Send, endpoint: Endpoint, receiver: Receiver, asked: str, seconds: int
) -> None:
    receiver.behaviour = reply(429, Retry_After=asked)
    deliver_message(send().pk)
    assert abs(paused_s(endpoint, since=timezone.now()) - seconds) < 2


def test_after_the_pause_one_is_tried_and_then_all(
    send: Send, endpoint: Endpoint, receiver: Receiver, clock: Any
) -> None:
    messages = [send(key) for key in "abc"]
    receiver.behaviour = reply(429)
    deliver_message(messages[0].pk)
    OrmQ.objects.all().delete()
    now = clock(timedelta(seconds=6))
    Message.objects.update(queued_until=None)
    assert sweep_due_messages(now=now) == 1, "one is queued to try the URL, not all of them"
    claim = claim_message(message_pk=messages[1].pk, now=now)
    assert claim is not None
    assert claim_message(message_pk=messages[2].pk, now=now) is None, "a second one waits for the outcome of the try"
    record_answer(claim=claim, answer=Answer(status=200), now=now)
    endpoint.refresh_from_db()
    assert (endpoint.paused_until, endpoint.pauses_in_row, endpoint.pause_reason) == (None, 0, "")
    receiver.behaviour = None
    assert deliver_message(messages[2].pk)


def test_each_pause_in_a_row_is_twice_as_long(
    send: Send, endpoint: Endpoint, receiver: Receiver, clock: Any, settings: Any
) -> None:
    settings.WEBHOOK_PAUSE_MAX_SECONDS = 18
    message = send()
    lengths = []
    for _ in range(4):
        Message.objects.update(schedule_step=0, next_attempt_at=timezone.now() - timedelta(seconds=1))
        now = timezone.now()
        claim = claim_message(message_pk=message.pk, now=now)
        assert claim is not None
        record_answer(claim=claim, answer=Answer(status=502), now=now)
        lengths.append(paused_s(endpoint, since=now))
        clock(timedelta(seconds=lengths[-1]))
    assert lengths == [5, 10, 18, 18]


def test_circuit_opens_after_so_many_failures_in_a_row_over_all_callbacks(
    send: Send, endpoint: Endpoint, receiver: Receiver, settings: Any
) -> None:
    settings.WEBHOOK_CIRCUIT_FAILURES = 3
    receiver.behaviour = reply(500)
    for key in "ab":
        deliver_message(send(key).pk)
    assert paused_s(endpoint, since=timezone.now()) == 0
    deliver_message(send("c").pk)
    assert 58 < paused_s(endpoint, since=timezone.now()) <= 60
    assert endpoint.pause_reason == Endpoint.Pause.FAILING
    assert not deliver_message(send("d").pk)
    assert len(receiver.callbacks) == 3


def test_a_success_between_starts_the_count_again(
    send: Send, endpoint: Endpoint, receiver: Receiver, settings: Any
) -> None:
    settings.WEBHOOK_CIRCUIT_FAILURES = 2
    for key, status in (("a", 500), ("b", 200), ("c", 500)):
        receiver.behaviour = reply(status)
        deliver_message(send(key).pk)
    assert paused_s(endpoint, since=timezone.now()) == 0
    assert endpoint.failures_in_row == 1


def test_half_open_try_that_fails_opens_the_circuit_for_longer(
    send: Send, endpoint: Endpoint, receiver: Receiver, clock: Any, settings: Any
) -> None:
    settings.WEBHOOK_CIRCUIT_FAILURES = 1
    receiver.behaviour = reply(500)
    deliver_message(send("a").pk)
    now = clock(timedelta(seconds=61))
    deliver_message(send("b").pk)
    assert 119 < paused_s(endpoint, since=now) <= 120
    assert len(receiver.callbacks) == 2


def test_worker_that_dies_at_the_try_leaves_the_url_to_the_next(
    send: Send, endpoint: Endpoint, receiver: Receiver, clock: Any
) -> None:
    receiver.behaviour = reply(429)
    deliver_message(send("a").pk)
    now = clock(timedelta(seconds=6))
    assert claim_message(message_pk=send("b").pk, now=now) is not None
    message = send("c")
    assert claim_message(message_pk=message.pk, now=now) is None
    assert claim_message(message_pk=message.pk, now=now + lease_length()) is not None


def test_a_late_answer_of_before_the_pause_does_not_end_it(send: Send, endpoint: Endpoint, receiver: Receiver) -> None:
    message = send("early")
    now = timezone.now()
    early = claim_message(message_pk=message.pk, now=now)
    assert early is not None
    receiver.behaviour = reply(429, Retry_After="60")
    deliver_message(send("throttled").pk)
    record_answer(claim=early, answer=Answer(status=200), now=now)
    assert paused_s(endpoint, since=timezone.now()) > 50


def test_of_two_that_were_on_their_way_the_longer_wait_counts_and_the_pause_counts_once(
    send: Send, endpoint: Endpoint
) -> None:
    messages = [send(key) for key in "ab"]
    now = timezone.now()
    claims = [claim_message(message_pk=message.pk, now=now) for message in messages]
    for claim, asked in zip(claims, ("30", "300"), strict=True):
        assert claim is not None
        record_answer(claim=claim, answer=Answer(status=429, headers={"Retry-After": asked}), now=now)
    assert paused_s(endpoint, since=now) == 300
    assert endpoint.pauses_in_row == 1


def test_other_urls_of_the_account_go_on(account: User, endpoint: Endpoint, receiver: Receiver) -> None:
    other = verify_endpoint(endpoint=add_endpoint(owner=account, url=receiver.url + "2"))
    told: dict[str, Any] = {"owner": account, "event": "check_is_same", "subject": TASK_ID, "body": CHECKED}
    first, _ = queue_messages(event_key="a", **told)
    receiver.behaviour = reply(429)
    deliver_message(first.pk)
    receiver.behaviour = None
    held, goes = queue_messages(event_key="b", **told)
    assert (held.endpoint, goes.endpoint) == (endpoint, other)
    assert [deliver_message(held.pk), deliver_message(goes.pk)] == [False, True]


def test_answered_challenge_ends_the_pause(send: Send, endpoint: Endpoint, receiver: Receiver) -> None:
    message = send("b")
    receiver.behaviour = reply(429, Retry_After="600")
    deliver_message(send("a").pk)
    receiver.behaviour = None
    verify_endpoint(endpoint=Endpoint.objects.get())
    assert deliver_message(message.pk)


def test_pause_of_a_clock_that_was_set_back_is_not_waited_for(send: Send, endpoint: Endpoint) -> None:
    Endpoint.objects.update(paused_until=timezone.now() + LATER, pause_reason="failing")
    message = send()
    assert sweep_due_messages() == 1
    assert deliver_message(message.pk)


def test_a_callback_keeps_its_attempts_while_its_url_is_paused(
    send: Send, endpoint: Endpoint, receiver: Receiver
) -> None:
    waiting = send("waiting")
    receiver.behaviour = reply(429, Retry_After="3600")
    deliver_message(send("first").pk)
    for _ in range(3):
        assert not deliver_message(waiting.pk)
    assert not Attempt.objects.filter(message=waiting).exists()


def test_pauses_longer_than_the_longest_are_a_system_check(settings: Any) -> None:
    settings.WEBHOOK_PAUSE_MAX_SECONDS = 30
    assert [error.id for error in webhook_settings(None)] == ["webhooks.E006"]
    settings.WEBHOOK_CIRCUIT_SECONDS = 30
    assert webhook_settings(None) == []
