"""Regular housekeeping: compaction of the index, and deletion of what is no longer needed."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

import structlog
from django.conf import settings

from catalog.services.audio import store, stored_files
from catalog.services.index import backend, lease, status
from catalog.services.tracks import removal
from queueing.retrying import for_each

COMPACT_AFTER_OPERATIONS = 200  # a new process applies fewer than this one by one
LONGEST_REASON = 500  # the last words of a compaction that failed
_compacting: list[tuple["subprocess.Popen[bytes]", IO[bytes]]] = []  # the one that runs or ended last; its errors
log = structlog.get_logger(__name__)


class CompactionFailedError(Exception):
    """The index files could not be compacted."""


def compact_when_due() -> bool:
    """Start a compaction in its own process if the index files are far behind; True if it was started.

    A large compaction takes minutes, and memory that a worker should not keep.

    Raises:
        CompactionFailedError: the compaction before failed; the next call starts another.

    """
    if _compacting and _compacting[0][0].poll() is None:
        return False
    _tell_how_it_ended()
    if status.behind() < COMPACT_AFTER_OPERATIONS:
        return False
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "index", "compact"]
    errors = tempfile.TemporaryFile()  # noqa: SIM115  (it is open as long as the process runs)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)  # noqa: S603  (no outside input)
    _compacting.append((process, errors))
    return True


def keep_index_folder() -> None:
    """Mark the folder of index files as used by this deployment, if it uses one.

    Raises:
        IndexBusy: another deployment uses it.

    """
    if not backend.in_cluster():
        lease.keep_folder(Path(settings.INDEX_DIR))


def _tell_how_it_ended() -> None:
    if not _compacting:
        return
    ended, errors = _compacting.pop()
    with errors:
        errors.seek(0)
        words = errors.read().decode(errors="replace")
    sys.stderr.write(words)  # it belongs in the sweeper's log
    if ended.returncode:
        last = (words.strip().splitlines() or ["no output"])[-1]
        raise CompactionFailedError(f"`index compact` ended with code {ended.returncode}: {last[:LONGEST_REASON]}")


def tidy() -> None:
    """Delete the audio of tracks that can no longer be restored, and what dead processes left.

    Raises:
        SomeFailedError: after all the steps, where one or more failed.

    """
    for_each((_purge_removed, _remove_drafts, _remove_stored), lambda step: step())


def _purge_removed() -> None:
    if purged := removal.purge_removed():
        log.info("removed_tracks_purged", count=purged)


def _remove_drafts() -> None:
    if drafts := store.remove_old_drafts():
        log.info("drafts_removed", count=drafts)


def _remove_stored() -> None:
    if stored := stored_files.remove_due():
        log.info("stored_files_removed", count=stored)
