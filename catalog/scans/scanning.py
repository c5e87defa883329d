"""Searching the index for the tracks of a scan, some seconds at a time, so that people's tasks come in between.

The scan's row is the truth; the queue only says "go on with scan N", at least once. A worker holds the scan by a
lease. Each track's matches are stored in the transaction that moves the scan past it, so that work that is lost or
done twice changes nothing.
"""

import time
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from catalog.engine import Answer, FingerprintError, IndexUnavailable, Wanted
from catalog.models import Match, Scan, Track
from catalog.scans.starting import LEASE, enqueue, has_done, next_track
from catalog.services.audio import analysis
from catalog.services.errors import CatalogError, NotReachableError
from catalog.services.index.log import CURRENT_VERSION
from catalog.services.index.searching import process_index
from catalog.services.tasks.accepting import queue_is_long
from catalog.services.tasks.match_rows import match_rows, store_matches
from catalog.services.tasks.progress import Progress, WorkLost
from catalog.services.time_limits import attempt_s
from queueing.lease import kept_up, long_ago
from queueing.retrying import MOST_WAITS, wait_after, words_of
from queueing.stopping import WorkerStopped

STRETCH_S = 3.0  # a person's task waits no longer than this for the worker, and one track
UNSEEN = timedelta(seconds=30)  # a scan that no worker looked at for so long is told to the queue once more
FAILURES_KEPT = 50
log = structlog.get_logger(__name__)


def scan_stretch(scan_id: int) -> None:
    """Go on with a scan for some seconds and queue it again, unless another worker holds it or it has ended."""
    scan = _claim(scan_id)
    if scan is None:
        return
    with structlog.contextvars.bound_contextvars(scan=scan.pk), kept_up(lambda: _renew(scan)):
        try:
            is_done = _stretch(scan)
        except WorkerStopped:
            _held(scan).update(tries=0)  # a try that was not allowed to end does not count
            _pass_on(scan, is_done=False)
            raise
        except WorkLost:  # cancelled, or another worker has it
            return
        except (NotReachableError, IndexUnavailable) as error:  # not the track's fault
            log.warning("scan_postponed", reason=str(error))
            _held(scan).update(tries=0)
            _set_back(scan, error)
            return
        except Exception as error:
            log.exception("scan_stretch_failed", track=scan.trying, tries=scan.tries)
            _set_back(scan, error)
            return
    _pass_on(scan, is_done=is_done)


def _stretch(scan: Scan) -> bool:
    """Look for tracks until the time is over or the scan is lost; True where none is left."""
    until_s = time.monotonic() + STRETCH_S
    track = next_track(scan)
    allowed_s = attempt_s(track.length_s if track else None)
    while track is not None and _look_for(scan, track):
        track = next_track(scan)
        if time.monotonic() > until_s or (track and attempt_s(track.length_s) > allowed_s):
            break
    return track is None


def sweep_scan() -> bool:
    """Queue a running scan again whose worker died, or at which nobody looked; True if there was one."""
    now = timezone.now()
    unseen = Q(lease_until=None) & long_ago("queued_at", now, after=UNSEEN)
    stale = Scan.objects.filter(LEASE.over(now) | unseen, status=Scan.Status.RUNNING)
    scan = stale.first()
    if scan is None or queue_is_long(now):
        return False
    with transaction.atomic():
        freed = stale.filter(pk=scan.pk).update(queued_at=now, **LEASE.freed())
        if freed:
            enqueue(scan)
    return bool(freed)


def _claim(scan_id: int) -> Scan | None:
    running = Scan.objects.filter(pk=scan_id, status=Scan.Status.RUNNING)
    token = LEASE.claim(running.filter(LEASE.free(timezone.now())))
    return LEASE.held(running, token).first()


def _held(scan: Scan) -> QuerySet[Scan]:
    return LEASE.held(Scan.objects.filter(pk=scan.pk, status=Scan.Status.RUNNING), scan.lease_token)


def _renew(scan: Scan) -> bool:
    return LEASE.renew(_held(scan), scan.lease_token)


def _note_progress(scan: Scan, track: Track, done_s: float, found: int) -> bool:
    """Say how far a long recording is, and find out whether the scan was stopped meanwhile."""
    told = {"title": track.title, "done_s": round(done_s), "total_s": round(track.length_s or 0), "found": found}
    return bool(_held(scan).update(progress=told))


def _look_for(scan: Scan, track: Track) -> bool:
    """Look for one track and move the scan past it; False where the scan was lost, cancelled, or is to be tried again.

    The try is counted before the work: a track that kills its worker each time is left out in the end.
    """
    tries = scan.tries + 1 if scan.trying == track.pk else 1
    if not _held(scan).update(trying=track.pk, tries=tries):
        return False
    scan.trying, scan.tries = track.pk, tries
    began_s = time.monotonic()
    answer: Answer | None = None
    error = ""
    if tries > settings.JOB_MAX_ATTEMPTS:
        error = scan.error or "The worker stopped at every attempt. This service may not be able to analyse the file."
    else:
        try:
            fingerprint = analysis.fingerprint_of(track)
            wanted = Wanted(settings.MATCHES_KEPT, related=True)
            answer = process_index.find(
                fingerprint, exclude={track.pk}, wanted=wanted, progress=Progress(partial(_note_progress, scan, track))
            )
        except (NotReachableError, IndexUnavailable):
            raise
        except (CatalogError, FingerprintError) as refusal:
            error = str(refusal)
    return _move_past(scan, track, answer=answer, error=error, took_s=time.monotonic() - began_s)


def _move_past(scan: Scan, track: Track, *, answer: Answer | None, error: str, took_s: float) -> bool:
    if error:
        scan.failures = [*scan.failures, {"track": track.pk, "title": track.title, "error": error}][:FAILURES_KEPT]
    with transaction.atomic():
        rows = match_rows(answer, query=track, present=_unknown(track, answer), scan=scan) if answer else []
        store_matches(rows)
        if not error:
            Track.objects.filter(pk=track.pk).update(scanned_at=timezone.now())
        moved = _held(scan).update(
            done_track=track.pk,
            searched=F("searched") + int(not error),
            failed=F("failed") + int(bool(error)),
            found=F("found") + sum(row.verdict == Match.Verdict.DUPLICATE for row in rows),
            known=F("known") + _known(scan, answer, rows),
            progress={},
            failures=scan.failures,
            worked_s=F("worked_s") + took_s,
            setbacks=0,
            error="",
        )
        if not moved:  # cancelled, or another worker has it: its rows are the ones that count
            transaction.set_rollback(True)
    scan.done_track, scan.setbacks, scan.error = track.pk, 0, ""
    return bool(moved)


def _unknown(track: Track, answer: Answer) -> dict[int, Track]:
    """Return the present tracks found whose pair no match of these parameters names yet, either way round."""
    ids = {match.track_id for match in answer.matches}
    here, there = Q(query_track=track, reference_track__in=ids), Q(reference_track=track, query_track__in=ids)
    known = Match.objects.filter(here | there, engine_version=CURRENT_VERSION)
    named = {track_id for pair in known.values_list("query_track_id", "reference_track_id") for track_id in pair}
    return Track.objects.present().select_related("audio_file").in_bulk(list(ids - named))


def _known(scan: Scan, answer: Answer | None, rows: list[Match]) -> int:
    """Count the duplicates that were found before: a pair of two tracks of the scan at the first of the two."""
    new = {row.reference_track_id for row in rows}
    duplicates = [match for match in answer.matches if match.verdict == "duplicate"] if answer else []
    return sum(match.track_id not in new and not has_done(scan, match.track_id) for match in duplicates)


def _set_back(scan: Scan, error: Exception) -> None:
    """Let go of the scan for a while, longer each time; after a day it is given up, and staff see why."""
    told: dict[str, Any] = {"error": words_of(error), "setbacks": scan.setbacks + 1}
    if scan.setbacks + 1 < MOST_WAITS:
        LEASE.release(_held(scan), scan.lease_token, wait=wait_after(scan.setbacks + 1), **told)
        return
    now = timezone.now()
    LEASE.release(_held(scan), scan.lease_token, status=Scan.Status.FAILED, ended_at=now, progress={}, **told)
    log.error("scan_abandoned", scan=scan.pk, reason=told["error"])


def _pass_on(scan: Scan, *, is_done: bool) -> None:
    """Let go of the scan: to its end, or to the next stretch."""
    now = timezone.now()
    if is_done:
        _held(scan).update(status=Scan.Status.DONE, ended_at=now, done_track=F("last_track"), **LEASE.freed())
        log.info("scan_finished", scan=scan.pk)
        return
    with transaction.atomic():
        if _held(scan).update(queued_at=now, **LEASE.freed()):
            enqueue(scan)
