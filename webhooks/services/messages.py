"""Messages: made in the transaction of their event, one for each URL that wants it, and put in the queue."""

import json
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from queueing import entries
from webhooks.causes import Cause
from webhooks.choices import BodyFormat
from webhooks.contract import Body, TaskName, TaskStatus, callback_body, new_task_id
from webhooks.models import Endpoint, Message
from webhooks.services.counting import count_attempts
from webhooks.services.due import TRUST, queue_trust

QUEUE_NAME = "webhooks"
DELIVERY_TASK = "webhooks.tasks.deliver_message"
TEST_EVENT = "test"
DISABLED = "The endpoint is disabled."


def queue_messages(
    *,
    owner: User,
    event: str,
    event_key: str,
    subject: str,
    body: Body | Callable[[], Body],
    full: Callable[[], Body] | None = None,
    but_not: Endpoint | None = None,
) -> list[Message]:
    """Make one message of `event_key` for each of the owner's URLs that wants `event`, and put them in the queue.

    Call it inside the transaction that ends the task: all commit together, or nothing does. Returns the messages;
    if a URL has the event already, its older message. A message to an unverified URL waits for it, as long as the retry
    schedule is; a message to a disabled URL has failed from the start. Either can be recovered.

    `subject` is the task id that x-mippia-signature covers. `body` is sent as JSON; URLs that asked for the full format
    get what `full` builds, if given. Neither is built if no URL wants it. `but_not` is a URL that gets none.
    """
    urls = Endpoint.objects.of(owner)
    wanted = [endpoint for endpoint in urls if event in endpoint.events and endpoint != but_not]
    built: dict[bool, str] = {}
    messages = []
    for endpoint in wanted:
        is_full = full is not None and endpoint.body_format == BodyFormat.FULL
        if is_full not in built:
            built[is_full] = _json(full if full is not None and is_full else body)
        text = built[is_full]
        messages.append(_queue(endpoint=endpoint, event=event, event_key=event_key, subject=subject, body=text))
    return messages


def send_test(*, endpoint: Endpoint) -> Message:
    """Queue a made-up callback of the contract's form, so that the owner sees one arrive."""
    now = timezone.now()
    task_id = new_task_id(now, mark="Test")
    body = callback_body(task_id=task_id, task_name=TaskName.ADD, status=TaskStatus.SUCCESS, completed_at=now)
    return _queue(endpoint=endpoint, event=TEST_EVENT, event_key=f"test:{task_id}", subject=task_id, body=_json(body))


def enqueue(pk: int, *, now: datetime) -> bool:
    """Put a message in the queue, once: whoever moves `queued_until` does it, in the same transaction."""
    with transaction.atomic():
        mine = Message.objects.filter(TRUST.free(now), pk=pk).update(queued_until=now + queue_trust())
        if mine:
            _tell_queue(pk)
    return bool(mine)


def _tell_queue(pk: int) -> None:
    entries.put(DELIVERY_TASK, [pk], cluster=QUEUE_NAME, options=[{"task_name": f"callback {pk}"}])


def _json(body: Body | Callable[[], Body]) -> str:
    built: Any = body() if callable(body) else body
    return json.dumps(built, ensure_ascii=False, allow_nan=False)


def _queue(*, endpoint: Endpoint, event: str, event_key: str, subject: str, body: str) -> Message:
    now = timezone.now()
    ended = {"state": Message.State.FAILED, "error": DISABLED, "cause": Cause.DISABLED} if endpoint.disabled_at else {}
    goes = endpoint.is_deliverable and endpoint.paused_until is None
    with transaction.atomic(savepoint=False):
        message, created = Message.objects.get_or_create(
            endpoint=endpoint,
            event_key=event_key,
            defaults={
                "message_id": f"msg_{secrets.token_hex(16)}",
                "event": event,
                "subject": subject,
                "body": body,
                "schedule_start": now,
                "next_attempt_at": now,
                "queued_until": now + queue_trust() if goes else None,
                "created_at": now,
                **ended,
            },
        )
        if created and goes:
            _tell_queue(message.pk)
        if created and ended:
            count_attempts(endpoint_pk=endpoint.pk, now=now, cause=Cause.DISABLED.value, given_up=1)
    return message
