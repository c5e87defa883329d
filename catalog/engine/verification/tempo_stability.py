"""How steadily a match keeps time: a copy keeps one tempo to the millisecond, a second performance does not.

The offsets of two-second blocks are compared with a straight line through half a minute of them, so that a slow drift
of a tape is no unsteadiness, and with each other, so that a cut or a change of tempo is none. The blocks are placed in
two ways. The whitened pictures place them most exactly, but the echoes that are left of the difference of two channels
lie late, now more and now less; the learnt moments forgive that. Experiments: docs/log/2026-11-28-tempo-stability.md.
"""

from dataclasses import dataclass

import numpy as np

from catalog.engine.alignment.agreement import along_line, peak
from catalog.engine.alignment.comparison import NEAR_COLUMNS, AlignedPictures, Comparison
from catalog.engine.alignment.line import HOP_S, Line, evenly, weighted_line
from catalog.engine.features.spectrogram import Floats

BLOCK_COLUMNS = 31  # 2 s, which are placed as one
BLOCK_PLACES = 8  # the same of moments
STANDS_OUT = 2.5  # deviations a block must bring to be asked
WINDOW_BLOCKS = 16  # half a minute
MOST_WINDOWS = 5
FEWEST_BLOCKS = 8  # less says nothing
FEWEST_STEPS = 6  # three blocks in a row each
REACH_S = 0.5  # how far from the line a block is looked for
FAR_S = 0.15  # off the line by more: another beat, not a late one …
FAR_WEIGHT = 0.05  # … and what is left of its weight
FITS = 3  # least squares, then twice without what lies far off
DULLEST = 1e-3  # sharpness of a block without a peak
# Root mean square of the blocks' sharpness under which slow chords lie anywhere and say nothing.
DULL = 0.05
MOST_S = 0.06  # what a block that is found anywhere counts at the most


@dataclass(frozen=True)
class Blocks:
    """Blocks of two seconds in order, (n,) each.

    ``middle_s``: the middle in the query; ``moved_s``: how many seconds the block lies later than the line; ``weight``:
    0 where it says nothing.
    """

    middle_s: Floats
    moved_s: Floats
    weight: Floats


@dataclass(frozen=True)
class Timekeeping:
    """How a match keeps time.

    ``wobble_s``: how far blocks stray on average (s), by the measure that a copy passes; None where too few blocks say.
    ``strays``: no measure is passed. ``bent``: the blocks of a line that bends and goes from one to the next.
    """

    wobble_s: float | None = None
    strays: bool = False
    bent: Blocks | None = None


UNTOLD = Timekeeping()


def of_pictures(pictures: AlignedPictures, places_s: Floats, deviation: float) -> Blocks:
    """The blocks of the whitened pictures over the query's ``places_s`` (n,).

    ``deviation``: that of one column's sum of products on wrong lines. A block's weight is the square of the deviations
    by which it stands out beyond ``STANDS_OUT``.
    """
    span = pictures.span(places_s)
    shifts = [pictures.products(shift, span) for shift in range(2 * NEAR_COLUMNS + 1)]
    products = np.stack(shifts, axis=1)
    count = len(products) // BLOCK_COLUMNS
    blocks = products[: count * BLOCK_COLUMNS].reshape(count, BLOCK_COLUMNS, len(shifts)).sum(axis=1)
    blocks /= np.float32(deviation * BLOCK_COLUMNS**0.5)
    middle_s = (span.start + (np.arange(count) + 0.5) * BLOCK_COLUMNS) * (HOP_S / pictures.line.tempo_ratio)
    return Blocks(middle_s, _peaks_s(blocks), np.maximum(blocks.max(axis=1, initial=0.0) - STANDS_OUT, 0.0) ** 2)


def of_moments(pair: Comparison, line: Line, places_s: Floats) -> Blocks | None:
    """The blocks of the learnt moments at the query's ``places_s`` (n,); None where there are too few.

    Slow chords are placed nowhere exactly. Where most blocks are such, all count as on the line.
    """
    count = len(places_s) // BLOCK_PLACES
    if count < FEWEST_BLOCKS:
        return None
    places = (places_s[: count * BLOCK_PLACES] / np.float32(HOP_S)).reshape(count, BLOCK_PLACES)
    blocks = along_line(pair, line, places, REACH_S)
    weight = np.array([_sharpness(block) for block in blocks]) ** 2
    moved_s = _peaks_s(blocks) if weight.mean() >= DULL**2 else np.zeros(count, np.float32)
    return Blocks(places.mean(axis=1) * np.float32(HOP_S), moved_s, weight)


def off_line_s(blocks: Blocks) -> float | None:
    """The mean distance (s) of the blocks from a straight line: the median of up to five half minutes.

    None where too few blocks say anything.
    """
    count = len(blocks.weight)
    if np.count_nonzero(blocks.weight) < FEWEST_BLOCKS:
        return None
    size = min(count, WINDOW_BLOCKS)
    starts = np.arange(0, count - size + 1, max(1, size // 2))
    starts = starts[evenly(len(starts), MOST_WINDOWS)]
    spans = [slice(start, start + size) for start in starts.tolist()]
    spans = [span for span in spans if np.count_nonzero(blocks.weight[span]) >= FEWEST_BLOCKS / 2]
    off_s = [_off_line_s(blocks.moved_s[span], blocks.weight[span]) for span in spans]
    return float(np.median(off_s)) if off_s else None


def off_course_s(blocks: Blocks) -> float | None:
    """How far (s) a block lies off the straight line through the two before it, as the mean of the steadier half.

    A cut or a change of tempo moves two of these, and a gliding tempo moves all by little. A performance is as unsteady
    from block to block as in half a minute. None where too few blocks say anything.
    """
    off_s = np.sort(off_each_s(blocks))
    off_s = off_s[np.isfinite(off_s)]
    return float(off_s[: (len(off_s) + 1) // 2].mean()) if len(off_s) >= FEWEST_STEPS else None


def off_each_s(blocks: Blocks) -> Floats:
    """(n - 2,) how far (s) each block but the first two lies off the straight line through the two before it.

    It is infinite where one of the three says nothing.
    """
    asked = blocks.weight > 0
    return np.where(asked[2:] & asked[1:-1] & asked[:-2], np.abs(np.diff(blocks.moved_s, 2)), np.inf)


def _peaks_s(blocks: Floats) -> Floats:
    """(n,) where each block agrees best, of (n, offsets) agreement around the line, a hop apart."""
    reach_s = (blocks.shape[1] - 1) / 2 * HOP_S
    return np.array([peak(block, reach_s)[1] for block in blocks])


def _off_line_s(moved_s: Floats, weight: Floats) -> float:
    number = np.arange(len(moved_s), dtype=np.float64)
    trusted = weight
    for _ in range(FITS):
        slope, shift = weighted_line(number, moved_s, trusted)
        off_s = np.abs(moved_s - shift - slope * number)
        trusted = np.where(off_s > FAR_S, FAR_WEIGHT * weight, weight)
    return float(np.average(np.minimum(off_s, MOST_S), weights=weight))


def _sharpness(block: Floats) -> float:
    """How much agreement is lost one hop to either side of its peak: a slow chord is at no time exactly."""
    top = int(np.argmax(block))
    if not 0 < top < len(block) - 1:
        return DULLEST
    return max(DULLEST, float(2 * block[top] - block[top - 1] - block[top + 1]))
