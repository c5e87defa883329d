"""How long work on a recording may take: longer for a longer one. Work that takes longer hangs, and is killed.

Decoding and searching grow with the length of the recording: limits for an hour would kill six hours.
"""

from django.conf import settings

from catalog.models import Track

USUAL_S = 600.0  # of a recording, that `JOB_TIMEOUT_SECONDS` is for
USUAL_DECODED_S = 3600.0  # … and that `DECODE_WALL_SECONDS` is for
SLOWEST = 4.0  # seconds that a second of a worker's CPU may take on a machine where others go first


def attempt_s(length_s: float | None) -> int:
    """Return how many seconds one attempt at a recording of `length_s` may take, with decoding and naming."""
    length_s = min(length_s or 0.0, settings.MAX_AUDIO_SECONDS)
    searching_s = SLOWEST * settings.NAMING_CPU_SECONDS_PER_MINUTE * max(0.0, length_s - USUAL_S) / 60
    decoding_s = decoding_wall_s(length_s) - settings.DECODE_WALL_SECONDS
    return int(settings.JOB_TIMEOUT_SECONDS + searching_s + decoding_s)


def decoding_wall_s(length_s: float | None) -> float:
    """Return how many seconds decoding `length_s` may take; the longest allowed length bounds it."""
    length_s = min(length_s or 0.0, settings.MAX_AUDIO_SECONDS)
    return float(settings.DECODE_WALL_SECONDS * max(1.0, length_s / USUAL_DECODED_S))


def queue_options(track: Track | None) -> dict[str, int]:
    """Return the queue's options for a task about `track`: its time limit, if longer than usual."""
    limit_s = attempt_s(track.length_s if track else None)
    return {"timeout": limit_s} if limit_s > settings.JOB_TIMEOUT_SECONDS else {}
