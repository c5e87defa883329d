"""How callback URLs did over time: counted by the hour as they happen, grouped by cause, with changes of state."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.webhooks.receiver import Receiver, reply
from webhooks.causes import Cause, advice, cause_words
from webhooks.models import AttemptCount, Endpoint, Message, StateChange
from webhooks.over_time import PERIODS, failures_by_cause, over_time, period_of
from webhooks.services import delete_content, disable_endpoint, note_states, prune, sweep_due_messages
from webhooks.services.counting import count_attempts, step_of, typical_of
from webhooks.services.delivery import claim_message, record_answer
from webhooks.tasks import deliver_message
from webhooks.transport import Answer

Send = Callable[..., Message]
PAGE = "/admin/webhooks/endpoint/"


def give_up(message: Message, *, status: int | None = 500) -> None:
    """Let every attempt of the schedule fail."""
    while True:
        Message.objects.filter(pk=message.pk).update(next_attempt_at=timezone.now())
        Endpoint.objects.update(paused_until=None)
        claim = claim_message(message_pk=message.pk, now=timezone.now())
        if claim is None:
            return
        record_answer(claim=claim, answer=Answer(status=status, duration_ms=7), now=timezone.now())


def counted() -> dict[str, tuple[int, int]]:
    """Return attempts and callbacks given up, by cause."""
    found: dict[str, tuple[int, int]] = {}
    for row in AttemptCount.objects.all():
        attempts, given_up = found.get(row.cause, (0, 0))
        found[row.cause] = (attempts + row.attempts, given_up + row.given_up)
    return found


def states(endpoint: Endpoint) -> list[str]:
    return list(StateChange.objects.filter(endpoint=endpoint).order_by("pk").values_list("state", flat=True))


def test_attempts_are_counted_as_they_end(send: Send, endpoint: Endpoint, receiver: Receiver) -> None:
    deliver_message(send("first").pk)
    receiver.behaviour = reply(404)
    failing = send("second")
    deliver_message(failing.pk)
    assert counted() == {"": (1, 0), "path": (1, 0)}
    failing.refresh_from_db()
    assert failing.cause == Cause.PATH
    receiver.behaviour = None
    Message.objects.update(next_attempt_at=timezone.now())
    deliver_message(failing.pk)
    failing.refresh_from_db()
    assert (counted(), failing.cause) == ({"": (2, 0), "path": (1, 0)}, "")


def test_what_is_given_up_is_counted_once(send: Send, endpoint: Endpoint, settings: Any) -> None:
    settings.WEBHOOK_SCHEDULE_SECONDS = [0, 1]
    give_up(send())
    assert counted() == {"server": (2, 1)}


@pytest.mark.parametrize(
    ("host", "cause"),
    [("127.0.0.1:9", "refused"), ("no-such-host.invalid", "host"), ("10.0.0.1", "address")],
)
def test_why_no_answer_came(send: Send, endpoint: Endpoint, settings: Any, host: str, cause: str) -> None:
    settings.WEBHOOK_ALLOWED_PRIVATE_HOSTS = ["127.0.0.1:9"]
    Endpoint.objects.update(url=f"http://{host}/hook")
    deliver_message(send().pk)
    assert list(counted()) == [cause]


def test_one_that_answers_too_late_or_without_http(
    send: Send, endpoint: Endpoint, receiver: Receiver, settings: Any
) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.2

    def nonsense(request: Any, handler: Any) -> None:
        handler.close_connection = True
        handler.connection.sendall(b"hello\r\n\r\n")

    def silence(request: Any, handler: Any) -> None:
        handler.close_connection = True
        handler.rfile.read(1)

    receiver.behaviour = nonsense
    deliver_message(send("first").pk)
    receiver.behaviour = silence
    deliver_message(send("second").pk)
    assert counted() == {"not_http": (1, 0), "timeout": (1, 0)}


def test_an_attempt_of_a_worker_that_stopped_counts_once(send: Send, endpoint: Endpoint) -> None:
    message = send()
    slow = claim_message(message_pk=message.pk, now=timezone.now())
    assert slow
    later = timezone.now() + timedelta(hours=1)
    assert claim_message(message_pk=message.pk, now=later)
    assert counted() == {"worker": (1, 0)}
    record_answer(claim=slow, answer=Answer(status=200), now=later)
    assert sum(attempts for attempts, _ in counted().values()) == 1


def test_what_nobody_will_send_is_given_up_with_its_cause(send: Send, endpoint: Endpoint, settings: Any) -> None:
    send("first"), send("second")
    disable_endpoint(endpoint=endpoint, reason="It was disabled.", now=timezone.now())
    assert counted() == {"disabled": (0, 2)}
    send("third")
    assert counted() == {"disabled": (0, 3)}
    assert set(Message.objects.values_list("cause", flat=True)) == {"disabled"}
    Endpoint.objects.update(disabled_at=None, verified_at=None)
    waits = send("fourth")
    sweep_due_messages(now=timezone.now() + timedelta(days=60))
    waits.refresh_from_db()
    assert (waits.cause, counted()["unverified"]) == ("unverified", (0, 1))


def test_states_are_noted_as_they_change(send: Send, endpoint: Endpoint, receiver: Receiver, settings: Any) -> None:
    note_states()
    assert states(endpoint) == ["healthy"]
    receiver.behaviour = reply(429)
    message = send()
    deliver_message(message.pk)
    receiver.behaviour = None
    Endpoint.objects.update(paused_until=timezone.now())
    Message.objects.update(next_attempt_at=timezone.now())
    deliver_message(message.pk)
    assert states(endpoint) == ["healthy", "paused", "trying", "healthy"]
    settings.WEBHOOK_SCHEDULE_SECONDS = [0]
    give_up(send("lost"))
    deliver_message(send("arrives").pk)
    assert states(endpoint)[4:] == ["failing", "degraded"]
    Message.objects.filter(state="failed").update(created_at=timezone.now() - timedelta(days=8))
    note_states()
    note_states()
    assert states(endpoint)[6:] == ["healthy"]


def test_steps_are_fine_enough(db: None) -> None:
    for took_ms in (1, 7, 120, 999, 30_000):
        typical = typical_of([(step_of(took_ms), 10)], 0.5)
        assert typical
        assert abs(typical - took_ms) <= max(0.19 * took_ms, 1)
    counts = [(step_of(100), 90), (step_of(5000), 10)]
    assert typical_of(counts, 0.5) == pytest.approx(100, rel=0.2)
    assert typical_of(counts, 0.95) == pytest.approx(5000, rel=0.2)
    assert typical_of([], 0.5) is None


def test_bars_are_of_their_hour_and_day(endpoint: Endpoint) -> None:
    now = datetime(2026, 11, 30, 12, 30, tzinfo=UTC)
    for ago, took_ms in ((0, 100), (1, 200), (30, 400)):
        count_attempts(endpoint_pk=endpoint.pk, now=now - timedelta(hours=ago), took_ms=took_ms, attempts=2)
    count_attempts(endpoint_pk=endpoint.pk, now=now, cause="tls", attempts=1, given_up=1)
    (day,) = over_time([endpoint], period=period_of("1"), now=now)
    assert (day.total.sent, day.total.failed, day.total.given_up) == (5, 1, 1)
    assert [bar.sent for bar in day.bars[-3:]] == [0, 2, 3]
    (month,) = over_time([endpoint], period=period_of("30"), now=now)
    assert [bar.sent for bar in month.bars[-3:]] == [0, 2, 5]
    assert len(month.bars) == 30
    assert month.bars[-1].median_ms == pytest.approx(140, rel=0.3)


def test_states_last_until_the_next(endpoint: Endpoint) -> None:
    now = timezone.now()
    for ago, state in ((50, "healthy"), (5, "paused"), (3, "trying"), (2, "healthy")):
        StateChange.objects.create(endpoint=endpoint, at=now - timedelta(hours=ago), state=state)
    (day,) = over_time([endpoint], period=period_of("1"), now=now)
    assert [span.state for span in day.spans] == ["healthy", "paused", "trying", "healthy"]
    assert day.spans[1].ends - day.spans[1].begins == timedelta(hours=2)
    assert [change.state for change in day.changes] == ["healthy", "trying", "paused"]


def test_groups_lead_to_their_callbacks_and_are_sent_again(
    desk: Client, send: Send, endpoint: Endpoint, settings: Any
) -> None:
    settings.WEBHOOK_SCHEDULE_SECONDS = [0]
    for number in range(3):
        give_up(send(f"server {number}"))
    give_up(send("path"), status=404)
    groups = failures_by_cause()
    assert [(group.cause, group.callbacks) for group in groups] == [("server", 3), ("path", 1)]
    page = unescape(desk.get(f"{PAGE}{endpoint.pk}/change/").content.decode())
    assert cause_words("server") in page
    assert advice("server") in page
    listed = re.findall(r'href="([^"]*cause=server)"', page)
    assert any(desk.get(url).content.decode().count("field-task") >= 3 for url in listed if "message" in url)
    again = f"{PAGE}{endpoint.pk}/recover_failed/?cause=server"
    assert again in listed
    assert "the last hour: 3" in desk.get(again).content.decode()
    desk.post(again, {"_form_submitted": "True", "since": "876000"})
    assert [(group.cause, group.callbacks) for group in failures_by_cause()] == [("path", 1)]
    assert Message.objects.filter(state="pending", cause="").count() == 3
    delete_content(message=Message.objects.get(state="failed"), now=timezone.now())
    assert failures_by_cause() == [], "nothing is left that could be sent"


def test_counts_go_with_the_attempts(endpoint: Endpoint, settings: Any) -> None:
    now = timezone.now()
    old = now - timedelta(days=settings.WEBHOOK_ATTEMPT_RETENTION_DAYS + 2)
    for moment in (old, now):
        count_attempts(endpoint_pk=endpoint.pk, now=moment, attempts=1)
    for days, state in ((3, "paused"), (2, "healthy")):
        StateChange.objects.create(endpoint=endpoint, at=old - timedelta(days=days), state=state)
    prune()
    assert AttemptCount.objects.count() == 1
    assert states(endpoint) == ["healthy"], "it says how the URL stood since"


def test_every_period_and_page_opens(desk: Client, send: Send, endpoint: Endpoint) -> None:
    empty = desk.get(f"{PAGE}over-time/?page=2")
    assert empty.status_code == 200
    deliver_message(send().pk)
    for period in (*(period.key for period in PERIODS), "x"):
        page = desk.get(f"{PAGE}over-time/?days={period}").content.decode()
        assert "1 attempt, 0 of them failed" in page
    assert desk.get(f"{PAGE}over-time/?page=99999999999999999999").status_code == 200


def test_every_cause_says_what_to_do() -> None:
    assert [cause for cause in Cause.values if not advice(cause).endswith(".")] == []
    assert cause_words("of a later version") == cause_words("other")
