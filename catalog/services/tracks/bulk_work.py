"""Adding, checking and removing many tracks, a chunk at a time by the sweeper (queueing.chunked_work).

No track is worked on twice. A track that raises is noted and passed; the others of its chunk are worked on.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from catalog.models import BulkWork, Job, Track
from catalog.services.errors import CatalogError, TrackGoneError
from catalog.services.tasks.accepting import accept_job
from catalog.services.tracks.merging import merge_and_remove, restore_and_take_back
from catalog.services.tracks.removal import remove_track
from queueing import chunked_work
from queueing.chunked_work import ended, held
from queueing.retrying import DATABASE_TROUBLE, words_of

MOST_TRACKS = 100_000
REMOVING = (BulkWork.Kind.REMOVE, BulkWork.Kind.MERGE)
CHUNK = 50  # a transaction of some tenths of a second: others can write in between
CHUNKS_A_SWEEP = 4
FAILURES_KEPT = 50
log = structlog.get_logger(__name__)


def begin(*, kind: str, track_ids: Sequence[int], asked_by: User) -> BulkWork:
    """Store a bulk action; the sweeper begins it within a second.

    Raises:
        CatalogError: there are no tracks, or too many.

    """
    if not track_ids:
        raise CatalogError("None of these tracks is in the catalog.")
    if len(track_ids) > MOST_TRACKS:
        raise CatalogError(f"You selected more than {MOST_TRACKS:,} tracks. Select fewer with a filter.")
    return BulkWork.objects.create(kind=kind, track_ids=list(track_ids), total=len(track_ids), asked_by=asked_by)


def stop(*, work: BulkWork, stopped_by: User) -> bool:
    """Stop a bulk action; finished tracks stay as they are. False if it had ended."""
    return chunked_work.stop(BulkWork.objects.filter(pk=work.pk), stopped_by=stopped_by)


def undo(*, work: BulkWork, asked_by: User) -> BulkWork:
    """Bring back the tracks that a removal removed, once.

    Raises:
        CatalogError: it is not a removal, it still runs, it removed nothing, or somebody undid it before.

    """
    if work.kind not in REMOVING or not work.ended_at:
        raise CatalogError("Only a removal that has ended can be undone.")
    ids = work.track_ids[: work.done]
    if not ids:
        raise CatalogError("Nothing was removed.")
    undoing, created = BulkWork.objects.get_or_create(
        undoes=work,
        defaults={"kind": BulkWork.Kind.RESTORE, "track_ids": ids, "total": len(ids), "asked_by": asked_by},
    )
    if not created:
        raise CatalogError(f"{undoing.asked_by} has already undone this.")
    return undoing


def sweep_bulk_work() -> int:
    """Do the next chunks of the oldest bulk actions that are free and need not wait; return how many tracks."""
    done: list[int] = []
    work = BulkWork.objects.select_related("asked_by")
    while len(done) < CHUNKS_A_SWEEP and chunked_work.attempt(work, partial(_go_on, done=done)):
        pass
    return sum(done)


def _go_on(work: BulkWork, *, done: list[int]) -> None:
    while len(done) < CHUNKS_A_SWEEP:
        done.append(0)  # a chunk that fails counts, too
        done[-1] = _do_chunk(work)
        if work.done >= work.total:
            break


def _do_chunk(work: BulkWork) -> int:
    ids = work.track_ids[work.done : work.done + CHUNK]
    end = work.done + len(ids)
    is_last = end >= work.total
    with transaction.atomic():
        # Whoever moves `done` does it: where this sweeper was thought dead, another may have the work.
        if not held(work).filter(done=work.done).update(done=end, tries=1):
            return 0
        tracks = Track.objects.with_source().select_related("owner").in_bulk(ids)
        outcomes = [_do_one(work, tracks[track_id]) for track_id in ids if track_id in tracks]
        worked, failures = outcomes.count(True), [one for one in outcomes if isinstance(one, dict)]
        kept = [*work.failures, *failures][:FAILURES_KEPT]
        held(work).update(
            passed_over=F("passed_over") + len(ids) - worked - len(failures),
            failed=F("failed") + len(failures),
            failures=kept,
            **(ended(error="", tries=0) if is_last else {}),
        )
    work.done, work.failures = end, kept
    if is_last:
        log.info("bulk_work_ended", bulk_work=work.pk, kind=work.kind, total=work.total)
    return worked


def _do_one(work: BulkWork, track: Track) -> bool | dict[str, Any]:
    """Return whether the track was worked on, or what went wrong with it: the others of its chunk are not undone."""
    try:
        with transaction.atomic():
            return _DO[BulkWork.Kind(work.kind)](work, track)
    except TrackGoneError:
        return False
    except DATABASE_TROUBLE:
        raise
    except Exception as error:
        if len(work.failures) < FAILURES_KEPT:
            log.exception("bulk_work_track_failed", bulk_work=work.pk, track=track.pk)
        return {"track": track.pk, "title": track.title, "error": words_of(error)}


def _start(task_name: str) -> Callable[[BulkWork, Track], bool]:
    def start(work: BulkWork, track: Track) -> bool:
        if track.removed_at:
            return False
        accept_job(track=track, owner=work.asked_by, task_name=task_name, bulk_work=work)
        return True

    return start


_DO: dict[BulkWork.Kind, Callable[[BulkWork, Track], bool]] = {
    BulkWork.Kind.ADD: _start(Job.Name.ADD),
    BulkWork.Kind.CHECK: _start(Job.Name.CHECK),
    BulkWork.Kind.REMOVE: lambda _work, track: remove_track(track=track),
    BulkWork.Kind.RESTORE: lambda work, track: restore_and_take_back(work=work, track=track),
    BulkWork.Kind.MERGE: lambda work, track: merge_and_remove(work=work, copy=track),
}
