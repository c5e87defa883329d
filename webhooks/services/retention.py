"""What is kept, and how long."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from webhooks.models import Attempt, Message, Received


def prune(*, now: datetime | None = None) -> int:
    """Delete what is older than the retention settings say, callbacks out and in; return how many rows went."""
    moment = now or timezone.now()
    sent = _prune_sent(before=moment - timedelta(days=settings.WEBHOOK_ATTEMPT_RETENTION_DAYS))
    return sent + _prune_received(before=moment - timedelta(days=settings.WEBHOOK_RECEIVED_RETENTION_DAYS))


def _prune_sent(*, before: datetime) -> int:
    """A message that still waits goes only where its time passed as long ago: its URL was never verified again."""
    attempts, _ = Attempt.objects.filter(started_at__lt=before).exclude(ended_at=None).delete()
    ended = Q(state__in=[Message.State.DELIVERED, Message.State.FAILED])
    abandoned = Q(state=Message.State.PENDING, next_attempt_at__lt=before)
    messages, _ = Message.objects.filter(ended | abandoned, created_at__lt=before, attempts=None).delete()
    return attempts + messages


def _prune_received(*, before: datetime) -> int:
    """A callback that came again since is still in use: a sender that repeats it must not have it stored anew."""
    received, _ = Received.objects.filter(first_seen_at__lt=before, last_seen_at__lt=before).delete()
    return received
