"""The functions that django-q calls by name; each only calls a service."""

from typing import Any

import structlog
from django.conf import settings
from django_q.conf import Conf

from catalog.scans import scanning
from catalog.services.audio import bandwidth, playback, store
from catalog.services.index import searching
from catalog.services.tasks import refreshing, work
from queueing.tasks import sing  # noqa: F401  (a canary that 0.1.0 left in the queue)

log = structlog.get_logger(__name__)


def run_job(job_id: int) -> None:
    """Do one job."""
    work.run(job_id)


def store_peaks(audio_file_id: int) -> None:
    """Compute the waveform of one stored file."""
    playback.store_peaks(audio_file_id=audio_file_id)


def store_cutoff(audio_file_id: int) -> None:
    """Measure the highest frequency of one stored file."""
    bandwidth.store_cutoff(audio_file_id=audio_file_id)


def refresh_fingerprint(track_id: int) -> None:
    """Make the fingerprint of one track again."""
    refreshing.refresh(track_id=track_id)


def scan_stretch(scan_id: int) -> None:
    """Go on with a scan of the catalog."""
    scanning.scan_stretch(scan_id)


def warm_up(**signal: Any) -> None:  # noqa: ARG001  (django-q's signal)
    """Prepare a worker of the fingerprint cluster as it starts; if that fails, the worker runs all the same."""
    if settings.Q_CLUSTER["name"] != Conf.CLUSTER_NAME:
        return
    try:
        store.remove_old_drafts()  # of this machine: the sweeper may run on another
        searching.process_index.warm_up()
    except Exception:
        log.exception("warm_up_failed")
