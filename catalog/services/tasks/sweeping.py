"""The sweeper's part in tasks: it queues lost jobs again, and ends those without attempts left."""

from datetime import timedelta
from functools import partial

import structlog
from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ

from catalog.models import Job
from catalog.services.tasks import accepting, leasing
from queueing.lease import Term
from queueing.retrying import for_each

_BATCH = 200
_ENTRY = Term("lock", longest=lambda: timedelta(seconds=settings.Q_CLUSTER["retry"]))
log = structlog.get_logger(__name__)


def sweep_jobs() -> int:
    """Queue forgotten jobs again, and end those without attempts left; return how many it touched."""
    _free_entries_of_the_future()
    todo = [*(partial(_end, pk) for pk in _exhausted()), *(partial(leasing.offer_again, pk) for pk in _forgotten())]
    return for_each(todo, lambda step: step(), failed=lambda step: leasing.put_off(*step.args))


def _free_entries_of_the_future() -> None:
    """Let the queue run what a clock that has been set back since made it wait for."""
    now = timezone.now()
    if OrmQ.objects.filter(_ENTRY.wrong(now)).update(lock=now):
        log.warning("future_queue_entries_released")


def _exhausted() -> list[int]:
    """Return jobs whose last allowed attempt was lost."""
    exhausted = Job.objects.filter(leasing.stale(timezone.now()), attempts__gte=settings.JOB_MAX_ATTEMPTS)
    return list(exhausted.values_list("pk", flat=True)[:_BATCH])


def _end(job_id: int) -> bool:
    """Fail a job. Taking the lease first keeps the end to one process."""
    job = leasing.take_over(job_id)
    error = "The worker stopped at every attempt. This service may not be able to analyse the file."
    return bool(job and leasing.end_in_failure(job, error=error))


def _forgotten() -> list[int]:
    # Behind a long queue a job that nobody looked at is late and not forgotten: more entries would make it later.
    # What the queue does not have is offered however long it is, or a queue that is never empty would keep it for ever.
    now = timezone.now()
    which = leasing.lost if accepting.queue_is_long(now) else leasing.stale
    waiting = Job.objects.filter(which(now), attempts__lt=settings.JOB_MAX_ATTEMPTS)
    return list(waiting.order_by("created_at").values_list("pk", flat=True)[:_BATCH])
