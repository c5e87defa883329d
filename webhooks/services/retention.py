"""What is kept, and how long."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from webhooks.models import Attempt, Message


def prune(*, now: datetime | None = None) -> int:
    """Delete attempts and ended messages older than `WEBHOOK_ATTEMPT_RETENTION_DAYS`; return how many rows went."""
    before = (now or timezone.now()) - timedelta(days=settings.WEBHOOK_ATTEMPT_RETENTION_DAYS)
    attempts, _ = Attempt.objects.filter(started_at__lt=before).exclude(ended_at=None).delete()
    ended = [Message.State.DELIVERED, Message.State.FAILED]
    messages, _ = Message.objects.filter(created_at__lt=before, state__in=ended, attempts=None).delete()
    return attempts + messages
