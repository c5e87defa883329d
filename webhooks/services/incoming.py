"""Received callbacks: signature and body are checked, and each is stored once."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from webhooks.contract import Errors, NotJsonError, callback_errors, challenge_body, challenge_of, parse
from webhooks.models import Received, Refused, Source
from webhooks.secret_box import SecretUnreadableError
from webhooks.services.refusals import keep_refusal
from webhooks.services.sealed_secrets import secrets_in_force
from webhooks.signing import BadSignatureError, Verdict, verify
from webhooks.storable import storable

logger = structlog.get_logger(__name__)

_MAX_SLUG_CHARACTERS = 100


@dataclass(frozen=True)
class Accepted:
    """What the endpoint answers with 200."""

    answer: dict[str, Any]


class RefusedError(Exception):
    """The request is refused; holds the status to answer, and why."""

    def __init__(self, reason: Refused.Reason, status: int, detail: str, errors: Errors | None = None) -> None:
        """Hold the refusal: its class, HTTP status, words for a person, and the wrong fields."""
        super().__init__(detail)
        self.reason = reason
        self.status = status
        self.detail = detail
        self.errors = errors


@dataclass(frozen=True)
class Arrival:
    """A request to the incoming endpoint. Header names are lower-case; `body` is cut just past the size limit."""

    slug: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    remote_address: str = ""


def receive(*, arrival: Arrival) -> Accepted:
    """Answer a challenge, or verify a callback and store it.

    Raises:
        RefusedError: already counted, with the status to answer: 404 unknown source, 401 signature, 422 body.

    """
    source = Source.objects.filter(slug=arrival.slug).first()
    try:
        return _answer(source, arrival)
    except RefusedError as refusal:
        _count(source, arrival, refusal)
        raise


def _answer(source: Source | None, arrival: Arrival) -> Accepted:
    if source is None:
        raise RefusedError(Refused.Reason.UNKNOWN_SOURCE, 404, "There is no such source.")
    text, body = _parsed(arrival.body)
    challenge = challenge_of(body)
    if challenge is not None:
        # Unsigned too: a sender verifies the URL before it shows its owner the secret.
        return Accepted(challenge_body(challenge))
    verdict = _verified(source, arrival, text=text, body=body)
    _refuse_step_down(source, verdict)
    errors = callback_errors(body)
    if errors:
        raise RefusedError(Refused.Reason.BODY, 422, "The body is not a callback of the contract.", errors)
    return _store(source, arrival, text=text, body=body, verdict=verdict)


def _parsed(raw: bytes) -> tuple[str, dict[str, Any]]:
    limit_kb = settings.WEBHOOK_MAX_BODY_KB
    if len(raw) > limit_kb * 1024:
        detail = f"The body is larger than {limit_kb} kB."
        raise RefusedError(Refused.Reason.TOO_LARGE, 422, detail, {"body": [detail]})
    try:
        return parse(raw)
    except NotJsonError as error:
        raise RefusedError(Refused.Reason.BODY, 422, str(error), {"body": [str(error)]}) from error


def _verified(source: Source, arrival: Arrival, *, text: str, body: dict[str, Any]) -> Verdict:
    task_id = body.get("task_id")
    now = timezone.now()
    try:
        return verify(
            secrets=secrets_in_force(source, now=now),
            headers=arrival.headers,
            task_id=task_id if isinstance(task_id, str) else "",
            body=text,
            now=now,
            tolerance_s=settings.WEBHOOK_TOLERANCE_SECONDS,
        )
    except SecretUnreadableError as error:
        logger.exception("source_secret_read_failed", source=source.slug)
        detail = "The secret of this source cannot be read here; staff must rotate it."
        raise RefusedError(Refused.Reason.SIGNATURE, 401, detail) from error
    except BadSignatureError as error:
        raise RefusedError(Refused.Reason.SIGNATURE, 401, str(error)) from error


def _refuse_step_down(source: Source, verdict: Verdict) -> None:
    """Refuse a callback without a signature of its body from a source that has signed bodies before.

    Whoever carries a callback could else take that signature off, and put any body under the one that covers none.
    """
    if source.signs_bodies and not verdict.standard:
        raise RefusedError(
            Refused.Reason.SIGNATURE, 401, "webhook-signature is missing, but this source signs its bodies."
        )


def _store(source: Source, arrival: Arrival, *, text: str, body: dict[str, Any], verdict: Verdict) -> Accepted:
    now = timezone.now()
    message_id = arrival.headers["webhook-id"] if verdict.standard else _derived_id(body["task_id"], text)
    with transaction.atomic():
        received, created = Received.objects.get_or_create(
            source=source,
            message_id=message_id,
            defaults={
                "event": body["task_name"],
                "status": body["status"],
                "task_id": body["task_id"],
                "body": text,
                "mippia_verified": verdict.mippia,
                "standard_verified": verdict.standard,
                "first_seen_at": now,
                "last_seen_at": now,
            },
        )
        if not created:
            Received.objects.filter(pk=received.pk).update(times_seen=F("times_seen") + 1, last_seen_at=now)
        _remember(source, is_new=created, signed=verdict.standard, now=now)
    logger.info("callback_received", source=source.slug, task_id=body["task_id"], again=not created)
    return Accepted({"detail": "Stored." if created else "Received before."})


def _remember(source: Source, *, is_new: bool, signed: bool, now: datetime) -> None:
    """Keep with the source what would be asked of its history: that is long, and the retention shortens it."""
    changes: dict[str, Any] = {"last_received_at": now}
    if is_new:
        changes["received_count"] = F("received_count") + 1
    if signed:
        changes["signs_bodies"] = True
    Source.objects.filter(pk=source.pk).update(**changes)


def _derived_id(task_id: str, text: str) -> str:
    """Return an id for a callback without one: the same callback sent again gets the same."""
    return "mippia_" + hashlib.sha256(f"{task_id}\n{text}".encode()).hexdigest()[:32]


def _count(source: Source | None, arrival: Arrival, refusal: RefusedError) -> None:
    keep_refusal(
        source=source,
        slug=arrival.slug[:_MAX_SLUG_CHARACTERS],
        reason=refusal.reason,
        detail=_with_fields(refusal),
        headers=arrival.headers,
        body=arrival.body,
        remote_address=arrival.remote_address,
        at=timezone.now(),
    )
    logger.info("callback_refused", source=arrival.slug, reason=refusal.reason, detail=refusal.detail)


def _with_fields(refusal: RefusedError) -> str:
    """Return the refusal in words, with the fields at fault; what came from outside is made safe to store."""
    fields = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in (refusal.errors or {}).items())
    detail = f"{refusal.detail} {fields}" if fields and "body" not in (refusal.errors or {}) else refusal.detail
    return storable(detail)[:1000]
