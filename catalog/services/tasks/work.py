"""The work of a job: decoding, fingerprinting, adding to the index or searching it. Nothing slow in a transaction."""

import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog.engine import Answer, FingerprintError, IndexUnavailable, Wanted
from catalog.engine import Match as EngineMatch
from catalog.models import Job, Match, Track
from catalog.services.audio import analysis, bandwidth
from catalog.services.errors import CatalogError, NotReachableError
from catalog.services.index import log as index_log
from catalog.services.index.of_account import find_for
from catalog.services.tasks import leasing, precedence
from catalog.services.tasks.match_rows import match_rows, store_matches
from catalog.services.tasks.progress import Progress, WorkLost
from queueing.lease import kept_up
from queueing.stopping import WorkerStopped
from webhooks.contract import Body, result_body

INDEX_AWAITED = timedelta(days=1)
MEASURED_COPIES = 20  # of the closest copies; each file once, about a tenth of a second
ENDED_EARLY = "The time for this search was over before all of the recording was searched. There may be more matches."
log = structlog.get_logger(__name__)


def run(job_id: int) -> None:
    """Do job `job_id` to its end, unless another worker holds it. Every outcome is stored in the row.

    Raises:
        WorkerStopped: the worker has no more time; the job was handed back.
        django.db.DatabaseError: the outcome could not be stored; the sweeper queues the job again after its lease.

    """
    job = leasing.claim(job_id)
    if job is None:
        return
    with structlog.contextvars.bound_contextvars(task_id=job.task_id), kept_up(lambda: leasing.renew(job)):
        try:
            _do(job)
        except WorkerStopped:
            leasing.hand_back(job)
            raise
        except WorkLost:  # stopped by a person, or another worker has it
            log.info("job_lease_lost", task_id=job.task_id)
        except NotReachableError as error:
            log.warning("job_attempt_postponed", attempt=job.attempts, reason=str(error))
            _retry_or_give_up(job, error)
        except IndexUnavailable as error:
            _wait_for_index(job, error)
        except (CatalogError, FingerprintError) as error:
            leasing.end_in_failure(job, error=str(error))
        except Exception as error:
            log.exception("job_attempt_failed", attempt=job.attempts)
            _retry_or_give_up(job, error)


def _retry_or_give_up(job: Job, error: Exception) -> None:
    detail = f"{type(error).__name__}: {error}"
    if job.attempts < settings.JOB_MAX_ATTEMPTS:
        leasing.release(job, detail=detail)
    else:
        job.detail = job.detail | {"last_error": detail[:2000]}
        told = isinstance(error, CatalogError)
        reason = str(error) if told else "The service could not finish this task."
        advice = "Try again later." if told else "Report the id of this task."
        leasing.end_in_failure(job, error=f"{reason} It was tried {job.attempts} times. {advice}")


def _wait_for_index(job: Job, error: IndexUnavailable) -> None:
    """Try again later, however often: a search that could not look everywhere has no verdict."""
    log.warning("index_search_failed", reason=str(error))
    if timezone.now() - job.created_at < INDEX_AWAITED:
        leasing.postpone(job, detail=str(error))
    else:
        leasing.end_in_failure(job, error="The index could not be reached for a day. Try again later.")


def _do(job: Job) -> None:
    started_s = time.monotonic()
    leasing.note_stage(job, "fingerprint")
    times: dict[str, float] = {}
    fingerprint = analysis.fingerprint_of(job.track, times=times)
    fingerprinted_s = time.monotonic()
    took_s = fingerprinted_s - started_s - times.get("decode_s", 0.0)
    job.detail = job.detail | times | {"fingerprint_s": round(took_s, 3)}
    if fingerprint.is_blank:
        job.detail = job.detail | {"note": analysis.NOTHING_TO_COMPARE}
    if job.task_name == Job.Name.ADD:
        _finish_add(job)
        return
    precedence.enter_first(job)
    leasing.note_stage(job, "search")
    # By the track's owner: a check that staff start of it sees what its owner's sees.
    answer = find_for(
        job.track.owner_id,
        fingerprint,
        exclude={job.track_id},
        wanted=Wanted(settings.MATCHES_KEPT, related=True),
        progress=Progress(partial(_note_progress, job, fingerprint.duration_s)),
    )
    job.detail = job.detail | {"search_s": round(time.monotonic() - fingerprinted_s, 3)}
    if not answer.is_complete:
        job.detail = job.detail | {"note": ENDED_EARLY}
    _measure_copies(job, answer)
    _finish_check(job, answer)


def _measure_copies(job: Job, answer: Answer) -> None:
    """Measure the treble of copies before the words about them are written: their page will say the same."""
    copies = [match.track_id for match in answer.matches if match.is_duplicate][:MEASURED_COPIES]
    if copies:
        bandwidth.measure_files_of([job.track_id, *copies])


def _note_progress(job: Job, total_s: float, done_s: float, found: int) -> bool:
    progress = {"done_s": round(done_s), "total_s": round(total_s), "found": found}
    return leasing.note_stage(job, "search", progress=progress)


def _finish_add(job: Job) -> None:
    with transaction.atomic():
        is_in = index_log.record_add(track_id=job.track_id)
        if is_in:
            leasing.end_in_success(job)
    if not is_in:
        leasing.end_in_failure(job, error="The track was removed from the catalog.")


def _finish_check(job: Job, answer: Answer) -> None:
    present = Track.objects.present()
    # Before the transaction, in which SQLite has no other writer: a worker that waits for a core there stops them all.
    known = present.select_related("audio_file").in_bulk([match.track_id for match in answer.matches])
    rows = match_rows(answer, query=job.track, present=known, job=job)
    with transaction.atomic():
        # Locked, so that a track whose removal has returned is in no verdict that ends after it.
        locked = present.select_for_update(of=("self",), no_key=True).order_by("pk")
        tracks = locked.only("music_id", "title").in_bulk(known)
        for track_id in precedence.left_to_others(job, found=tracks.keys()):
            del tracks[track_id]
        standing = [match for match in answer.matches if match.track_id in tracks]
        Match.objects.filter(job=job).delete()  # of an attempt whose end was lost
        store_matches([row for row in rows if row.reference_track_id in tracks])
        if not leasing.end_in_success(job, result=verdict(standing, tracks)):
            transaction.set_rollback(True)  # another worker has the job: its matches are the ones that count


def verdict(found: Sequence[EngineMatch], tracks: dict[int, Track]) -> Body:
    """Return the contract's `result` for matches, the closest first."""
    best = next((match for match in found if match.is_duplicate), None)
    track = tracks[best.track_id] if best else None
    return result_body(music_id=track.music_id, title=track.title) if track else result_body()
