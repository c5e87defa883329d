"""How long the catalog keeps old rows: tasks that found nothing, acts of staff and keys, failures of the queue."""

from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django_q.models import Failure

from catalog.models import ApiKeyDay, BulkWork, Job, Match
from catalog.services.idempotency import old_calls
from queueing.retrying import for_each
from staff.audit.retention import old_entries
from webhooks.services import RETENTIONS as WEBHOOK_RETENTIONS
from webhooks.services import Retention

log = structlog.get_logger(__name__)


def old_jobs(now: datetime) -> QuerySet[Job]:
    """Return tasks that ended long ago and found nothing. A match is evidence, and its task stays with it."""
    before = now - timedelta(days=settings.JOB_RETENTION_DAYS)
    matches = Match.objects.filter(job=OuterRef("pk"))
    return Job.objects.filter(~Exists(matches), completed_at__lt=before).order_by("completed_at")


def old_bulk_work(now: datetime) -> QuerySet[BulkWork]:
    """Return bulk actions that ended long ago; those of their tasks that found something stay."""
    before = now - timedelta(days=settings.JOB_RETENTION_DAYS)
    return BulkWork.objects.filter(ended_at__lt=before).order_by("ended_at")


def old_days_of_keys(now: datetime) -> QuerySet[ApiKeyDay]:
    """Return counts of calls on days that nobody looks up any more; a key's days are in UTC."""
    before = (now - timedelta(days=settings.KEY_USE_RETENTION_DAYS)).astimezone(UTC).date()
    return ApiKeyDay.objects.filter(day__lt=before).order_by("day")


def old_failures(now: datetime) -> QuerySet[Failure]:
    """Return queue entries that failed long ago. Of the successful ones the queue itself keeps the newest hundred."""
    before = now - timedelta(days=settings.QUEUE_FAILURE_RETENTION_DAYS)
    failures: QuerySet[Failure] = Failure.objects.filter(stopped__lt=before)
    return failures.order_by("stopped")


def old_sessions(now: datetime) -> QuerySet[Session]:
    """Return expired sessions."""
    return Session.objects.filter(expire_date__lt=now).order_by("expire_date")


RETENTIONS = (
    *WEBHOOK_RETENTIONS,
    Retention("tasks", "JOB_RETENTION_DAYS", old_jobs),
    Retention("bulk actions", "JOB_RETENTION_DAYS", old_bulk_work),
    Retention("days of API keys", "KEY_USE_RETENTION_DAYS", old_days_of_keys),
    Retention("idempotency keys", "IDEMPOTENCY_HOURS", old_calls),
    Retention("queue failures", "QUEUE_FAILURE_RETENTION_DAYS", old_failures),
    Retention("audit trail", "AUDIT_RETENTION_DAYS", old_entries),
    Retention("sessions", "SESSION_HOURS", old_sessions),
)


def prune() -> int:
    """Delete all rows that are older than the settings say; return how many.

    Raises:
        SomeFailedError: after all kinds of rows, if some could not be deleted.

    """
    now = timezone.now()
    gone: dict[str, int] = {}

    def prune_one(retention: Retention) -> None:
        gone[retention.name] = retention.prune(now=now)

    try:
        for_each(RETENTIONS, prune_one)
    finally:
        if any(gone.values()):
            log.info("rows_pruned", **{name.replace(" ", "_"): rows for name, rows in gone.items() if rows})
    return sum(gone.values())
