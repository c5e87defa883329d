"""How long callbacks and their history are kept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from webhooks.models import Attempt, AttemptCount, Endpoint, Message, Received, StateChange
from webhooks.services.counting import hour_of

BATCH_ROWS = 1000


@dataclass(frozen=True)
class Retention:
    """Rows of one kind and how long they are kept; `old(now)` returns those to delete, in the order of deletion."""

    name: str
    setting: str
    old: Callable[[datetime], QuerySet[Any]]

    def count(self, *, now: datetime) -> int:
        """Return how many rows would be deleted."""
        return self.old(now).count()

    def prune(self, *, now: datetime, on_batch: Callable[[int], object] | None = None) -> int:
        """Delete the old rows in batches, each in a transaction of its own; return how many went.

        If it is interrupted, the next call deletes the rest.
        """
        gone = 0
        while keys := list(self.old(now).values_list("pk", flat=True)[:BATCH_ROWS]):
            with transaction.atomic():
                self.old(now).filter(pk__in=keys).delete()
            gone += len(keys)
            if on_batch:
                on_batch(len(keys))
        return gone


def old_attempts(now: datetime) -> QuerySet[Attempt]:
    """Return attempts that ended long ago."""
    before = now - timedelta(days=settings.WEBHOOK_ATTEMPT_RETENTION_DAYS)
    return Attempt.objects.filter(started_at__lt=before).exclude(ended_at=None).order_by("started_at")


def old_messages(now: datetime) -> QuerySet[Message]:
    """Return messages that ended long ago and whose attempts are deleted; waiting messages stay until they end."""
    before = now - timedelta(days=settings.WEBHOOK_ATTEMPT_RETENTION_DAYS)
    ended = [Message.State.DELIVERED, Message.State.FAILED]
    attempts = Attempt.objects.filter(message=OuterRef("pk"))
    return Message.objects.filter(~Exists(attempts), state__in=ended, created_at__lt=before).order_by("created_at")


def old_counts(now: datetime) -> QuerySet[AttemptCount]:
    """Return counts of hours whose attempts are deleted."""
    before = now - timedelta(days=settings.WEBHOOK_ATTEMPT_RETENTION_DAYS)
    return AttemptCount.objects.filter(hour__lt=hour_of(before)).order_by("hour")


def old_changes(now: datetime) -> QuerySet[StateChange]:
    """Return changes of state from long ago. The newest of each URL stays: it says how the URL stood since."""
    before = now - timedelta(days=settings.WEBHOOK_ATTEMPT_RETENTION_DAYS)
    later = StateChange.objects.filter(endpoint=OuterRef("endpoint"), at__gt=OuterRef("at"))
    return StateChange.objects.filter(Exists(later), at__lt=before).order_by("at")


def old_endpoints(now: datetime) -> QuerySet[Endpoint]:
    """Return callback URLs that their account removed long ago, once all that was sent to them is deleted."""
    before = now - timedelta(days=settings.WEBHOOK_ATTEMPT_RETENTION_DAYS)
    messages = Message.objects.filter(endpoint=OuterRef("pk"))
    return Endpoint.objects.filter(~Exists(messages), removed_at__lt=before).order_by("removed_at")


def old_received(now: datetime) -> QuerySet[Received]:
    """Return callbacks that arrived long ago.

    One that arrived again since stays: a sender that repeats it must not have it stored twice.
    """
    before = now - timedelta(days=settings.WEBHOOK_RECEIVED_RETENTION_DAYS)
    return Received.objects.filter(first_seen_at__lt=before, last_seen_at__lt=before).order_by("first_seen_at")


RETENTIONS = (
    Retention("attempts", "WEBHOOK_ATTEMPT_RETENTION_DAYS", old_attempts),
    Retention("hours of attempts", "WEBHOOK_ATTEMPT_RETENTION_DAYS", old_counts),
    Retention("states of callback URLs", "WEBHOOK_ATTEMPT_RETENTION_DAYS", old_changes),
    Retention("callbacks out", "WEBHOOK_ATTEMPT_RETENTION_DAYS", old_messages),
    Retention("removed callback URLs", "WEBHOOK_ATTEMPT_RETENTION_DAYS", old_endpoints),
    Retention("callbacks in", "WEBHOOK_RECEIVED_RETENTION_DAYS", old_received),
)


def prune(*, now: datetime | None = None) -> int:
    """Delete what is older than the retention settings say, callbacks out and in; return how many rows went."""
    moment = now or timezone.now()
    return sum(retention.prune(now=moment) for retention in RETENTIONS)
