"""Jobs and the workers that hold them: claimed, renewed, put back and ended. The job's row is the truth."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from catalog.models import Job
from catalog.services.tasks.accepting import enqueue
from catalog.services.tasks.announcing import announce_end
from catalog.services.tasks.ends import next_end_number
from queueing.lease import Lease, long_ago, work_length

UNSEEN = timedelta(seconds=30)  # a pending job that no worker looked at for so long is told to the queue once more
RETRY_AFTER = timedelta(seconds=30)  # what made an attempt fail is given so long to pass
FAILED_ATTEMPTS_KEPT = 20
LOST_WORKER = "The worker stopped before the task ended."
LEASE = Lease(longest=lambda: max(work_length(), RETRY_AFTER))
log = structlog.get_logger(__name__)


def lost(now: datetime) -> Q:
    """Match jobs that no worker holds any more: it died, or released them for another attempt."""
    return LEASE.over(now) & Q(status__in=[Job.Status.PROCESSING, Job.Status.PENDING])


def unseen(now: datetime) -> Q:
    """Match jobs at which nobody looked since they were queued: the queue is long, or lost them."""
    return long_ago("queued_at", now, after=UNSEEN) & Q(status=Job.Status.PENDING, lease_until=None)


def stale(now: datetime) -> Q:
    """Match jobs that may be queued again."""
    return lost(now) | unseen(now)


def claim(job_id: int) -> Job | None:
    """Claim the job for this worker; None if another worker holds it, or it has ended.

    The attempt is counted before the work, so that a worker that dies has used it up.
    """
    now = timezone.now()
    free = Job.objects.filter(Q(status=Job.Status.PENDING) | lost(now), attempts__lt=settings.JOB_MAX_ATTEMPTS)
    changes = {"status": Job.Status.PROCESSING, "attempts": F("attempts") + 1, "started_at": now}
    job = _taken(job_id, LEASE.claim(free.filter(pk=job_id), now=now, **changes))
    if job:
        job.detail.pop("progress", None)  # of an attempt that did not end
    return job


def take_over(job_id: int) -> Job | None:
    """Claim a stale job that has no attempts left, to end it; None if another process was faster."""
    now = timezone.now()
    lost_or_forgotten = Job.objects.filter(stale(now), pk=job_id)
    return _taken(job_id, LEASE.claim(lost_or_forgotten, now=now, status=Job.Status.PROCESSING))


def _taken(job_id: int, token: uuid.UUID | None) -> Job | None:
    return LEASE.held(Job.objects.select_related("track__audio_file", "owner").filter(pk=job_id), token).first()


def _held(job: Job) -> QuerySet[Job]:
    return LEASE.held(Job.objects.filter(pk=job.pk), job.lease_token)


def offer_again(job_id: int) -> bool:
    """Queue a stale job again; False if another process was faster."""
    with transaction.atomic():
        now = timezone.now()
        lost = Job.objects.select_related("track__audio_file").filter(stale(now), pk=job_id).first()
        if lost is None:
            return False
        detail = lost.detail
        if lost.status == Job.Status.PROCESSING:
            detail = _with_failed_attempt(detail, lost, error=LOST_WORKER)
        freed = Job.objects.filter(stale(now), pk=job_id, lease_token=lost.lease_token).update(
            status=Job.Status.PENDING, queued_at=now, detail=detail, **LEASE.freed()
        )
        if freed:
            enqueue(lost)
            log.warning("job_requeued", task_id=lost.task_id)
    return bool(freed)


def put_off(job_id: int) -> None:
    """Set a stale job back that could not be queued or ended, so that those behind it come first."""
    now = timezone.now()
    Job.objects.filter(stale(now), pk=job_id).update(lease_until=now + RETRY_AFTER)


def renew(job: Job) -> bool:
    """Lengthen the lease; False if it was lost."""
    return LEASE.renew(Job.objects.filter(pk=job.pk), job.lease_token)


def note_stage(job: Job, stage: str, **more: Any) -> bool:
    """Store what the worker does now, for people who watch, until the job ends. False if the lease was lost."""
    return bool(_held(job).update(detail=job.detail | {"stage": stage} | more))


def release(job: Job, *, detail: str) -> None:
    """Put a job back for another attempt after an unexpected error; the sweeper queues it after a wait."""
    _held(job).update(
        status=Job.Status.PENDING,
        **LEASE.freed(RETRY_AFTER),
        detail=_with_failed_attempt(job.detail, job, error=detail) | {"last_error": detail[:2000]},
    )


def _with_failed_attempt(detail: dict[str, Any], job: Job, *, error: str) -> dict[str, Any]:
    """Return `detail` with one more attempt that came to nothing, for the task's timeline."""
    attempt = {
        "attempt": job.attempts,
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "ended_at": timezone.now().isoformat(),
        "error": error[:2000],
    }
    kept: list[Any] = detail.get("failed_attempts", [])
    return detail | {"failed_attempts": [*kept, attempt][-FAILED_ATTEMPTS_KEPT:]}


def hand_back(job: Job) -> bool:
    """Put a job back whose worker was told to stop: at once, and the attempt does not count."""
    with transaction.atomic():
        freed = (
            _held(job)
            .filter(status=Job.Status.PROCESSING, attempts__gte=1)
            .update(status=Job.Status.PENDING, attempts=F("attempts") - 1, queued_at=timezone.now(), **LEASE.freed())
        )
        if freed:
            enqueue(job)
            log.info("job_released", task_id=job.task_id)
    return bool(freed)


def postpone(job: Job, *, detail: str) -> None:
    """Put a job back for a reason outside of it; the sweeper queues it after a wait, and the attempt does not count."""
    _held(job).filter(attempts__gte=1).update(
        status=Job.Status.PENDING,
        attempts=F("attempts") - 1,
        detail=job.detail | {"waits_for": detail[:2000]},
        **LEASE.freed(RETRY_AFTER),
    )


def stop(job_id: int, *, error: str) -> bool:
    """End a job that waits or runs, with a message for a person; False if it had ended. Its worker notices."""
    now = timezone.now()
    going = Job.objects.filter(pk=job_id, status__in=[Job.Status.PENDING, Job.Status.PROCESSING])
    job = _taken(
        job_id, LEASE.claim(going, now=now, status=Job.Status.PROCESSING, started_at=Coalesce("started_at", now))
    )
    return bool(job and end_in_failure(job, error=error))


def end_in_success(job: Job, *, result: dict[str, Any] | None = None) -> bool:
    """End a job successfully; call it in the transaction that stores the results. False if the lease was lost."""
    with transaction.atomic(savepoint=False):
        return _end(job, status=Job.Status.SUCCESS, result=result, error="")


def end_in_failure(job: Job, *, error: str) -> bool:
    """End a job with a message for a person; False if the lease was lost."""
    with transaction.atomic():
        return _end(job, status=Job.Status.FAILURE, result=None, error=error)


def _end(job: Job, *, status: str, result: dict[str, Any] | None, error: str) -> bool:
    now = timezone.now()
    changes = {"status": status, "completed_at": now, "result": result, "error": error, "detail": job.detail}
    ended = (
        _held(job)
        .filter(status=Job.Status.PROCESSING)
        .update(**changes, end_number=next_end_number(job.owner_id), **LEASE.freed())
    )
    if not ended:
        log.warning("job_lease_lost", task_id=job.task_id)
        return False
    job.status, job.completed_at, job.result, job.error = status, now, result, error
    announce_end(job)
    log.info("job_ended", task_id=job.task_id, status=status, attempts=job.attempts)
    return True
