"""Recordings in the catalog and in the index's log without their files, and how the index finds them."""

import uuid
from functools import cache
from pathlib import Path

from django.contrib.auth.models import User
from django.db import transaction

from catalog.engine import Fingerprint as EngineFingerprint
from catalog.engine import Fingerprinter
from catalog.models import AudioFile, Fingerprint, Track
from catalog.services.audio.analysis import fingerprint_of
from catalog.services.index import log
from catalog.services.index.searching import CaughtUpIndex


@cache
def fingerprint_at(path: Path) -> EngineFingerprint:
    """Fingerprint a recording, once a run."""
    return Fingerprinter().fingerprint(path)


def index_recording(owner: User, path: Path) -> Track:
    """Put a recording in the catalog and the log."""
    fingerprint = fingerprint_at(path)
    duration_s, data = fingerprint.duration_s, fingerprint.to_bytes()
    audio_file = AudioFile.objects.create(
        sha256=uuid.uuid4().hex * 2, size_bytes=1, duration_s=duration_s, sample_rate_hz=1, channels=1
    )
    Fingerprint.objects.create(
        audio_file=audio_file,
        version=log.CURRENT_VERSION,
        data=data,
        size_bytes=len(data),
        duration_s=duration_s,
    )
    track = Track.objects.create(owner=owner, audio_file=audio_file, title=path.stem)
    with transaction.atomic():
        log.record_add(track_id=track.pk)
    return track


def found(index: CaughtUpIndex, track: Track) -> list[int]:
    """Return the ids that the index finds for a track's own fingerprint."""
    return [match.track_id for match in index.search(fingerprint_of(track), exclude=(), limit=5) if match.is_duplicate]
