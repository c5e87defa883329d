"""Waveforms: the peaks of a stored file, which a worker computes once and the file's row keeps."""

import structlog
from django.conf import settings
from django.core.cache import cache

from catalog.engine import FingerprintError
from catalog.engine.audio.waveform import waveform_peaks
from catalog.models import AudioFile
from catalog.services.audio import store
from catalog.services.audio.limits import decode_limits
from catalog.services.errors import TrackGoneError
from queueing import entries

PEAKS_TASK = "catalog.tasks.store_peaks"
_ASKED_FOR_S = 30
log = structlog.get_logger(__name__)


def request_peaks(*, audio_file: AudioFile) -> None:
    """Ask a worker for the peaks of a file that has none. Asking again soon does nothing."""
    if audio_file.peaks is None and cache.add(f"peaks-asked-for-{audio_file.pk}", 1, timeout=_ASKED_FOR_S):
        entries.put(PEAKS_TASK, [audio_file.pk], cluster=settings.Q_CLUSTER["name"])


def store_peaks(*, audio_file_id: int) -> bool:
    """Compute and store the peaks of a file. A file that cannot be decoded gets none, and is not tried again.

    Returns False if there was nothing to do: the file is gone, or has its peaks.
    """
    audio_file = AudioFile.objects.filter(pk=audio_file_id, peaks=None).first()
    if audio_file is None:
        return False
    try:
        with store.on_this_machine(audio_file) as path:
            peaks = waveform_peaks(path, limits=decode_limits(audio_file.duration_s)).tobytes()
    except (FingerprintError, TrackGoneError) as error:
        log.warning("peaks_computation_failed", audio_file=audio_file_id, reason=str(error))
        peaks = b""
    return bool(AudioFile.objects.filter(pk=audio_file_id).update(peaks=peaks))
