"""The pitch of a match to a fraction of a semitone, from the spectrograms themselves.

The learnt vectors hardly change over a quarter-tone. So the patches that they were made from are compared here.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from catalog.engine.alignment.agreement import vertex
from catalog.engine.alignment.comparison import Comparison
from catalog.engine.alignment.line import HOP_S, Line
from catalog.engine.features.embedding import normalise
from catalog.engine.features.patches import PATCH_SPAN_COLUMNS, cut, move_rows
from catalog.engine.features.spectrogram import Floats, dequantise

PLACES = 40
LIKELY = 0.02  # agreement a likely pitch is given before
STEPS = np.arange(-5, 6) * 0.2  # semitones around what the vectors said


def measured(pair: Comparison, line: Line, places_s: Floats, similarity: Floats) -> Line:
    """``line`` with the pitch at which the places with most ``similarity`` agree best; ``places_s`` (n,) in seconds.

    Percussion agrees at many pitches. So the two that a copy most likely has are tried too: unchanged, and coupled to
    the tempo as on a tape. They win a near tie with the line's own.
    """
    best = np.sort(np.argsort(-similarity)[:PLACES])
    places = (places_s[best] / HOP_S).astype(np.float32)
    target, heard = normalise(pair.reference.patches(line.columns(places)))
    middles = {0.0: LIKELY, 12 * math.log2(line.tempo_ratio): LIKELY}
    if all(abs(line.pitch_semitones - middle) > STEPS[-1] / 2 for middle in middles):
        middles[line.pitch_semitones] = 0.0
    picture, inside = _excerpt(pair.query.fingerprint.levels, places, line.tempo_ratio)
    tried = []
    for middle, bonus in middles.items():
        agreement = []
        for step in STEPS:
            moved, _ = normalise(cut(move_rows(picture, float(middle + step)), inside, line.tempo_ratio))
            agreement.append(float(((moved * target).sum(axis=2) * heard).mean()))
        tried.append((max(agreement) + bonus, middle + _top(np.array(agreement))))
    return replace(line, pitch_semitones=max(tried)[1])


def _excerpt(levels: NDArray[np.uint8], places: Floats, tempo_ratio: float) -> tuple[Floats, Floats]:
    """The columns around each place, one after the other, and where the places lie in them."""
    reach = int(PATCH_SPAN_COLUMNS / tempo_ratio) + 2
    whole = np.round(places).astype(np.int64)
    columns = np.clip(whole[:, None] + np.arange(-reach, reach + 1), 0, len(levels) - 1)
    inside = np.arange(len(places)) * (2 * reach + 1) + reach + (places - whole)
    return dequantise(levels[columns.reshape(-1)]), inside.astype(np.float32)


def _top(values: np.ndarray) -> float:
    """Where the highest value lies among ``STEPS``, by a parabola through it and its neighbours."""
    top = int(np.clip(np.argmax(values), 1, len(values) - 2))
    shift = vertex(*values[top - 1 : top + 2].tolist())
    return float(STEPS[top] + np.clip(shift, -1, 1) * (STEPS[1] - STEPS[0]))
