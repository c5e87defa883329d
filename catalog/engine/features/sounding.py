"""Where a recording holds anything that could be compared.

Silence, a fade to nothing, a steady tone, hum and DC say nothing: no level moves for the length of a patch. Next to
sound the levels do move, as the running mean that is subtracted from each row still holds the sound. But then they
climb or fall in a straight line. So a part that says nothing goes on for as long as no level bends.
"""

import numpy as np
from numpy.typing import NDArray

from catalog.engine.features.embedding import normalise
from catalog.engine.features.patches import PATCH_SPAN_COLUMNS, cut, unmoved_rows

STEP = 8  # columns from one place to the next
BLOCK = 512  # places looked at together
BEND_COLUMNS = 8  # to either side of a column, whose levels are held against the straight line between
MARGIN = PATCH_SPAN_COLUMNS + BEND_COLUMNS  # beyond a block
KNEE = 2  # places in which the level bends once, where the mean begins to know of a sound
LEAST_BEND_DB = 3.5  # mean of all rows: stored levels make 1.9 of a straight line, music 10


def sounding(levels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(n,) whether (columns, rows) stored levels hold anything to compare, every ``STEP`` columns from the first on."""
    parts = [_looked_at(levels, first) for first in range(0, len(levels), BLOCK * STEP)]
    if not parts:
        return np.zeros(0, bool)
    heard, bends = (np.concatenate(side) for side in zip(*parts, strict=True))
    return heard & ~_reached(~heard, _closed(~heard | ~bends))


def _looked_at(levels: NDArray[np.uint8], first: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(n,) whether anything is heard at each place of the block from ``first`` on, and whether its levels bend."""
    places = np.arange(first, min(first + BLOCK * STEP, len(levels)), STEP)
    from_column = max(0, first - MARGIN)
    picture = unmoved_rows(levels[from_column : first + BLOCK * STEP + MARGIN])
    halves = normalise(cut(picture, (places - from_column).astype(np.float32)))[1]
    columns = (places - from_column)[:, None] + np.arange(STEP) - STEP // 2
    last = len(picture) - 1
    left, middle, right = (picture[np.clip(columns + by, 0, last)] for by in (-BEND_COLUMNS, 0, BEND_COLUMNS))
    bends: NDArray[np.bool_] = np.abs(left - 2 * middle + right).mean(axis=(1, 2)) >= LEAST_BEND_DB
    return halves[:, 0] | halves[:, 1], bends


def _closed(holds: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,) the same, and in gaps of up to ``KNEE`` places."""
    kernel = np.ones(KNEE + 1)
    wide = np.convolve(holds, kernel) > 0  # each place, and those up to KNEE after it
    closed: NDArray[np.bool_] = np.convolve(wide, kernel, mode="valid") > KNEE
    return closed


def _reached(seeds: NDArray[np.bool_], through: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,) the places of those runs of ``through`` that hold one of ``seeds``."""
    run = np.cumsum(np.diff(through.astype(np.int8), prepend=0) == 1)
    held = np.zeros(int(run.max(initial=0)) + 1, bool)
    held[run[seeds & through]] = True
    reached: NDArray[np.bool_] = through & held[run]
    return reached
