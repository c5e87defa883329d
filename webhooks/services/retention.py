"""What is kept, and how long."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from webhooks.models import Attempt, Message


def prune(*, now: datetime | None = None) -> int:
    """Delete attempts and messages older than `WEBHOOK_ATTEMPT_RETENTION_DAYS`; return how many rows went.

    A message that still waits goes only where its time passed as long ago: its URL was never verified again.
    """
    before = (now or timezone.now()) - timedelta(days=settings.WEBHOOK_ATTEMPT_RETENTION_DAYS)
    attempts, _ = Attempt.objects.filter(started_at__lt=before).exclude(ended_at=None).delete()
    ended = Q(state__in=[Message.State.DELIVERED, Message.State.FAILED])
    abandoned = Q(state=Message.State.PENDING, next_attempt_at__lt=before)
    messages, _ = Message.objects.filter(ended | abandoned, created_at__lt=before, attempts=None).delete()
    return attempts + messages
