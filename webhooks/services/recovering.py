"""Sending messages again: single ones, all that failed since a moment, or all since a moment."""

from dataclasses import astuple, dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from webhooks.models import Endpoint, Message

BATCH_ROWS = 1000


@dataclass(frozen=True)
class SentAgain:
    """How many messages were sent again, and how many not; only the first two numbers were touched."""

    sent: int = 0
    held: int = 0  # wait for their URL to be verified
    in_hands: int = 0  # a worker is sending them at this moment
    disabled: int = 0  # nothing is sent to their URL
    without_content: int = 0  # it was deleted

    def __add__(self, other: "SentAgain") -> "SentAgain":
        """Return the sums."""
        return SentAgain(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))


def send_again(*, messages: QuerySet[Message]) -> SentAgain:
    """Give ended messages a new schedule from now; those that still wait are tried at once.

    Messages that a worker has stay with it. Those to a disabled URL stay as they are: they would fail at once.
    """
    keys = list(messages.values_list("pk", flat=True))
    batches = (keys[start : start + BATCH_ROWS] for start in range(0, len(keys), BATCH_ROWS))
    return sum((_send_batch_again(batch) for batch in batches), SentAgain())


def _send_batch_again(keys: list[int]) -> SentAgain:
    with transaction.atomic():
        enabled = Message.objects.filter(pk__in=keys, endpoint__disabled_at=None, content_deleted_at=None)
        count = _restart(enabled.exclude(state=Message.State.DELIVERING), now=timezone.now())
        held = enabled.filter(state=Message.State.PENDING, endpoint__verified_at=None).count()
        in_hands = enabled.filter(state=Message.State.DELIVERING).count()
        without = Message.objects.filter(pk__in=keys, content_deleted_at__isnull=False).count()
    return SentAgain(
        sent=max(count - held, 0),
        held=held,
        in_hands=in_hands,
        disabled=max(len(keys) - count - in_hands - without, 0),
        without_content=without,
    )


def count_failed(*, endpoint: Endpoint, since: datetime, cause: str = "") -> int:
    """Return how many messages `recover_failed` would send again."""
    return _failed(endpoint, since, cause).count()


def recover_failed(*, endpoint: Endpoint, since: datetime, cause: str = "") -> int:
    """Send every message again that was made at or after `since` and has failed; return how many.

    If `cause` is given, only those of it. None if the endpoint is disabled: they would fail at once.
    """
    return _again(endpoint, _failed(endpoint, since, cause))


def count_ended(*, endpoint: Endpoint, since: datetime) -> int:
    """Return how many messages `replay` would send again."""
    return _ended(endpoint, since).count()


def replay(*, endpoint: Endpoint, since: datetime) -> int:
    """Send every message again that was made at or after `since` and has ended, delivered or not; return how many.

    Each keeps its id, so that the receiver can tell that it had it before. None if the endpoint is disabled.
    """
    return _again(endpoint, _ended(endpoint, since))


def _again(endpoint: Endpoint, messages: QuerySet[Message]) -> int:
    with transaction.atomic():
        now = timezone.now()
        count = _restart(messages.filter(endpoint__disabled_at=None), now=now)
        if count:
            Endpoint.objects.filter(pk=endpoint.pk).update(recovery_started_at=now, recovery_total=count)
    return count


def _failed(endpoint: Endpoint, since: datetime, cause: str) -> QuerySet[Message]:
    failed = _ended(endpoint, since).filter(state=Message.State.FAILED)
    return failed.filter(cause=cause) if cause else failed


def _ended(endpoint: Endpoint, since: datetime) -> QuerySet[Message]:
    ended = [Message.State.DELIVERED, Message.State.FAILED]
    return Message.objects.filter(endpoint=endpoint, state__in=ended, created_at__gte=since, content_deleted_at=None)


def _restart(messages: QuerySet[Message], *, now: datetime) -> int:
    return messages.update(
        state=Message.State.PENDING,
        error="",
        cause="",
        delivered_at=None,
        schedule_start=now,
        schedule_step=0,
        next_attempt_at=now,
        queued_until=None,  # the sweeper queues it within a second
    )
