"""Tasks that take longer than the watch of the queue waits for a canary."""

from datetime import datetime, timedelta

from catalog.models import Job
from catalog.services.tasks.leasing import LEASE

# A job that ended so long ago has had its queue entry acknowledged by a monitor that works.
_ACKNOWLEDGED_WITHIN = timedelta(seconds=10)


def is_at_long_work(limit: datetime, now: datetime) -> bool:
    """Tell whether workers hold jobs and none has ended since: an ended one would have been acknowledged."""
    held = Job.objects.filter(LEASE.running(now), status=Job.Status.PROCESSING).exists()
    return held and not Job.objects.filter(completed_at__gt=limit, completed_at__lt=now - _ACKNOWLEDGED_WITHIN).exists()
