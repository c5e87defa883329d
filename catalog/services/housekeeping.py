"""What is tidied now and then."""

import structlog
from django.conf import settings
from django_q.models import OrmQ
from django_q.tasks import async_task

from catalog.services import index_files, index_log, tracks

CHECKPOINT_TASK = "catalog.tasks.checkpoint_index"
CHECKPOINT_AFTER_OPERATIONS = 200  # a new process applies fewer than this one by one
CHECKPOINT_AFTER_SHARE = 0.02  # of a large index: writing it costs more than applying a few
log = structlog.get_logger(__name__)


def checkpoint_when_due() -> bool:
    """Ask a worker to write the index to disk when its file has fallen behind; True where it was asked."""
    newest = index_files.newest_sequence()
    behind = index_log.last_sequence() - newest
    if behind < max(CHECKPOINT_AFTER_OPERATIONS, CHECKPOINT_AFTER_SHARE * newest):
        return False
    cluster = settings.Q_CLUSTER["name"]
    if any(entry.func() == CHECKPOINT_TASK for entry in OrmQ.objects.filter(key=cluster)[:50]):
        return False
    async_task(CHECKPOINT_TASK, cluster=cluster)
    return True


def tidy() -> None:
    """Remove files that nothing refers to."""
    count = tracks.collect_orphans()
    if count:
        log.info("orphans_removed", count=count)
