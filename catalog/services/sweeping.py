"""The sweeper: what died or was forgotten is offered again, and what is out of attempts is ended."""

import structlog
from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ

from catalog.models import Job
from catalog.services import jobs

_BATCH = 200
log = structlog.get_logger(__name__)


def sweep_jobs() -> int:
    """Offer forgotten jobs again and end those out of attempts; return how many were touched."""
    return _end_exhausted() + _offer_again()


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
    if OrmQ.objects.filter(key=settings.Q_CLUSTER["name"]).count() >= _BATCH:
        return 0  # nothing is forgotten, only late: more entries would make it later
    waiting = Job.objects.filter(jobs.stale(timezone.now()), attempts__lt=settings.JOB_MAX_ATTEMPTS)
    job_ids = list(waiting.order_by("created_at").values_list("pk", flat=True)[:_BATCH])
    count = sum(jobs.offer_again(job_id) for job_id in job_ids)
    if count:
        log.warning("jobs_offered_again", count=count)
    return count
