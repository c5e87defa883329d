"""Both spectrograms of a match laid over each other on A's clock: A in one ink, B in another."""

import base64

import numpy as np
from numpy.typing import NDArray

from catalog.models import AudioFile, Match
from catalog.presentation.spectrogram_picture import indexed_png, stored_fingerprint

COLUMNS = 1000
_LEVELS = 16
_INK_A = np.array((217, 70, 20))
_INK_B = np.array((20, 90, 217))


def overlay_uri(match: Match, *, begin_s: float, end_s: float) -> str:
    """Return the picture from `begin_s` to `end_s` of A's clock as a data URI; empty where a fingerprint is missing."""
    a, b = match.query_track.audio_file, match.reference_track.audio_file
    if a is None or b is None:
        return ""
    clock = begin_s + (np.arange(COLUMNS) + 0.5) * (end_s - begin_s) / COLUMNS
    of_a, of_b = _columns(a, clock), _columns(b, match.offset_s + clock * match.tempo_ratio)
    if of_a is None or of_b is None or of_a.shape != of_b.shape:
        return ""
    picture = indexed_png((of_a * _LEVELS + of_b).T[::-1], *_palette())
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def _columns(audio_file: AudioFile, own_s: NDArray[np.float64]) -> NDArray[np.uint8] | None:
    """Return the levels at some times of a file, shape (times, bands); zero where it does not sound."""
    fingerprint = stored_fingerprint(audio_file)
    if fingerprint is None or audio_file.duration_s <= 0 or not len(fingerprint.levels):
        return None
    levels = fingerprint.levels
    places = np.floor(own_s * (len(levels) / audio_file.duration_s)).astype(np.int64)
    inside = (places >= 0) & (places < len(levels))
    found = levels[np.clip(places, 0, len(levels) - 1)]
    return np.where(inside[:, None], found, 0).astype(np.uint8)


def _palette() -> tuple[bytes, bytes]:
    """Return the colours and how much each covers, for every level of A (sixteens) with every one of B (ones)."""
    a, b = np.divmod(np.arange(_LEVELS * _LEVELS), _LEVELS)
    weights = np.maximum(a + b, 1)[:, None]
    colours = (a[:, None] * _INK_A + b[:, None] * _INK_B) // weights
    covers = np.maximum(a, b) * 255 // (_LEVELS - 1)
    return colours.astype(np.uint8).tobytes(), covers.astype(np.uint8).tobytes()
