"""What other apps may ask about deliveries, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from webhooks.models import Endpoint, Message

ON_ITS_WAY = Q(state__in=[Message.State.PENDING, Message.State.DELIVERING])  # what pages call waiting
LATELY = timedelta(days=7)  # what pages call recent: what is older was seen, or is history


@dataclass(frozen=True)
class DeliveryAttempt:
    """One HTTP request of a callback. `status` is None if nobody answered."""

    number: int
    started_at: datetime
    duration_ms: int | None
    status: int | None
    error: str
    succeeded: bool


@dataclass(frozen=True)
class Delivery:
    """One callback: its state, and every attempt at it, oldest first.

    `next_attempt_at` is None if none is planned: it has ended, a worker has it, or its URL gets nothing now.
    """

    message_pk: int
    url: str
    state: str
    next_attempt_at: datetime | None
    attempts: tuple[DeliveryAttempt, ...]


def deliveries_about(*, subject: str) -> list[Delivery]:
    """Return the callbacks about a task."""
    return deliveries_by_subject(subjects=[subject]).get(subject, [])


def deliveries_by_subject(*, subjects: Sequence[str]) -> dict[str, list[Delivery]]:
    """Return the callbacks about several tasks, by task id, in two queries."""
    messages = Message.objects.filter(subject__in=subjects).select_related("endpoint").prefetch_related("attempts")
    found: dict[str, list[Delivery]] = {}
    for message in messages.order_by("pk"):
        found.setdefault(message.subject, []).append(_delivery(message))
    return found


def _delivery(message: Message) -> Delivery:
    waits = message.state == Message.State.PENDING and message.endpoint.is_deliverable
    return Delivery(
        message_pk=message.pk,
        url=message.endpoint.url,
        state=message.state,
        next_attempt_at=message.expected_at if waits else None,
        attempts=tuple(
            DeliveryAttempt(
                number=attempt.number,
                started_at=attempt.started_at,
                duration_ms=attempt.duration_ms,
                status=attempt.status,
                error=attempt.error,
                succeeded=attempt.succeeded,
            )
            for attempt in sorted(message.attempts.all(), key=lambda attempt: attempt.number)
        ),
    )


def failing(endpoints: QuerySet[Endpoint]) -> QuerySet[Endpoint]:
    """Return those of `endpoints` that fail now, are disabled, or keep callbacks waiting because they are not verified.

    Those that their own account disabled need nobody, and are left out.
    """
    kept_from_it = Message.objects.filter(endpoint=OuterRef("pk")).exclude(state=Message.State.DELIVERED)
    unverified = Q(verified_at=None) & Exists(kept_from_it)
    in_use = endpoints.filter(removed_at=None, disabled_by_owner=False)
    return in_use.filter(Q(failing_since__isnull=False) | Q(disabled_at__isnull=False) | unverified)


def count_failing_endpoints() -> int:
    """Count the endpoints that need somebody."""
    return failing(Endpoint.objects.all()).count()


def given_up(messages: QuerySet[Message], *, now: datetime) -> QuerySet[Message]:
    """Return those of `messages` that were given up lately."""
    return messages.filter(created_at__gte=now - LATELY, state=Message.State.FAILED)


def lost(messages: QuerySet[Message], *, now: datetime) -> QuerySet[Message]:
    """Return those of `messages` that were given up lately and that somebody may send again.

    Messages to a URL that its account removed or disabled are left out: the account wants none.
    """
    return given_up(messages, now=now).filter(endpoint__removed_at=None, endpoint__disabled_by_owner=False)


def count_waiting_callbacks() -> int:
    """Count the callbacks that are on their way, to any URL, by a small index of these alone."""
    return Message.objects.filter(ON_ITS_WAY).count()


def count_lost_callbacks(*, now: datetime) -> int:
    """Count the callbacks that were given up lately."""
    return lost(Message.objects.all(), now=now).count()
