"""One attempt at a callback: claimed, sent, recorded. No HTTP request inside a transaction."""

from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone

from webhooks.causes import Cause
from webhooks.models import Attempt, Message
from webhooks.retry import next_attempt
from webhooks.secret_box import SecretUnreadableError
from webhooks.services.counting import count_attempts
from webhooks.services.custom_headers import headers_of, hidden, masked
from webhooks.services.due import LEASE, PAUSE, is_due, open_endpoints
from webhooks.services.endpoints import disable_endpoint, note_failure, note_success
from webhooks.services.pausing import end_pause, pause_after, take_try
from webhooks.services.sealed_secrets import secrets_in_force
from webhooks.services.signatures import signed_headers
from webhooks.services.standing import State
from webhooks.services.state_log import note_change, note_state
from webhooks.services.sweeping import LOST_WORKER
from webhooks.storable import storable
from webhooks.transport import KEPT_BODY_BYTES, Answer, post, request_headers

logger = structlog.get_logger(__name__)

GONE = 410
EVERY_ATTEMPT_FAILED = "Every attempt of the schedule failed."


@dataclass(frozen=True)
class Claim:
    """An attempt that this worker has to make.

    `own_headers` are the URL's; history keeps them without their values. `tried_until` is the end of the lease if
    this is the one try after a pause.
    """

    message: Message
    attempt: Attempt
    own_headers: dict[str, str] = field(default_factory=dict)
    tried_until: datetime | None = None


def deliver(*, message_pk: int) -> bool:
    """Make one attempt at a message if it is due and no other worker has it; return whether one was made."""
    try:
        claim = claim_message(message_pk=message_pk, now=timezone.now())
    except SecretUnreadableError as error:
        endpoint = Message.objects.select_related("endpoint").get(pk=message_pk).endpoint
        disable_endpoint(endpoint=endpoint, reason=f"{error} Rotate the secret.", now=timezone.now())
        return False
    if claim is None:
        _leave_to_the_sweeper(message_pk)
        return False
    headers = claim.attempt.request_headers | claim.own_headers
    answer = post(url=claim.attempt.url, headers=headers, body=claim.message.body.encode())
    record_answer(claim=claim, answer=answer, now=timezone.now())
    return True


def claim_message(*, message_pk: int, now: datetime) -> Claim | None:
    """Claim the message by one conditional UPDATE, and store the attempt before it is made.

    Returns None if it is not due, cannot be delivered, another worker has it, or its URL is paused.
    """
    with transaction.atomic():
        token = LEASE.claim(
            Message.objects.filter(is_due(now), pk=message_pk, endpoint__in=open_endpoints().filter(PAUSE.free(now))),
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
        message = Message.objects.select_related("endpoint__owner").get(pk=message_pk)
        tried_until = None
        if message.endpoint.paused_until is not None:
            tried_until = take_try(message.endpoint, now=now)
            if tried_until is None:
                transaction.set_rollback(True)
                return None
            note_change(message.endpoint, State.TRYING, now=now)
        claim = _begin_attempt(message, tried_until=tried_until, now=now)
        _end_attempts_before(claim, now=now)
        return claim


def _end_attempts_before(claim: Claim, *, now: datetime) -> None:
    """Complete the attempts of workers that stopped: the claim is another's now."""
    left = Attempt.objects.filter(message=claim.message, ended_at=None).exclude(pk=claim.attempt.pk)
    if count := left.update(ended_at=now, error=LOST_WORKER):
        count_attempts(endpoint_pk=claim.message.endpoint_id, now=now, cause=Cause.WORKER.value, attempts=count)


def _leave_to_the_sweeper(message_pk: int) -> None:
    """Let a message that a pause kept here be queued again as soon as the pause is over."""
    kept = Message.objects.filter(pk=message_pk, state=Message.State.PENDING, endpoint__paused_until__isnull=False)
    kept.update(queued_until=None)


def record_answer(*, claim: Claim, answer: Answer, now: datetime) -> None:
    """Complete the attempt's row, and end the message or schedule its next attempt."""
    with transaction.atomic():
        is_first = _complete_attempt(claim, answer=answer, now=now)
        given_up = False
        if answer.succeeded:
            _record_success(claim, now=now)
        else:
            given_up = _record_failure(claim, answer=answer, now=now)
        endpoint = claim.message.endpoint
        if not (answer.succeeded and endpoint.noted_state == State.HEALTHY):
            note_state(endpoint_pk=endpoint.pk, now=now)
        count_attempts(
            endpoint_pk=endpoint.pk,
            now=now,
            cause=answer.cause,
            took_ms=answer.duration_ms,
            attempts=int(is_first),
            given_up=int(given_up),
        )
    logger.info(
        "callback_attempted",
        task_id=claim.message.subject,
        message_id=claim.message.message_id,
        attempt=claim.attempt.number,
        status=answer.status,
        duration_ms=answer.duration_ms,
        error=answer.error,
    )


def _complete_attempt(claim: Claim, *, answer: Answer, now: datetime) -> bool:
    """Store what came; return False where the attempt counts already, as one whose worker had stopped."""
    row = Attempt.objects.filter(pk=claim.attempt.pk)
    came = {
        "ended_at": now,
        "duration_ms": answer.duration_ms,
        "status": answer.status,
        "response_headers": {name: hidden(value, claim.own_headers) for name, value in answer.headers.items()},
        "response_body": _kept_text(answer, claim.own_headers),
        "error": answer.error,
    }
    if row.filter(ended_at=None).update(**came):
        return True
    row.update(**came)
    return False


def _kept_text(answer: Answer, own_headers: dict[str, str]) -> str:
    """Return the first kB of the body. Values are hidden before it is cut: a half of one would not be found."""
    text = hidden(answer.body.decode("utf-8", "replace"), own_headers)
    return storable(text.encode()[:KEPT_BODY_BYTES].decode("utf-8", "replace"))


def _begin_attempt(message: Message, *, tried_until: datetime | None, now: datetime) -> Claim:
    own_headers = headers_of(message.endpoint)
    signed = signed_headers(
        message.endpoint,
        secrets=secrets_in_force(message.endpoint, now=now),
        message_id=message.message_id,
        task_id=message.subject,
        body=message.body,
        now=now,
    )
    attempt = Attempt.objects.create(
        message=message,
        number=message.attempt_count,
        started_at=now,
        url=message.endpoint.url,
        request_headers=request_headers(signed) | masked(own_headers),
    )
    return Claim(message=message, attempt=attempt, own_headers=own_headers, tried_until=tried_until)


def _record_success(claim: Claim, *, now: datetime) -> None:
    message = claim.message
    # Also where the lease had run out: the receiver has it, so nobody needs to send it once more.
    Message.objects.filter(pk=message.pk).exclude(state=Message.State.DELIVERED).update(
        state=Message.State.DELIVERED, delivered_at=now, error="", cause="", queued_until=None
    )
    note_success(endpoint=message.endpoint)
    end_pause(message.endpoint, tried_until=claim.tried_until)


def _record_failure(claim: Claim, *, answer: Answer, now: datetime) -> bool:
    """Move the message to its next attempt, or give it up; return whether it was given up here."""
    message = claim.message
    due = next_attempt(start=message.schedule_start, step=message.schedule_step, now=now, headers=answer.headers)
    # Only while the lease is this worker's: another's outcome is not overwritten.
    mine = LEASE.held(Message.objects.filter(pk=message.pk, state=Message.State.DELIVERING), message.lease_token)
    if due is None:
        moved = mine.update(
            state=Message.State.FAILED, error=EVERY_ATTEMPT_FAILED, cause=answer.cause, queued_until=None
        )
    else:
        moved = mine.update(state=Message.State.PENDING, next_attempt_at=due, cause=answer.cause, queued_until=None)
    if answer.status == GONE:
        disable_endpoint(endpoint=message.endpoint, reason="The URL answered 410 Gone.", now=now)
    else:
        note_failure(endpoint=message.endpoint, now=now)
        pause_after(message.endpoint, answer=answer, tried_until=claim.tried_until, now=now)
    return due is None and bool(moved)
