"""Messages: made with what they tell of, handed to the queue, given another round."""

import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from queueing.lease import CLOCK_ROOM, Lease, Term
from queueing.retrying import for_each
from webhooks.contract import TaskName, TaskStatus, callback_body, new_task_id
from webhooks.models import Attempt, Endpoint, Message

QUEUE_NAME = "webhooks"
DELIVERY_TASK = "webhooks.tasks.deliver_message"
SWEEP_LIMIT = 200
BATCH_ROWS = 1000
TEST_EVENT = "test"
LEASE_MARGIN = timedelta(seconds=30)
DISABLED = "The endpoint is disabled."
LOST = "The worker stopped at the last attempt of the schedule."
LOST_WORKER = "The worker stopped before the answer was recorded."
NEVER_VERIFIED = "The callback URL was not verified within the retry schedule."


def queue_message(*, owner: User, event: str, event_key: str, subject: str, body: dict[str, Any]) -> Message | None:
    """Make the one message of `event_key` for the owner's endpoint and hand it to the queue.

    `subject` is the task id that x-mippia-signature covers; `body` is sent as JSON. Call it inside the transaction
    that ends the task: both commit together or neither. Returns the message, an older one where the event has one,
    None where the owner has no endpoint. For a URL that is not verified the message waits until it is, as long as the
    retry schedule is; for one that is disabled it has failed from the start. Either can be recovered.
    """
    endpoint = Endpoint.objects.filter(owner=owner).first()
    if endpoint is None:
        return None
    return _queue(endpoint=endpoint, event=event, event_key=event_key, subject=subject, body=body)


def send_test(*, endpoint: Endpoint) -> Message:
    """Queue a callback of the contract's shape, made up, so that the owner sees one arrive."""
    now = timezone.now()
    task_id = new_task_id(now, mark="Test")
    body = callback_body(task_id=task_id, task_name=TaskName.ADD, status=TaskStatus.SUCCESS, completed_at=now)
    return _queue(endpoint=endpoint, event=TEST_EVENT, event_key=f"test:{task_id}", subject=task_id, body=body)


def sweep_due_messages(*, now: datetime | None = None) -> int:
    """Queue what is due and not in the queue: retries, messages whose worker died, messages the queue lost.

    Safe to call from several processes at once. Returns how many were queued.
    """
    moment = now or timezone.now()
    _end_undeliverable(moment)
    _end_lost(moment)
    due = due_messages(now=moment)
    if _queue_is_long(moment):
        # There a message that nobody looked at is late and not lost: queued once more every time, the entries of a
        # receiver that hangs would grow without end.
        due = due.filter(queued_until=None)
    keys = due.values_list("pk", flat=True).order_by("next_attempt_at")[:SWEEP_LIMIT]
    return for_each(list(keys), lambda pk: _enqueue(pk, now=moment), failed=lambda pk: _put_off(pk, now=moment))


def _queue_is_long(now: datetime) -> bool:
    """Tell whether many entries wait; those that were taken do not count, as a killed cluster leaves its own locked."""
    return bool(OrmQ.objects.filter(key=QUEUE_NAME, lock__lte=now)[SWEEP_LIMIT - 1 : SWEEP_LIMIT].exists())


def _end_undeliverable(now: datetime) -> None:
    """Fail what nobody will deliver: it can be recovered once somebody would.

    That is what became due for a disabled endpoint (it was in a worker's hands when the endpoint was disabled), and
    what has waited for its URL to be verified for as long as it would have been tried.
    """
    due = Message.objects.filter(is_due(now))
    _fail(due, of=Endpoint.objects.filter(disabled_at__isnull=False), error=DISABLED)
    # No schedule begins before its message was made, and for that column there is an index.
    longest = now - schedule_length()
    waited = due.filter(schedule_start__lte=longest, created_at__lte=longest)
    _fail(waited, of=Endpoint.objects.filter(verified_at=None), error=NEVER_VERIFIED)


def _fail(messages: QuerySet[Message], *, of: QuerySet[Endpoint], error: str) -> None:
    """Fail messages of these endpoints, some at a time: looked for first, as there are none as good as always.

    By the endpoints' numbers and in the order of an index, which SQLite would not take by itself.
    """
    endpoints = list(of.values_list("pk", flat=True))
    keys = messages.filter(endpoint__in=endpoints).order_by("endpoint_id", "state", "created_at")
    found = list(keys.values_list("pk", flat=True)[:BATCH_ROWS]) if endpoints else []
    if found:
        messages.filter(pk__in=found, endpoint__in=of).update(
            state=Message.State.FAILED, error=error, queued_until=None
        )


def schedule_length() -> timedelta:
    """Return how long after the first attempt the last one is made, and how long a message waits for a URL."""
    return timedelta(seconds=settings.WEBHOOK_SCHEDULE_SECONDS[-1])


def _end_lost(now: datetime) -> None:
    """Fail what was lost at the schedule's last attempt: a message that kills its worker would come again for ever."""
    last = {"state": Message.State.DELIVERING, "schedule_step__gte": len(settings.WEBHOOK_SCHEDULE_SECONDS)}
    lost = Message.objects.filter(is_due(now), **last)
    for pk in list(lost.values_list("pk", flat=True)[:SWEEP_LIMIT]):
        with transaction.atomic():
            if lost.filter(pk=pk).update(state=Message.State.FAILED, error=LOST, queued_until=None):
                Attempt.objects.filter(message=pk, ended_at=None).update(ended_at=now, error=LOST_WORKER)


def due_messages(*, now: datetime) -> QuerySet[Message]:
    """Messages that a worker may take at `now` and that the queue does not have."""
    return Message.objects.filter(
        is_due(now),
        _not_in_queue(now),
        endpoint__verified_at__isnull=False,
        endpoint__disabled_at__isnull=True,
    )


def is_due(now: datetime) -> Q:
    """Match messages whose time has come at `now`, or cannot be right: stamped by a clock that was set back since."""
    first = Q(schedule_step=0, next_attempt_at__gt=now + CLOCK_ROOM)
    lease = Q(state=Message.State.DELIVERING) & LEASE.wrong(now)
    waiting = Q(state__in=[Message.State.PENDING, Message.State.DELIVERING])
    return waiting & (Q(next_attempt_at__lte=now) | first | lease)


def lease_length() -> timedelta:
    """Return how long a worker has a message: past the timeout it still looks the name up and writes what came."""
    return timedelta(seconds=settings.WEBHOOK_TIMEOUT_SECONDS) + LEASE_MARGIN


def _queue(*, endpoint: Endpoint, event: str, event_key: str, subject: str, body: dict[str, Any]) -> Message:
    now = timezone.now()
    ended = {"state": Message.State.FAILED, "error": DISABLED} if endpoint.disabled_at else {}
    with transaction.atomic():
        message, created = Message.objects.get_or_create(
            endpoint=endpoint,
            event_key=event_key,
            defaults={
                "message_id": f"msg_{secrets.token_hex(16)}",
                "event": event,
                "subject": subject,
                "body": json.dumps(body, ensure_ascii=False, allow_nan=False),
                "schedule_start": now,
                "next_attempt_at": now,
                "created_at": now,
                **ended,
            },
        )
        if created and endpoint.is_deliverable:
            _enqueue(message.pk, now=now)
    return message


def _enqueue(pk: int, *, now: datetime) -> bool:
    """Hand a message to the queue, once: whoever moves `queued_until` does it, in the same transaction."""
    with transaction.atomic():
        mine = Message.objects.filter(_not_in_queue(now), pk=pk).update(queued_until=now + _queue_trust())
        if mine:
            async_task(DELIVERY_TASK, pk, cluster=QUEUE_NAME, task_name=f"callback {pk}")
    return bool(mine)


def _put_off(pk: int, *, now: datetime) -> None:
    """Leave a message for a while that could not be queued: those behind it come first then."""
    Message.objects.filter(_not_in_queue(now), pk=pk).update(queued_until=now + _queue_trust())


def _queue_trust() -> timedelta:
    """Return how long the queue is trusted to get to a message: past that it may be lost, and is queued once more."""
    return timedelta(seconds=settings.WEBHOOK_QUEUE_TRUST_SECONDS)


def _not_in_queue(now: datetime) -> Q:
    return TRUST.free(now)


# `next_attempt_at` is the end of the lease of the worker that has the message.
LEASE = Lease("next_attempt_at", longest=lease_length, length=lease_length)
TRUST = Term("queued_until", longest=_queue_trust)
