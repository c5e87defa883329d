"""When a callback may be sent: its time has come, the queue does not have it, and its URL accepts callbacks now."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from queueing.lease import CLOCK_ROOM, Lease, Term
from webhooks.models import Endpoint, Message
from webhooks.retry import MAX_RETRY_AFTER

LEASE_MARGIN = timedelta(seconds=30)


def is_due(now: datetime) -> Q:
    """Match messages whose time has come at `now`, or is impossible because the clock was set back since."""
    first = Q(schedule_step=0, next_attempt_at__gt=now + CLOCK_ROOM)
    lease = Q(state=Message.State.DELIVERING) & LEASE.wrong(now)
    waiting = Q(state__in=[Message.State.PENDING, Message.State.DELIVERING])
    return waiting & (Q(next_attempt_at__lte=now) | first | lease)


def open_endpoints() -> QuerySet[Endpoint]:
    """Return the endpoints to which callbacks are sent, those in a pause too."""
    return Endpoint.objects.filter(verified_at__isnull=False, disabled_at__isnull=True)


def schedule_length() -> timedelta:
    """Return the time from the first attempt to the last: as long a message also waits for an unverified URL."""
    return timedelta(seconds=settings.WEBHOOK_SCHEDULE_SECONDS[-1])


def lease_length() -> timedelta:
    """Return how long a worker holds a message: the timeout, and time to look up the name and store the answer."""
    return timedelta(seconds=settings.WEBHOOK_TIMEOUT_SECONDS) + LEASE_MARGIN


def queue_trust() -> timedelta:
    """Return how long a message may be in the queue before it counts as lost and is queued again."""
    return timedelta(seconds=settings.WEBHOOK_QUEUE_TRUST_SECONDS)


def _longest_pause() -> timedelta:
    return max(MAX_RETRY_AFTER, timedelta(seconds=settings.WEBHOOK_PAUSE_MAX_SECONDS))


# `next_attempt_at` is the end of the lease of the worker that has the message.
LEASE = Lease("next_attempt_at", longest=lease_length, length=lease_length)
TRUST = Term("queued_until", longest=queue_trust)
PAUSE = Term("paused_until", longest=_longest_pause)
