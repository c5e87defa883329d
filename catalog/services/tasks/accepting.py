"""Accepting tasks: a job's row and an entry in the queue, which only says "look at job N"."""

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django_q.models import OrmQ

from catalog.models import BulkWork, Job, Track
from catalog.services.time_limits import queue_options
from queueing import entries
from webhooks.contract import new_task_id

RUN_TASK = "catalog.tasks.run_job"
LONG_QUEUE = 200
log = structlog.get_logger(__name__)


def accept_job(*, track: Track, owner: User, task_name: str, bulk_work: BulkWork | None = None) -> Job:
    """Store a job for `track` and queue it, in one transaction: both or neither."""
    (job,) = accept_jobs(tracks=[track], owner=owner, task_name=task_name, bulk_work=bulk_work)
    return job


def accept_jobs(
    *, tracks: Sequence[Track], owner: User, task_name: str, bulk_work: BulkWork | None = None
) -> list[Job]:
    """Store a job for each of `tracks`, in their order, and queue them: all or none."""
    now = datetime.now(tz=UTC)
    made = [
        Job(task_id=new_task_id(now), task_name=task_name, track=track, owner=owner, bulk_work=bulk_work)
        for track in tracks
    ]
    with transaction.atomic(savepoint=False):
        jobs = Job.objects.bulk_create(made)
        enqueue(*jobs)
    for job in jobs:
        log.info("job_accepted", task_id=job.task_id, task_name=task_name)
    return jobs


def enqueue(*jobs: Job) -> None:
    """Queue jobs in the fingerprint cluster, by name: a webhook worker's default is its own cluster."""
    options = [queue_options(job.track) for job in jobs]
    entries.put(RUN_TASK, [job.pk for job in jobs], cluster=settings.Q_CLUSTER["name"], options=options)


def queue_is_long(now: datetime) -> bool:
    """Tell whether the fingerprint queue is so long that jobs which are only late need not be queued again.

    Entries in a worker's hands do not count: a killed cluster leaves its own locked for a quarter of an hour.
    """
    waiting = OrmQ.objects.filter(key=settings.Q_CLUSTER["name"], lock__lte=now)
    return bool(waiting[LONG_QUEUE - 1 : LONG_QUEUE].exists())
