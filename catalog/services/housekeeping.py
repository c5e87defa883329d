"""What is tidied now and then."""

import subprocess
import sys

import structlog
from django.conf import settings

from catalog.services import audio_store, index_status, removal, stored_files

COMPACT_AFTER_OPERATIONS = 200  # a new process applies fewer than this one by one
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
    """Remove the audio of tracks that can no longer be brought back, and what processes left that died."""
    purged = removal.purge_removed()
    if purged:
        log.info("removed_tracks_purged", count=purged)
    drafts = audio_store.remove_old_drafts()
    stored = stored_files.remove_due()
    if drafts or stored:
        log.info("files_removed", drafts=drafts, stored=stored)
