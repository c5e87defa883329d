"""The highest frequency in a stored file: a worker measures it once, when two files are compared."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

import structlog
from django.conf import settings
from django.core.cache import cache

from catalog.engine import FingerprintError
from catalog.engine.audio.bandwidth import cutoff_hz
from catalog.models import AudioFile
from catalog.services.audio import store
from catalog.services.audio.limits import decode_limits
from catalog.services.errors import NotReachableError, TrackGoneError
from queueing import entries

CUTOFF_TASK = "catalog.tasks.store_cutoff"
_ASKED_FOR_S = 30
NOT_MEASURED = 0  # stored for silence, and for what cannot be decoded: it is not tried again
log = structlog.get_logger(__name__)


def request_cutoffs(*, audio_files: Iterable[AudioFile]) -> None:
    """Ask workers to measure those files that nobody has measured. Asking again soon does nothing.

    All are queued at once: a page that shows 24 tracks would wait for 24.
    """
    unknown = [audio_file.pk for audio_file in audio_files if audio_file.cutoff_hz is None]
    asked = [pk for pk in unknown if cache.add(f"cutoff-asked-for-{pk}", 1, timeout=_ASKED_FOR_S)]
    if not asked:
        return
    entries.put(CUTOFF_TASK, asked, cluster=settings.Q_CLUSTER["name"])


def store_cutoff(*, audio_file_id: int) -> bool:
    """Measure a stored file; False if there was nothing to do, because it is gone or was measured."""
    audio_file = AudioFile.objects.filter(pk=audio_file_id, cutoff_hz=None).first()
    if audio_file is None:
        return False
    try:
        with store.on_this_machine(audio_file) as path:
            found = measured(path, audio_file.sample_rate_hz)
    except TrackGoneError as error:
        log.warning("cutoff_measurement_failed", audio_file=audio_file_id, reason=str(error))
        found = NOT_MEASURED
    return bool(AudioFile.objects.filter(pk=audio_file_id).update(cutoff_hz=found))


def measure_files_of(track_ids: Collection[int]) -> None:
    """Measure the tracks' files that were not measured; those that the store cannot give now are measured later."""
    unknown = AudioFile.objects.filter(tracks__in=track_ids, cutoff_hz=None).distinct()
    for audio_file_id in list(unknown.values_list("pk", flat=True)):
        with suppress(NotReachableError):
            store_cutoff(audio_file_id=audio_file_id)


def measured(path: Path, rate_hz: int) -> int:
    """Return the highest frequency in a file on this machine, in Hz; `NOT_MEASURED` if it cannot be measured."""
    try:
        return cutoff_hz(path, rate_hz, limits=decode_limits())
    except FingerprintError as error:
        log.warning("cutoff_measurement_failed", file=path.name, reason=str(error))
        return NOT_MEASURED
