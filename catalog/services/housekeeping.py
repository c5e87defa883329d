"""What is tidied now and then."""

import subprocess
import sys
import time

import structlog
from django.conf import settings

from catalog.services import audio_store, index_status, removal

COMPACT_AFTER_OPERATIONS = 200  # a new process applies fewer than this one by one
FOLDERS_A_TIDY = 16  # of 256: each is looked through every 16 hours
_compacting: list[subprocess.Popen[bytes]] = []
log = structlog.get_logger(__name__)


def compact_when_due() -> bool:
    """Start a compaction in a process of its own when the index files have fallen behind; True where it was started.

    In a process of its own, because a large one takes minutes and memory that a worker should not keep.
    """
    if _compacting and _compacting[0].poll() is None:
        return False
    if index_status.behind() < COMPACT_AFTER_OPERATIONS:
        return False
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "index", "compact"]
    _compacting[:] = [subprocess.Popen(command, stdout=subprocess.DEVNULL)]  # noqa: S603  (no outside input)
    return True


def tidy() -> None:
    """Remove files that nothing refers to, and the audio of tracks that can no longer be brought back."""
    purged = removal.purge_removed()
    if purged:
        log.info("removed_tracks_purged", count=purged)
    drafts = audio_store.remove_old_drafts()
    count = sum(audio_store.collect_orphans(folder) for folder in _folders_of_this_hour())
    if drafts or count:
        log.info("orphans_removed", drafts=drafts, stored=count)


def _folders_of_this_hour() -> tuple[str, ...]:
    """Take the folders in turn: a look through all of a large store would be long, and its orphans are few."""
    first = int(time.time() // 3600) * FOLDERS_A_TIDY % len(audio_store.FOLDERS)
    return audio_store.FOLDERS[first : first + FOLDERS_A_TIDY]
