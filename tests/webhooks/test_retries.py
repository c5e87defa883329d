"""When a message is tried again, and when it is given up. Time is handed in, HTTP is real."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from tests.webhooks.receiver import Receiver, reply
from webhooks.models import Attempt, Endpoint, Message
from webhooks.retry import next_attempt, retry_after
from webhooks.services import count_failed, prune, recover_failed, send_again, sweep_due_messages
from webhooks.services.delivery import claim_message, record_answer
from webhooks.transport import post

Send = Callable[..., Message]
SCHEDULE = [0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
START = datetime(2026, 4, 2, 12, tzinfo=UTC)


def attempt(message: Message, now: datetime) -> bool:
    """Make one attempt as if it were `now`."""
    claim = claim_message(message_pk=message.pk, now=now)
    if claim is None:
        return False
    answer = post(url=claim.attempt.url, headers=claim.attempt.request_headers, body=claim.message.body.encode())
    record_answer(claim=claim, answer=answer, now=now)
    message.refresh_from_db()
    return True


def test_every_step_of_the_schedule_then_failed(send: Send, receiver: Receiver) -> None:
    message = send()
    start = message.schedule_start
    receiver.behaviour = reply(500)
    for step, offset_s in enumerate(SCHEDULE):
        gap_s = offset_s - (SCHEDULE[step - 1] if step else 0)
        due = message.next_attempt_at
        assert message.state == Message.State.PENDING
        assert offset_s <= (due - start).total_seconds() <= offset_s + 0.1 * gap_s + 0.01
        assert not attempt(message, due - timedelta(milliseconds=1))
        assert attempt(message, due)
    assert message.state == Message.State.FAILED
    assert "Every attempt" in message.error
    assert list(message.attempts.values_list("number", flat=True)) == list(range(1, 11))
    assert not attempt(message, start + timedelta(days=30))


def test_the_schedule_counts_from_the_first_attempt(send: Send, receiver: Receiver) -> None:
    message = send()
    receiver.behaviour = reply(500)
    late = message.schedule_start + timedelta(hours=3)
    attempt(message, late)
    assert timedelta(seconds=5) <= message.next_attempt_at - late <= timedelta(seconds=5.5)


def test_a_late_success_ends_it(send: Send, receiver: Receiver) -> None:
    message = send()
    for status in (500, 503, 200):
        receiver.behaviour = reply(status)
        assert attempt(message, message.next_attempt_at)
    assert message.state == Message.State.DELIVERED
    assert list(message.attempts.values_list("status", flat=True)) == [500, 503, 200]


def test_retry_after_moves_the_next_attempt_back(send: Send, receiver: Receiver) -> None:
    message = send()
    receiver.behaviour = reply(429, Retry_After="120")
    now = timezone.now()
    attempt(message, now)
    assert message.next_attempt_at == now + timedelta(seconds=120)


def test_retry_after_never_brings_it_forward() -> None:
    due = next_attempt(start=START, step=2, now=START, headers={"retry-after": "1"})
    assert due is not None
    assert due >= START + timedelta(seconds=300)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", timedelta(0)),
        ("90", timedelta(seconds=90)),
        (" 90 ", timedelta(seconds=90)),
        ("999999", timedelta(days=1)),
        ("9" * 5000, timedelta(days=1)),
        (format_datetime(START + timedelta(hours=1), usegmt=True), timedelta(hours=1)),
        (format_datetime(START - timedelta(hours=1), usegmt=True), timedelta(0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(days=1)),
        ("Thu, 02 Apr 2026 12:01:00 -0000", timedelta(minutes=1)),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("", None),
        ("Mon, 99 Foo 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after_as_seconds_and_as_date(value: str, expected: timedelta | None) -> None:
    assert retry_after({"Retry-After": value}, now=START) == expected


def test_jitter_spreads_the_attempts() -> None:
    dues = {next_attempt(start=START, step=3, now=START, headers={}) for _ in range(50)}
    assert len(dues) > 40


def test_a_worker_killed_between_send_and_record(send: Send, receiver: Receiver) -> None:
    """The receiver got it, nobody wrote it down: when the lease is over it is sent once more, under the same id."""
    message = send()
    now = timezone.now()
    claim = claim_message(message_pk=message.pk, now=now)
    assert claim is not None
    post(url=claim.attempt.url, headers=claim.attempt.request_headers, body=claim.message.body.encode())

    message.refresh_from_db()
    lease_end = message.next_attempt_at
    assert now + timedelta(seconds=15) < lease_end < now + timedelta(minutes=1)
    assert sweep_due_messages(now=lease_end - timedelta(seconds=1)) == 0
    assert not attempt(message, lease_end - timedelta(seconds=1))
    assert sweep_due_messages(now=lease_end) == 1
    assert attempt(message, lease_end)

    assert message.state == Message.State.DELIVERED
    assert len({request.headers["webhook-id"] for request in receiver.callbacks}) == 1
    lost, made = message.attempts.all()
    assert "worker stopped" in lost.error
    assert made.status == 200


def test_a_slow_workers_failure_does_not_undo_anothers_success(send: Send, receiver: Receiver) -> None:
    message = send()
    now = timezone.now()
    slow = claim_message(message_pk=message.pk, now=now)
    assert slow is not None
    assert attempt(message, now + timedelta(minutes=2))
    receiver.behaviour = reply(500)
    answer = post(url=slow.attempt.url, headers={}, body=b"{}")
    record_answer(claim=slow, answer=answer, now=now + timedelta(minutes=3))
    message.refresh_from_db()
    assert message.state == Message.State.DELIVERED


def test_the_endpoint_is_disabled_after_days_of_failures(
    send: Send,
    endpoint: Endpoint,
    receiver: Receiver,
    settings: Any,
    mailoutbox: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.WEBHOOK_SCHEDULE_SECONDS = [day * 86400 for day in range(7)]
    message, other = send("one"), send("two")
    receiver.behaviour = reply(500)
    start = message.schedule_start
    with django_capture_on_commit_callbacks(execute=True):
        for day in range(5):
            attempt(message, start + timedelta(days=day, hours=4))
            endpoint.refresh_from_db()
            assert endpoint.disabled_at is None
        attempt(message, start + timedelta(days=5, hours=4))
    endpoint.refresh_from_db()
    assert "5 days" in endpoint.disabled_reason
    assert len(mailoutbox) == 1
    other.refresh_from_db()
    assert other.state == Message.State.FAILED


def test_one_success_ends_the_count_of_days(send: Send, endpoint: Endpoint, receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOK_SCHEDULE_SECONDS = [day * 86400 for day in range(9)]
    message = send("one")
    start = message.schedule_start
    for day in range(8):
        if day == 3:
            receiver.behaviour = None
            attempt(send("two"), start + timedelta(days=day))
        receiver.behaviour = reply(500)
        attempt(message, start + timedelta(days=day, hours=20))
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None


def test_two_troubles_far_apart_are_not_one_long_one(send: Send, endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.behaviour = reply(500)
    first, second = send("one"), send("two")
    attempt(first, first.schedule_start)
    attempt(second, second.schedule_start + timedelta(days=30))
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None


def test_a_mail_server_that_is_away_undoes_nothing(
    send: Send, endpoint: Endpoint, receiver: Receiver, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    message = send()
    receiver.behaviour = reply(410)
    with django_capture_on_commit_callbacks(execute=True):
        attempt(message, message.schedule_start)
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is not None


def test_send_again_starts_a_new_schedule_under_the_same_id(send: Send, receiver: Receiver) -> None:
    message = send()
    attempt(message, timezone.now())
    send_again(messages=Message.objects.filter(pk=message.pk))
    assert sweep_due_messages() == 1
    assert attempt(message, timezone.now())
    first, second = receiver.callbacks
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert [row.number for row in message.attempts.all()] == [1, 2]


def test_recover_sends_exactly_what_was_counted(
    send: Send, endpoint: Endpoint, receiver: Receiver, settings: Any
) -> None:
    settings.WEBHOOK_SCHEDULE_SECONDS = [0]
    receiver.behaviour = reply(500)
    old, new, fine = send("old"), send("new"), send("fine")
    for message in (old, new):
        attempt(message, timezone.now())
    receiver.behaviour = None
    attempt(fine, timezone.now())
    Message.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
    since = timezone.now() - timedelta(days=1)
    assert count_failed(endpoint=endpoint, since=since) == 1
    assert recover_failed(endpoint=endpoint, since=since) == 1
    assert sweep_due_messages() == 1
    assert attempt(new, timezone.now())
    assert new.state == Message.State.DELIVERED
    old.refresh_from_db()
    assert old.state == Message.State.FAILED


def test_the_sweeper_leaves_what_is_queued_and_what_is_not_verified(send: Send, endpoint: Endpoint) -> None:
    message = send()
    assert sweep_due_messages() == 0
    later = timezone.now() + timedelta(minutes=5, seconds=30)
    Endpoint.objects.filter(pk=endpoint.pk).update(verified_at=None)
    assert sweep_due_messages(now=later) == 0
    assert not attempt(message, later)
    Endpoint.objects.filter(pk=endpoint.pk).update(verified_at=later)
    assert sweep_due_messages(now=later) == 1
    message.refresh_from_db()
    assert message.queued_until == later + timedelta(minutes=5)


def test_behind_a_long_queue_only_what_it_does_not_have_is_queued(send: Send, receiver: Receiver) -> None:
    waiting, tried = send("one"), send("two")
    receiver.behaviour = reply(500)
    attempt(tried, timezone.now())
    OrmQ.objects.bulk_create(OrmQ(key="webhooks", payload="", lock=timezone.now()) for _ in range(200))
    later = timezone.now() + timedelta(hours=1)
    assert sweep_due_messages(now=later) == 1
    tried.refresh_from_db()
    assert tried.queued_until is not None
    OrmQ.objects.update(lock=later + timedelta(minutes=10))  # taken, by a cluster that was killed
    assert sweep_due_messages(now=later) == 1
    waiting.refresh_from_db()
    assert waiting.queued_until == later + timedelta(minutes=5)


def test_answers_of_an_earlier_url_say_nothing_about_the_new_one(
    send: Send, endpoint: Endpoint, receiver: Receiver
) -> None:
    message = send()
    now = timezone.now()
    claim = claim_message(message_pk=message.pk, now=now)
    assert claim is not None
    Endpoint.objects.filter(pk=endpoint.pk).update(url=receiver.url + "/new")
    receiver.behaviour = reply(410)
    answer = post(url=claim.attempt.url, headers=claim.attempt.request_headers, body=b"{}")
    record_answer(claim=claim, answer=answer, now=now)
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None
    assert endpoint.failing_since is None
    message.refresh_from_db()
    assert message.state == Message.State.PENDING


def test_message_in_a_workers_hands_when_its_endpoint_was_disabled_ends_too(send: Send, endpoint: Endpoint) -> None:
    """The worker dies: nobody delivers to a disabled endpoint, so that the message would be delivering for ever."""
    message = send()
    now = timezone.now()
    assert claim_message(message_pk=message.pk, now=now) is not None
    Endpoint.objects.filter(pk=endpoint.pk).update(disabled_at=now)
    assert sweep_due_messages(now=now) == 0
    message.refresh_from_db()
    assert message.state == Message.State.DELIVERING
    sweep_due_messages(now=now + timedelta(minutes=1))
    message.refresh_from_db()
    assert (message.state, message.error) == (Message.State.FAILED, "The endpoint is disabled.")


def test_message_for_a_disabled_endpoint_can_be_recovered(send: Send, endpoint: Endpoint) -> None:
    began = timezone.now()
    Endpoint.objects.filter(pk=endpoint.pk).update(disabled_at=began)
    message = send()
    assert (message.state, message.error) == (Message.State.FAILED, "The endpoint is disabled.")
    assert sweep_due_messages() == 0
    Endpoint.objects.filter(pk=endpoint.pk).update(disabled_at=None)
    assert recover_failed(endpoint=endpoint, since=began) == 1
    assert sweep_due_messages() == 1


def test_times_of_a_clock_that_was_set_back_are_not_waited_for(send: Send, endpoint: Endpoint) -> None:
    message = send()
    ahead = timezone.now() + timedelta(days=400)
    Message.objects.filter(pk=message.pk).update(next_attempt_at=ahead, queued_until=ahead)
    assert sweep_due_messages() == 1
    Message.objects.filter(pk=message.pk).update(state=Message.State.DELIVERING, schedule_step=1, queued_until=ahead)
    assert sweep_due_messages() == 1
    assert attempt(message, timezone.now())


def test_prune_removes_old_attempts_and_ended_messages(send: Send, receiver: Receiver, settings: Any) -> None:
    old, new, waiting = send("old"), send("new"), send("waiting")
    for message in (old, new):
        attempt(message, timezone.now())
    receiver.behaviour = reply(500)
    attempt(waiting, timezone.now())
    long_ago = timezone.now() - timedelta(days=settings.WEBHOOK_ATTEMPT_RETENTION_DAYS + 1)
    Message.objects.exclude(pk=new.pk).update(created_at=long_ago)
    Attempt.objects.exclude(message=new).update(started_at=long_ago)
    assert prune() == 3
    assert set(Message.objects.values_list("event_key", flat=True)) == {"new", "waiting"}
    assert Attempt.objects.count() == 1
    Message.objects.filter(pk=waiting.pk).update(next_attempt_at=long_ago)
    assert prune() == 0, "nobody has heard of it yet"
    claim_message(message_pk=waiting.pk, now=timezone.now())
    Attempt.objects.filter(message=waiting).update(started_at=long_ago)
    assert prune() == 0, "an attempt that is being made is the only word of what was sent"
