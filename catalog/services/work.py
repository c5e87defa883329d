"""The work of a job: decode, fingerprint, and add to the index or search it. Nothing slow inside a transaction."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import structlog
from django.conf import settings
from django.db import connections, transaction

from catalog.engine import FingerprintError
from catalog.engine import Match as EngineMatch
from catalog.models import Job, Match, Track
from catalog.services import analysis, index_log, jobs
from catalog.services.errors import CatalogError
from catalog.services.searching import process_index

MATCHES_KEPT = 10
log = structlog.get_logger(__name__)


def run(job_id: int) -> None:
    """Do job `job_id` to its end, unless another worker holds it. Never raises: every outcome is in the row."""
    job = jobs.claim(job_id)
    if job is None:
        return
    with structlog.contextvars.bound_contextvars(task_id=job.task_id), _renewed_lease(job):
        try:
            _do(job)
        except (CatalogError, FingerprintError) as error:
            jobs.end_in_failure(job, error=str(error))
        except Exception as error:
            log.exception("job_attempt_failed", attempt=job.attempts)
            _retry_or_give_up(job, error)


def _retry_or_give_up(job: Job, error: Exception) -> None:
    detail = f"{type(error).__name__}: {error}"
    if job.attempts < settings.JOB_MAX_ATTEMPTS:
        jobs.release(job, detail=detail)
    else:
        job.detail = job.detail | {"last_error": detail[:2000]}
        jobs.end_in_failure(
            job, error=f"The service could not finish this task in {job.attempts} attempts. Please report its id."
        )


def _do(job: Job) -> None:
    started_s = time.monotonic()
    fingerprint = analysis.fingerprint_of(job.track)
    fingerprinted_s = time.monotonic()
    job.detail = job.detail | {"fingerprint_s": round(fingerprinted_s - started_s, 3)}
    if job.task_name == Job.Name.ADD:
        _finish_add(job)
        return
    found = process_index.search(fingerprint, exclude={job.track_id}, limit=MATCHES_KEPT)
    job.detail = job.detail | {"search_s": round(time.monotonic() - fingerprinted_s, 3)}
    _finish_check(job, found)


def _finish_add(job: Job) -> None:
    with transaction.atomic():
        present = Track.objects.filter(pk=job.track_id, removed_at=None).exists()
        if present:
            index_log.record_add(track_id=job.track_id)
            jobs.end_in_success(job)
    if not present:
        jobs.end_in_failure(job, error="The track was removed from the catalog.")


def _finish_check(job: Job, found: Sequence[EngineMatch]) -> None:
    tracks = Track.objects.present().in_bulk([match.track_id for match in found])
    standing = [match for match in found if match.track_id in tracks]
    with transaction.atomic():
        Match.objects.filter(job=job).delete()  # of an attempt whose end was lost
        Match.objects.bulk_create([_row(job, match) for match in standing])
        jobs.end_in_success(job, result=verdict(standing, tracks))


def verdict(found: Sequence[EngineMatch], tracks: dict[int, Track]) -> dict[str, Any]:
    """Return the contract's `result` for matches, best first."""
    best = next((match for match in found if match.is_duplicate), None)
    track = tracks[best.track_id] if best else None
    return {
        "is_duplicate": track is not None,
        "matched_music_id": str(track.music_id) if track else None,
        "matched_musicname": track.title if track else None,
    }


def _row(job: Job, match: EngineMatch) -> Match:
    same_names = [
        "verdict",
        "score",
        "false_accept_probability",
        "offset_s",
        "query_start_s",
        "query_end_s",
        "reference_start_s",
        "reference_end_s",
        "tempo_ratio",
        "pitch_semitones",
        "query_coverage",
        "reference_coverage",
        "similarity_step_s",
    ]
    return Match(
        job=job,
        query_track_id=job.track_id,
        reference_track_id=match.track_id,
        description=match.describe()[:255],
        segments=[
            [
                round(float(value), 3)
                for value in (
                    part.query_start_s,
                    part.query_end_s,
                    part.reference_start_s,
                    part.reference_end_s,
                    part.similarity,
                )
            ]
            for part in match.segments
        ],
        similarity_curve=np.nan_to_num(match.similarity_curve).astype(float).round(3).tolist(),
        engine_version=index_log.CURRENT_VERSION,
        **{name: getattr(match, name) for name in same_names},
    )


@contextmanager
def _renewed_lease(job: Job) -> Iterator[None]:
    """Renew the job's lease from a thread while the work runs, so that a short lease does for long work.

    A worker that is killed stops renewing, and the job is offered again within one lease.
    """
    done = threading.Event()
    period_s = settings.JOB_LEASE_SECONDS / 3

    def renew_until_done() -> None:
        while not done.wait(period_s):
            if not jobs.renew(job):
                break
        connections.close_all()  # this thread's own

    thread = threading.Thread(target=renew_until_done, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=5)
