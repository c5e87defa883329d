"""When a callback may be sent: its time has come, the queue does not have it, and its URL takes callbacks now."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from queueing.lease import CLOCK_ROOM, Lease, Term
from webhooks.models import Endpoint, Message
from webhooks.retry import MAX_RETRY_AFTER

LEASE_MARGIN = timedelta(seconds=30)


def is_due(now: datetime) -> Q:
    """Match messages whose time has come at `now`, or cannot be right: stamped by a clock that was set back since."""
    first = Q(schedule_step=0, next_attempt_at__gt=now + CLOCK_ROOM)
    lease = Q(state=Message.State.DELIVERING) & LEASE.wrong(now)
    waiting = Q(state__in=[Message.State.PENDING, Message.State.DELIVERING])
    return waiting & (Q(next_attempt_at__lte=now) | first | lease)


def open_endpoints() -> QuerySet[Endpoint]:
    """Return the endpoints that callbacks go to, those in a pause among them."""
    return Endpoint.objects.filter(verified_at__isnull=False, disabled_at__isnull=True)


def schedule_length() -> timedelta:
    """Return how long after the first attempt the last one is made, and how long a message waits for a URL."""
    return timedelta(seconds=settings.WEBHOOK_SCHEDULE_SECONDS[-1])


def lease_length() -> timedelta:
    """Return how long a worker has a message: past the timeout it still looks the name up and writes what came."""
    return timedelta(seconds=settings.WEBHOOK_TIMEOUT_SECONDS) + LEASE_MARGIN


def queue_trust() -> timedelta:
    """Return how long the queue is trusted to get to a message: past that it may be lost, and is queued once more."""
    return timedelta(seconds=settings.WEBHOOK_QUEUE_TRUST_SECONDS)


def _longest_pause() -> timedelta:
    return max(MAX_RETRY_AFTER, timedelta(seconds=settings.WEBHOOK_PAUSE_MAX_SECONDS))


# `next_attempt_at` is the end of the lease of the worker that has the message.
LEASE = Lease("next_attempt_at", longest=lease_length, length=lease_length)
TRUST = Term("queued_until", longest=queue_trust)
PAUSE = Term("paused_until", longest=_longest_pause)
