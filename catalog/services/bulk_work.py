"""Adding, checking and removing many tracks: a chunk at a time by the sweeper, so that no page waits for it.

Each chunk is one transaction that moves the row's `done` past it: work that is cut off is begun again where it was,
and no track is worked on twice.
"""

from collections.abc import Callable, Sequence

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.models import BulkWork, Job, Track
from catalog.services.errors import CatalogError, TrackGoneError
from catalog.services.jobs import accept_job
from catalog.services.removal import remove_track, restore_track

MOST_TRACKS = 100_000
CHUNK = 50  # a transaction of some tenths of a second: others can write in between
CHUNKS_A_SWEEP = 4
log = structlog.get_logger(__name__)


def begin(*, kind: str, track_ids: Sequence[int], asked_by: User) -> BulkWork:
    """Store what is to be done; the sweeper begins within a second.

    Raises:
        CatalogError: there is nothing to do, or too much.

    """
    if not track_ids:
        raise CatalogError("None of these tracks is in the catalog.")
    if len(track_ids) > MOST_TRACKS:
        raise CatalogError(f"That is more than {MOST_TRACKS:,} tracks: choose fewer by a filter.")
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
    if work.kind != BulkWork.Kind.REMOVE or not work.ended_at:
        raise CatalogError("Only a removal that has ended can be undone.")
    ids = work.track_ids[: work.done]
    if not ids:
        raise CatalogError("Nothing was removed.")
    undoing, created = BulkWork.objects.get_or_create(
        undoes=work,
        defaults={"kind": BulkWork.Kind.RESTORE, "track_ids": ids, "total": len(ids), "asked_by": asked_by},
    )
    if not created:
        raise CatalogError(f"{undoing.asked_by} undid this already.")
    return undoing


def sweep_bulk_work() -> int:
    """Do the next chunks of the oldest work there is; return how many tracks were worked on."""
    done = 0
    for _ in range(CHUNKS_A_SWEEP):
        work = BulkWork.objects.filter(ended_at=None).select_related("asked_by").order_by("pk").first()
        if work is None:
            break
        done += _do_chunk(work)
    return done


def _do_chunk(work: BulkWork) -> int:
    ids = work.track_ids[work.done : work.done + CHUNK]
    end = work.done + len(ids)
    with transaction.atomic():
        mine = BulkWork.objects.filter(pk=work.pk, done=work.done, ended_at=None).update(done=end)
        if not mine:  # stopped, or another sweeper has this chunk
            return 0
        tracks = Track.objects.select_related("owner").in_bulk(ids)
        worked = sum(_do_one(work, tracks[track_id]) for track_id in ids if track_id in tracks)
        BulkWork.objects.filter(pk=work.pk).update(
            passed_over=F("passed_over") + len(ids) - worked,
            ended_at=timezone.now() if end >= work.total else None,
        )
    if end >= work.total:
        log.info("bulk_work_ended", kind=work.kind, total=work.total)
    return worked


def _do_one(work: BulkWork, track: Track) -> bool:
    try:
        return _DO[BulkWork.Kind(work.kind)](work, track)
    except TrackGoneError:
        return False


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
    BulkWork.Kind.RESTORE: lambda _work, track: restore_track(track=track),
}
