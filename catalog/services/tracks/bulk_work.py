"""Adding, checking and removing many tracks: a chunk at a time by the sweeper, so that no page waits for it.

Each chunk is one transaction that moves the row's `done` past it: work that is cut off is begun again where it was,
and no track is worked on twice. A track that raises is told and passed; work that fails as a whole waits, longer each
time, while what was asked for later goes on, and is given up in the end.
"""

from collections.abc import Callable, Sequence
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from catalog.models import BulkWork, Job, Track
from catalog.services.errors import CatalogError, TrackGoneError
from catalog.services.tasks.accepting import accept_job
from catalog.services.tracks.merging import merge_and_remove, restore_and_take_back
from catalog.services.tracks.removal import remove_track
from queueing.lease import Lease, work_length
from queueing.retrying import DATABASE_TROUBLE, LONGEST_WAIT, MOST_TRIES, wait_after, words_of

MOST_TRACKS = 100_000
REMOVING = (BulkWork.Kind.REMOVE, BulkWork.Kind.MERGE)
CHUNK = 50  # a transaction of some tenths of a second: others can write in between
CHUNKS_A_SWEEP = 4
FAILURES_KEPT = 50
LOST = "The sweeper stopped at every attempt."
LEASE = Lease(longest=lambda: max(work_length(), LONGEST_WAIT))
log = structlog.get_logger(__name__)


def begin(*, kind: str, track_ids: Sequence[int], asked_by: User) -> BulkWork:
    """Store what is to be done; the sweeper begins within a second.

    Raises:
        CatalogError: there is nothing to do, or too much.

    """
    if not track_ids:
        raise CatalogError("None of these tracks is in the catalog.")
    if len(track_ids) > MOST_TRACKS:
        raise CatalogError(f"You selected more than {MOST_TRACKS:,} tracks. Select fewer with a filter.")
    return BulkWork.objects.create(kind=kind, track_ids=list(track_ids), total=len(track_ids), asked_by=asked_by)


def stop(*, work: BulkWork, stopped_by: User) -> bool:
    """End work before its end; what is done stays done. False where it had ended."""
    running = BulkWork.objects.filter(pk=work.pk, ended_at=None)
    return bool(running.update(ended_at=timezone.now(), stopped_by=stopped_by))


def undo(*, work: BulkWork, asked_by: User) -> BulkWork:
    """Bring back what a removal took out, once.

    Raises:
        CatalogError: it is not a removal, it still runs, or it was undone already.

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
    """Do the next chunks of the oldest work that nobody holds and that need not wait; return how many tracks it did."""
    worked, chunks = 0, 0
    while chunks < CHUNKS_A_SWEEP and (work := _claim_oldest()):
        done_before = work.done
        worked += _go_on(work, chunks=CHUNKS_A_SWEEP - chunks)
        chunks += max(1, (work.done - done_before) // CHUNK)
    return worked


def _go_on(work: BulkWork, *, chunks: int) -> int:
    if work.tries > MOST_TRIES:
        _give_up(work, LOST)
        return 0
    try:
        worked = _do_chunks(work, chunks)
    except Exception as error:
        log.exception("bulk_work_failed", bulk_work=work.pk, tries=work.tries)
        _set_back(work, words_of(error))
        return 0
    LEASE.release(_row(work), work.lease_token, tries=0, error="")
    return worked


def _row(work: BulkWork) -> QuerySet[BulkWork]:
    return BulkWork.objects.filter(pk=work.pk)


def _claim_oldest() -> BulkWork | None:
    """Take the oldest work. The try is counted before it begins: work that kills the sweeper uses them up as well."""
    now = timezone.now()
    waiting = BulkWork.objects.filter(LEASE.free(now), ended_at=None)
    oldest = waiting.order_by("pk").values_list("pk", flat=True).first()
    token = LEASE.claim(waiting.filter(pk=oldest), now=now, tries=F("tries") + 1) if oldest else None
    return LEASE.held(BulkWork.objects.select_related("asked_by"), token).first()


def _set_back(work: BulkWork, error: str) -> None:
    """Let others go first for a while, longer each time; after the last try it ends, and its page says why."""
    if work.tries >= MOST_TRIES:
        _give_up(work, error)
    else:
        LEASE.release(_row(work), work.lease_token, wait=wait_after(work.tries), error=error)


def _give_up(work: BulkWork, error: str) -> None:
    LEASE.release(_row(work).filter(ended_at=None), work.lease_token, ended_at=timezone.now(), error=error)
    log.error("bulk_work_abandoned", bulk_work=work.pk, reason=error)


def _do_chunks(work: BulkWork, most: int) -> int:
    worked = 0
    for _ in range(most):
        if work.done >= work.total:
            break
        worked += _do_chunk(work)
    return worked


def _do_chunk(work: BulkWork) -> int:
    ids = work.track_ids[work.done : work.done + CHUNK]
    end = work.done + len(ids)
    with transaction.atomic():
        # Whoever moves `done` does it: where this sweeper was thought dead, another may have the work.
        mine = LEASE.held(_row(work).filter(done=work.done, ended_at=None), work.lease_token).update(done=end, tries=1)
        if not mine:
            return 0
        tracks = Track.objects.with_source().select_related("owner").in_bulk(ids)
        outcomes = [_do_one(work, tracks[track_id]) for track_id in ids if track_id in tracks]
        worked, failures = outcomes.count(True), [one for one in outcomes if isinstance(one, dict)]
        kept = [*work.failures, *failures][:FAILURES_KEPT]
        _row(work).update(
            passed_over=F("passed_over") + len(ids) - worked - len(failures),
            failed=F("failed") + len(failures),
            failures=kept,
            ended_at=timezone.now() if end >= work.total else None,
        )
    work.done, work.tries, work.failures = end, 1, kept
    if end >= work.total:
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
