"""Messages: made with what they tell of, handed to the queue, given another round."""

import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from webhooks.models import Endpoint, Message

QUEUE_NAME = "webhooks"
DELIVERY_TASK = "webhooks.tasks.deliver_message"
# How long the queue is trusted to get to a message: past that it may be lost, and is queued once more.
QUEUE_TRUST = timedelta(minutes=5)
SWEEP_LIMIT = 200
TEST_EVENT = "test"


def queue_message(*, owner: User, event: str, event_key: str, subject: str, body: dict[str, Any]) -> Message | None:
    """Make the one message of `event_key` for the owner's endpoint and hand it to the queue.

    `subject` is the task id that x-mippia-signature covers; `body` is sent as JSON. Call it inside the transaction
    that ends the task: both commit together or neither. Returns the message, an older one where the event has one,
    None where the owner has no endpoint that is verified and enabled.
    """
    endpoint = Endpoint.objects.filter(owner=owner, verified_at__isnull=False, disabled_at__isnull=True).first()
    if endpoint is None:
        return None
    return _queue(endpoint=endpoint, event=event, event_key=event_key, subject=subject, body=body)


def send_test(*, endpoint: Endpoint) -> Message:
    """Queue a callback of the contract's shape, made up, so that the owner sees one arrive."""
    now = timezone.now()
    task_id = f"task_{now:%Y%m%d%H%M%S}_Test{secrets.token_hex(2)}"
    body = {
        "task_id": task_id,
        "task_name": "add_audio_in_index",
        "status": "success",
        "completed_at": timezone.make_naive(now).isoformat(timespec="microseconds"),
    }
    return _queue(endpoint=endpoint, event=TEST_EVENT, event_key=f"test:{task_id}", subject=task_id, body=body)


def send_again(*, message: Message) -> None:
    """Give a message that ended a whole new schedule, from now; one that still waits is tried at once."""
    with transaction.atomic():
        _restart(Message.objects.filter(pk=message.pk).exclude(state=Message.State.DELIVERING))


def count_failed(*, endpoint: Endpoint, since: datetime) -> int:
    """Return how many messages `recover_failed` would send."""
    return _failed(endpoint, since).count()


def recover_failed(*, endpoint: Endpoint, since: datetime) -> int:
    """Send every message again that was made at or after `since` and failed for good; return how many."""
    with transaction.atomic():
        return _restart(_failed(endpoint, since))


def sweep_due_messages(*, now: datetime | None = None) -> int:
    """Queue what is due and not in the queue: retries, messages whose worker died, messages the queue lost.

    Safe to call from several processes at once. Returns how many were queued.
    """
    moment = now or timezone.now()
    due = due_messages(now=moment).values_list("pk", flat=True).order_by("next_attempt_at")[:SWEEP_LIMIT]
    return sum(_enqueue(pk, now=moment) for pk in list(due))


def due_messages(*, now: datetime) -> QuerySet[Message]:
    """Messages that a worker may take at `now` and that the queue does not have."""
    return Message.objects.filter(
        _not_in_queue(now),
        state__in=[Message.State.PENDING, Message.State.DELIVERING],
        next_attempt_at__lte=now,
        endpoint__verified_at__isnull=False,
        endpoint__disabled_at__isnull=True,
    )


def _queue(*, endpoint: Endpoint, event: str, event_key: str, subject: str, body: dict[str, Any]) -> Message:
    now = timezone.now()
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
            },
        )
        if created:
            _enqueue(message.pk, now=now)
    return message


def _enqueue(pk: int, *, now: datetime) -> bool:
    """Hand a message to the queue, once: whoever moves `queued_until` does it, in the same transaction."""
    with transaction.atomic():
        mine = Message.objects.filter(_not_in_queue(now), pk=pk).update(queued_until=now + QUEUE_TRUST)
        if mine:
            async_task(DELIVERY_TASK, pk, cluster=QUEUE_NAME, task_name=f"callback {pk}")
    return bool(mine)


def _not_in_queue(now: datetime) -> Q:
    return Q(queued_until__isnull=True) | Q(queued_until__lte=now)


def _failed(endpoint: Endpoint, since: datetime) -> QuerySet[Message]:
    return Message.objects.filter(endpoint=endpoint, state=Message.State.FAILED, created_at__gte=since)


def _restart(messages: QuerySet[Message]) -> int:
    now = timezone.now()
    return messages.update(
        state=Message.State.PENDING,
        error="",
        delivered_at=None,
        schedule_start=now,
        schedule_step=0,
        next_attempt_at=now,
        queued_until=None,  # the sweeper queues it within a second
    )
