"""One bulk action: how far it is, the outcome of its tasks, and whether it can be undone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from catalog.models import BulkWork, Job


@dataclass(frozen=True)
class Standing:
    """What the page of a bulk action shows. `undo_until` is None if there is nothing to undo."""

    work: BulkWork
    tasks: int
    tasks_ended: int
    tasks_failed: int
    duplicates: int
    undo_until: datetime | None
    undone_by: BulkWork | None

    @property
    def is_moving(self) -> bool:
        """Whether the page reloads by itself."""
        return self.work.ended_at is None or self.tasks_ended < self.tasks

    @property
    def starts_tasks(self) -> bool:
        """Whether the action accepts tasks, which go on after it has ended."""
        return self.work.kind in (BulkWork.Kind.ADD, BulkWork.Kind.CHECK)


def standing_of(work_id: int) -> Standing | None:
    """Return the state of a bulk action; None if there is no such action."""
    rows = BulkWork.objects.defer("track_ids").select_related("asked_by", "stopped_by", "undoes")
    work = rows.filter(pk=work_id).first()
    if work is None:
        return None
    ended = Q(status__in=[Job.Status.SUCCESS, Job.Status.FAILURE])
    counts = work.jobs.aggregate(
        tasks=Count("pk"),
        tasks_ended=Count("pk", filter=ended),
        tasks_failed=Count("pk", filter=Q(status=Job.Status.FAILURE)),
        duplicates=Count("pk", filter=Q(result__is_duplicate=True)),
    )
    undone_by = BulkWork.objects.defer("track_ids").select_related("asked_by").filter(undoes=work_id).first()
    return Standing(work=work, undone_by=undone_by, undo_until=_undo_until(work, undone_by), **counts)


def _undo_until(work: BulkWork, undone_by: BulkWork | None) -> datetime | None:
    if (
        work.kind not in (BulkWork.Kind.REMOVE, BulkWork.Kind.MERGE)
        or work.ended_at is None
        or undone_by
        or not work.done
    ):
        return None
    until = work.asked_at + timedelta(hours=settings.REMOVED_KEPT_HOURS)
    return until if until > timezone.now() else None
