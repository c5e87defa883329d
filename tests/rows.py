"""Rows for tests of staff pages: real ones, in the shape that the services write."""

from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from catalog.models import AudioFile, Job, Match, Track
from catalog.services.audio import stored_files
from catalog.services.tracks.removal import purge_removed, remove_track

_numbers = count(1)
_RELATIONS = {"duplicate": "excerpt", "contains": "overlap", "none": "related"}


def make_audio_file(**values: Any) -> AudioFile:
    """Store a row for a file; its bytes are not there."""
    number = next(_numbers)
    defaults = {
        "sha256": f"{number:064x}",
        "stored_name": f"00/{number:064x}.mp3",
        "size_bytes": 480_000,
        "container": "mp3",
        "codec": "mp3",
        "duration_s": 30.0,
        "sample_rate_hz": 44100,
        "channels": 2,
        "bit_rate": 128_000,
        "cutoff_hz": 16_000,
    }
    return AudioFile.objects.create(**(defaults | values))


def another_file(file: AudioFile) -> AudioFile:
    """Store a row for a file that plays as another one does and is not the same."""
    file.refresh_from_db()
    values = {"stored_name": file.stored_name, "duration_s": file.duration_s, "codec": file.codec, "peaks": file.peaks}
    return make_audio_file(**values, bit_rate=file.bit_rate)


def stored_path(track: Track) -> Path:
    """Return where the local store has a track's bytes."""
    assert track.audio_file
    return Path(settings.AUDIO_DIR) / track.audio_file.stored_name


def make_track(owner: User, **values: Any) -> Track:
    """Store a track with a file row of its own."""
    defaults: dict[str, Any] = {"title": f"Song {next(_numbers)}", "artist": "Somebody"}
    if "audio_file" not in values:
        values["audio_file"] = make_audio_file()
    return Track.objects.create(owner=owner, **(defaults | values))


def make_check(track: Track, *, found: Track | None = None) -> Job:
    """Store a check that ended in success."""
    now = timezone.now()
    return Job.objects.create(
        task_id=f"task_20260402055414_{next(_numbers):08}",
        task_name=Job.Name.CHECK,
        track=track,
        owner=track.owner,
        status=Job.Status.SUCCESS,
        attempts=1,
        started_at=now,
        completed_at=now + timedelta(seconds=1),
        result={
            "is_duplicate": found is not None,
            "matched_music_id": str(found.music_id) if found else None,
            "matched_musicname": found.title if found else None,
        },
        detail={"fingerprint_s": 0.5, "search_s": 0.25},
    )


def make_match(query: Track, reference: Track, **values: Any) -> Match:
    """Store what a check of `query` found: `reference`, six per cent slower, from its fourth second."""
    defaults: dict[str, Any] = {
        "job": values.pop("job", None) or make_check(query, found=reference),
        "query_track": query,
        "reference_track": reference,
        "relation": _RELATIONS[values.setdefault("verdict", Match.Verdict.DUPLICATE)],
        "score": 0.42,
        "false_accept_probability": 2.5e-8,
        "offset_s": 4.0,
        "query_start_s": 0.0,
        "query_end_s": 20.0,
        "reference_start_s": 4.0,
        "reference_end_s": 25.2,
        "tempo_ratio": 1.06,
        "pitch_semitones": 1.0,
        "query_coverage": 0.92,
        "reference_coverage": 0.31,
        "segments": [[0.0, 20.0, 4.0, 25.2, 0.7]],
        "similarity_curve": [0.5, 0.75, 0.8, 0.6],
        "similarity_step_s": 5.0,
        "engine_version": "1",
    }
    return Match.objects.create(**(defaults | values))


def make_copy(query: Track, reference: Track, **values: Any) -> Match:
    """Store that a check of `query` found all of it in `reference`, unaltered."""
    plain = {
        "relation": Match.Relation.SAME,
        "score": 40.0,
        "false_accept_probability": 1e-40,
        "offset_s": 0.0,
        "query_end_s": 30.0,
        "reference_start_s": 0.0,
        "reference_end_s": 30.0,
        "tempo_ratio": 1.0,
        "pitch_semitones": 0.0,
        "query_coverage": 1.0,
        "reference_coverage": 1.0,
        "segments": [[0.0, 30.0, 0.0, 30.0, 0.97]],
        "similarity": 0.97,
    }
    return make_match(query, reference, **(plain | values))


def remove_for_good(track: Track) -> None:
    """Remove a track and let the time pass in which it could be brought back."""
    remove_track(track=track)
    purge_removed(now=timezone.now() + timedelta(hours=settings.REMOVED_KEPT_HOURS + 1))
    stored_files.remove_due()
