"""Whether a recording holds anything that could be compared, or only what every moment of it sounds like.

Silence, a constant offset (DC), hum and a steady tone leave a picture without features: only the running mean of each
row, which is subtracted. Two such recordings have equal fingerprints whatever they are, so they must match nothing.
"""

import numpy as np
from numpy.typing import NDArray

from catalog.engine.features.embedding import normalise
from catalog.engine.features.patches import PATCH_SPAN_COLUMNS, centres, cut, unmoved_rows
from catalog.engine.features.spectrogram import Floats
from catalog.engine.parameters import PARAMETERS

LEAST_HEARD_S, LEAST_HEARD_SHARE = 2.0, 0.1  # of a recording, the less of both; one click is heard for a second
STEP = 4  # columns between the moments that are looked at
MOMENTS_AT_ONCE = 4096


def is_blank(levels: NDArray[np.uint8]) -> bool:
    """Whether (columns, rows) stored levels hold too little to compare."""
    moments = centres(len(levels), STEP)
    enough = min(LEAST_HEARD_S / (STEP * PARAMETERS.hop_s), LEAST_HEARD_SHARE * len(moments))
    heard = 0
    for start in range(0, len(moments), MOMENTS_AT_ONCE):
        heard += _heard(levels, moments[start : start + MOMENTS_AT_ONCE])
        if heard >= max(enough, 1):
            return False
    return True


def _heard(levels: NDArray[np.uint8], moments: Floats) -> int:
    """In how many of the moments something varies, in one half at least."""
    first = max(0, int(moments[0]) - PATCH_SPAN_COLUMNS)
    rows = unmoved_rows(levels[first : int(moments[-1]) + PATCH_SPAN_COLUMNS + 1])
    return int(normalise(cut(rows, moments - np.float32(first)))[1].any(axis=1).sum())
