"""Jobs: accepted, claimed, ended. The job's row is the truth; the queue only says "look at job N"."""

import secrets
import string
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from catalog.models import BulkWork, Job, Track
from webhooks.services import queue_message

RUN_TASK = "catalog.tasks.run_job"
UNSEEN_S = 30  # a pending job that no worker looked at for so long is told to the queue once more
LONG_QUEUE = 200
RETRY_AFTER_S = 30  # what made an attempt fail is given so long to pass
CLOCK_ROOM = timedelta(seconds=60)  # a time further ahead than it can be by so much is a wrong clock's
FAILED_ATTEMPTS_KEPT = 20
LOST_WORKER = "The worker stopped before it had ended."
_LETTERS = string.ascii_letters + string.digits
log = structlog.get_logger(__name__)


def new_task_id(now: datetime) -> str:
    """Return a task id of the contract: `task_`, UTC time, `_`, 8 random letters or digits."""
    return f"task_{now:%Y%m%d%H%M%S}_{''.join(secrets.choice(_LETTERS) for _ in range(8))}"


def accept_job(*, track: Track, owner: User, task_name: str, bulk_work: BulkWork | None = None) -> Job:
    """Store a job for `track` and tell the queue, in one transaction: both are there or neither is."""
    with transaction.atomic():
        job = Job.objects.create(
            task_id=new_task_id(datetime.now(tz=UTC)),
            task_name=task_name,
            track=track,
            owner=owner,
            bulk_work=bulk_work,
        )
        # The ORM broker writes to this same database, so the queue entry commits with the job.
        enqueue(job.pk)
    log.info("job_accepted", task_id=job.task_id, task_name=task_name)
    return job


def enqueue(job_id: int) -> None:
    """Tell the fingerprint cluster to look at a job; named, because a webhook worker's default is its own cluster."""
    async_task(RUN_TASK, job_id, cluster=settings.Q_CLUSTER["name"])


def queue_is_long(now: datetime) -> bool:
    """Tell whether so many entries wait in the fingerprint queue that what is only late need not be queued again.

    Entries that were taken do not count: a cluster that was killed leaves its own locked for a quarter of an hour.
    """
    waiting = OrmQ.objects.filter(key=settings.Q_CLUSTER["name"], lock__lte=now)
    return bool(waiting[LONG_QUEUE - 1 : LONG_QUEUE].exists())


def lost(now: datetime) -> Q:
    """Match jobs that the queue does not have: those that a dead worker held, and those released for another attempt.

    A lease longer than any that is given was stamped by a clock that has been set back since.
    """
    longest = timedelta(seconds=max(settings.JOB_LEASE_SECONDS, RETRY_AFTER_S)) + CLOCK_ROOM
    over = Q(lease_until__lt=now) | Q(lease_until__gt=now + longest)
    return over & Q(status__in=[Job.Status.PROCESSING, Job.Status.PENDING])


def unseen(now: datetime) -> Q:
    """Match jobs that nobody looked at since they were queued: the queue is long, or lost them."""
    long_ago = Q(queued_at__lt=now - timedelta(seconds=UNSEEN_S)) | Q(queued_at__gt=now + CLOCK_ROOM)
    return long_ago & Q(status=Job.Status.PENDING, lease_until=None)


def stale(now: datetime) -> Q:
    """Match jobs that may be offered again."""
    return lost(now) | unseen(now)


def claim(job_id: int) -> Job | None:
    """Take the job for this worker, or return None where another holds it or it has ended.

    The attempt is counted before the work: a worker that dies has used one up.
    """
    now = timezone.now()
    claimed = (
        Job.objects.filter(pk=job_id)
        .filter(Q(status=Job.Status.PENDING) | lost(now))
        .filter(attempts__lt=settings.JOB_MAX_ATTEMPTS)
        .update(
            status=Job.Status.PROCESSING,
            attempts=F("attempts") + 1,
            lease_token=(token := uuid.uuid4()),
            lease_until=now + timedelta(seconds=settings.JOB_LEASE_SECONDS),
            started_at=now,
        )
    )
    if not claimed:
        return None
    return _held(job_id, token)


def take_over(job_id: int) -> Job | None:
    """Take a stale job that is out of attempts, to end it; None where something else was faster."""
    now = timezone.now()
    taken = Job.objects.filter(stale(now), pk=job_id).update(
        status=Job.Status.PROCESSING,
        lease_token=(token := uuid.uuid4()),
        lease_until=now + timedelta(seconds=settings.JOB_LEASE_SECONDS),
    )
    return _held(job_id, token) if taken else None


def _held(job_id: int, token: uuid.UUID) -> Job | None:
    return Job.objects.select_related("track__audio_file", "owner").filter(pk=job_id, lease_token=token).first()


def offer_again(job_id: int) -> bool:
    """Put a stale job back in the queue; False where something else was faster."""
    with transaction.atomic():
        now = timezone.now()
        lost = Job.objects.filter(stale(now), pk=job_id).first()
        if lost is None:
            return False
        detail = lost.detail
        if lost.status == Job.Status.PROCESSING:
            detail = _with_failed_attempt(detail, lost, error=LOST_WORKER)
        freed = Job.objects.filter(stale(now), pk=job_id, lease_token=lost.lease_token).update(
            status=Job.Status.PENDING, lease_token=None, lease_until=None, queued_at=now, detail=detail
        )
        if freed:
            enqueue(job_id)
    return bool(freed)


def renew(job: Job) -> bool:
    """Lengthen the lease; False where it was lost."""
    until = timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
    return bool(Job.objects.filter(pk=job.pk, lease_token=job.lease_token).update(lease_until=until))


def note_stage(job: Job, stage: str) -> None:
    """Record what is being done, for people who watch; gone when the job ends."""
    Job.objects.filter(pk=job.pk, lease_token=job.lease_token).update(detail=job.detail | {"stage": stage})


def release(job: Job, *, detail: str) -> None:
    """Put a job back for another attempt after an unexpected error: the sweeper queues it when the wait is over."""
    Job.objects.filter(pk=job.pk, lease_token=job.lease_token).update(
        status=Job.Status.PENDING,
        lease_token=None,
        lease_until=timezone.now() + timedelta(seconds=RETRY_AFTER_S),
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
    """Put a job back that its worker was told to stop: at once, and the attempt does not count."""
    with transaction.atomic():
        freed = Job.objects.filter(
            pk=job.pk, lease_token=job.lease_token, status=Job.Status.PROCESSING, attempts__gte=1
        ).update(
            status=Job.Status.PENDING,
            lease_token=None,
            lease_until=None,
            attempts=F("attempts") - 1,
            queued_at=timezone.now(),
        )
        if freed:
            enqueue(job.pk)
            log.info("job_handed_back", task_id=job.task_id)
    return bool(freed)


def postpone(job: Job, *, detail: str) -> None:
    """Put a job back for what is not its fault: queued when a wait is over, as in `release`; no attempt is counted."""
    Job.objects.filter(pk=job.pk, lease_token=job.lease_token, attempts__gte=1).update(
        status=Job.Status.PENDING,
        lease_token=None,
        lease_until=timezone.now() + timedelta(seconds=RETRY_AFTER_S),
        attempts=F("attempts") - 1,
        detail=job.detail | {"waits_for": detail[:2000]},
    )


def end_in_success(job: Job, *, result: dict[str, Any] | None = None) -> bool:
    """End a job well. Call in the transaction that stores what it found; False where the lease was lost."""
    return _end(job, status=Job.Status.SUCCESS, result=result, error="")


def end_in_failure(job: Job, *, error: str) -> bool:
    """End a job with words for a person; False where the lease was lost."""
    with transaction.atomic():
        return _end(job, status=Job.Status.FAILURE, result=None, error=error)


def _end(job: Job, *, status: str, result: dict[str, Any] | None, error: str) -> bool:
    now = timezone.now()
    ended = Job.objects.filter(pk=job.pk, lease_token=job.lease_token, status=Job.Status.PROCESSING).update(
        status=status,
        lease_token=None,
        lease_until=None,
        completed_at=now,
        result=result,
        error=error,
        detail=job.detail,
    )
    if not ended:
        log.warning("job_lease_lost", task_id=job.task_id)
        return False
    job.status, job.completed_at, job.result, job.error = status, now, result, error
    queue_message(
        owner=job.owner, event=job.task_name, event_key=job.task_id, subject=job.task_id, body=callback_body(job)
    )
    log.info("job_ended", task_id=job.task_id, status=status, attempts=job.attempts)
    return True


def callback_body(job: Job) -> dict[str, Any]:
    """Return the contract's body for a job that has ended: what is sent, and what polling answers."""
    assert job.completed_at is not None  # noqa: S101  (the row's CHECK constraint says so)
    body: dict[str, Any] = {"task_id": job.task_id, "task_name": job.task_name, "status": job.status}
    if job.status == Job.Status.SUCCESS and job.task_name == Job.Name.CHECK:
        body["result"] = job.result
    local = timezone.make_naive(job.completed_at)
    body["completed_at"] = local.isoformat(timespec="microseconds")
    if job.status == Job.Status.FAILURE:
        body["error"] = job.error
    return body
