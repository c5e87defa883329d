"""One attempt: claimed, sent, recorded. No HTTP inside a transaction."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone

from webhooks.models import Attempt, Endpoint, Message
from webhooks.retry import next_attempt
from webhooks.secret_box import SecretUnreadableError
from webhooks.services.endpoints import disable_endpoint, note_failure, note_success
from webhooks.services.messages import LEASE, LOST_WORKER, is_due
from webhooks.services.sealed_secrets import secrets_in_force
from webhooks.signing import callback_headers
from webhooks.storable import storable
from webhooks.transport import KEPT_BODY_BYTES, Answer, post, request_headers

logger = structlog.get_logger(__name__)

GONE = 410


@dataclass(frozen=True)
class Claim:
    """An attempt that is this worker's to make."""

    message: Message
    attempt: Attempt


def deliver(*, message_pk: int) -> bool:
    """Make one attempt at a message if it is due and nobody else has it; return whether one was made."""
    try:
        claim = claim_message(message_pk=message_pk, now=timezone.now())
    except SecretUnreadableError as error:
        endpoint = Message.objects.select_related("endpoint").get(pk=message_pk).endpoint
        disable_endpoint(endpoint=endpoint, reason=f"{error} Rotate the secret.", now=timezone.now())
        return False
    if claim is None:
        return False
    answer = post(url=claim.attempt.url, headers=claim.attempt.request_headers, body=claim.message.body.encode())
    record_answer(claim=claim, answer=answer, now=timezone.now())
    return True


def claim_message(*, message_pk: int, now: datetime) -> Claim | None:
    """Take the message by one conditional UPDATE, with a lease, and write the attempt down before it is made.

    Returns None where it is not due, not deliverable, or in another worker's hands.
    """
    with transaction.atomic():
        deliverable = Endpoint.objects.filter(verified_at__isnull=False, disabled_at__isnull=True)
        token = LEASE.claim(
            Message.objects.filter(is_due(now), pk=message_pk, endpoint__in=deliverable),
            now=now,
            state=Message.State.DELIVERING,
            queued_until=None,
            attempt_count=F("attempt_count") + 1,
            # The schedule counts from its first attempt: a queue that was late does not eat into it.
            schedule_start=Case(When(schedule_step=0, then=Value(now)), default=F("schedule_start")),
            schedule_step=F("schedule_step") + 1,
        )
        if token is None:
            return None
        message = Message.objects.select_related("endpoint").get(pk=message_pk)
        message.attempts.filter(ended_at=None).update(ended_at=now, error=LOST_WORKER)
        return Claim(message=message, attempt=_begin_attempt(message, now))


def record_answer(*, claim: Claim, answer: Answer, now: datetime) -> None:
    """Complete the attempt's row, and move the message to its end or to its next attempt."""
    with transaction.atomic():
        Attempt.objects.filter(pk=claim.attempt.pk).update(
            ended_at=now,
            duration_ms=answer.duration_ms,
            status=answer.status,
            response_headers=answer.headers,
            response_body=storable(answer.body[:KEPT_BODY_BYTES].decode("utf-8", "replace")),
            error=answer.error,
        )
        if answer.succeeded:
            _record_success(claim.message, now=now)
        else:
            _record_failure(claim, answer=answer, now=now)
    logger.info(
        "callback_attempted",
        task_id=claim.message.subject,
        message_id=claim.message.message_id,
        attempt=claim.attempt.number,
        status=answer.status,
        duration_ms=answer.duration_ms,
        error=answer.error,
    )


def _begin_attempt(message: Message, now: datetime) -> Attempt:
    signed = callback_headers(
        secrets=secrets_in_force(message.endpoint, now=now),
        message_id=message.message_id,
        task_id=message.subject,
        timestamp=int(now.timestamp()),
        body=message.body,
    )
    return Attempt.objects.create(
        message=message,
        number=message.attempt_count,
        started_at=now,
        url=message.endpoint.url,
        request_headers=request_headers(signed),
    )


def _record_success(message: Message, *, now: datetime) -> None:
    # Also where the lease had run out: the receiver has it, so nobody needs to send it once more.
    Message.objects.filter(pk=message.pk).exclude(state=Message.State.DELIVERED).update(
        state=Message.State.DELIVERED, delivered_at=now, error="", queued_until=None
    )
    note_success(endpoint=message.endpoint)


def _record_failure(claim: Claim, *, answer: Answer, now: datetime) -> None:
    message = claim.message
    due = next_attempt(start=message.schedule_start, step=message.schedule_step, now=now, headers=answer.headers)
    # Only while the lease is this worker's: another's outcome is not overwritten.
    mine = LEASE.held(Message.objects.filter(pk=message.pk, state=Message.State.DELIVERING), message.lease_token)
    if due is None:
        mine.update(state=Message.State.FAILED, error="Every attempt of the schedule failed.", queued_until=None)
    else:
        mine.update(state=Message.State.PENDING, next_attempt_at=due, queued_until=None)
    if answer.status == GONE:
        disable_endpoint(endpoint=message.endpoint, reason="The URL answered 410 Gone.", now=now)
    else:
        note_failure(endpoint=message.endpoint, now=now)
