"""The sweeper: what died or was forgotten is offered again, and what is out of attempts is ended."""

from datetime import timedelta

import structlog
from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ

from catalog.models import Job
from catalog.services import jobs
from queueing.lease import Term

_BATCH = 200
_ENTRY = Term("lock", longest=lambda: timedelta(seconds=settings.Q_CLUSTER["retry"]))
log = structlog.get_logger(__name__)


def sweep_jobs() -> int:
    """Offer forgotten jobs again and end those out of attempts; return how many were touched."""
    _free_entries_of_the_future()
    return _end_exhausted() + _offer_again()


def _free_entries_of_the_future() -> None:
    """Let the queue run what a clock that has been set back since made it wait for."""
    now = timezone.now()
    if OrmQ.objects.filter(_ENTRY.wrong(now)).update(lock=now):
        log.warning("queue_entries_of_the_future_freed")


def _end_exhausted() -> int:
    """Fail jobs whose last allowed attempt was lost. Taking the lease first keeps the end to one process."""
    exhausted = Job.objects.filter(jobs.stale(timezone.now()), attempts__gte=settings.JOB_MAX_ATTEMPTS)
    count = 0
    for job_id in list(exhausted.values_list("pk", flat=True)[:_BATCH]):
        job = jobs.take_over(job_id)
        error = "The task was lost each time it ran: the file may be more than this service can analyse."
        if job and jobs.end_in_failure(job, error=error):
            count += 1
    return count


def _offer_again() -> int:
    # Behind a long queue a job that nobody looked at is late and not forgotten: more entries would make it later.
    # What the queue does not have is offered however long it is, or a queue that is never empty would keep it for ever.
    now = timezone.now()
    which = jobs.lost if jobs.queue_is_long(now) else jobs.stale
    waiting = Job.objects.filter(which(now), attempts__lt=settings.JOB_MAX_ATTEMPTS)
    job_ids = list(waiting.order_by("created_at").values_list("pk", flat=True)[:_BATCH])
    count = sum(jobs.offer_again(job_id) for job_id in job_ids)
    if count:
        log.warning("jobs_offered_again", count=count)
    return count
