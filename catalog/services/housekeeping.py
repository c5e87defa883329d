"""What is tidied now and then."""

import time

import structlog
from django.conf import settings
from django_q.models import OrmQ
from django_q.tasks import async_task

from catalog.services import audio_store, index_files, index_log

CHECKPOINT_TASK = "catalog.tasks.checkpoint_index"
CHECKPOINT_AFTER_OPERATIONS = 200  # a new process applies fewer than this one by one
CHECKPOINT_AFTER_SHARE = 0.02  # of a large index: writing it costs more than applying a few
FOLDERS_A_TIDY = 16  # of 256: each is looked through every 16 hours
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
    drafts = audio_store.remove_old_drafts()
    count = sum(audio_store.collect_orphans(folder) for folder in _folders_of_this_hour())
    if drafts or count:
        log.info("orphans_removed", drafts=drafts, stored=count)


def _folders_of_this_hour() -> tuple[str, ...]:
    """Take the folders in turn: a look through all of a large store would be long, and its orphans are few."""
    first = int(time.time() // 3600) * FOLDERS_A_TIDY % len(audio_store.FOLDERS)
    return audio_store.FOLDERS[first : first + FOLDERS_A_TIDY]
