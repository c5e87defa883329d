"""How steadily a match keeps time: a copy keeps one tempo to the millisecond, a second performance does not.

The offsets of two-second blocks are compared with a straight line through half a minute of them, so that a splice or a
slow drift of a tape is no unsteadiness.
"""

import numpy as np

from catalog.engine.alignment import HOP_S, STEP_S, Line, Reference, along_line, peak, weighted_line
from catalog.engine.patches import centres
from catalog.engine.query import Query
from catalog.engine.spectrogram import Floats

BLOCK_PLACES = 8  # 2 s
WINDOW_BLOCKS = 16  # half a minute
MOST_WINDOWS = 5
FEWEST_BLOCKS = 8  # less says nothing
REACH_S = 0.5  # how far from the line a block is looked for
FAR_S = 0.15  # off the line by more: another beat, not a late one
DULLEST = 1e-3  # sharpness of a block without a peak
# Root mean square of the blocks' sharpness under which slow chords lie anywhere and say nothing: there 15 of 40 lines
# fitted to copies strayed, over it at most three of 2,402; of 1,140 fitted to pieces played again 98 % are over 0.07.
DULL = 0.05
MOST_S = 0.06  # what a block that is masked, and so found anywhere, counts at the most


def wobble_s(query: Query, reference: Reference, line: Line, start_s: float, end_s: float) -> float | None:
    """Mean distance (s) of the blocks from the straight line, over the query's ``start_s`` … ``end_s``.

    The median of all half minutes; None when the stretch is too short or too dull to tell.
    """
    places = centres(query.columns, STEP_S / HOP_S, line.tempo_ratio)
    places = places[(places * HOP_S >= start_s) & (places * HOP_S <= end_s)]
    count = len(places) // BLOCK_PLACES
    if count < FEWEST_BLOCKS:
        return None
    blocks = along_line(query, reference, line, places[: count * BLOCK_PLACES].reshape(count, BLOCK_PLACES), REACH_S)
    weight = np.array([_sharpness(block) for block in blocks]) ** 2
    return wobble_of(blocks, weight) if weight.mean() >= DULL**2 else None


def wobble_of(blocks: Floats, weight: Floats) -> float | None:
    """The same of (n, offsets) agreement of n blocks around their line, a hop apart, each with its (n,) ``weight``."""
    count = len(blocks)
    if np.count_nonzero(weight) < FEWEST_BLOCKS:
        return None
    size = min(count, WINDOW_BLOCKS)
    starts = np.arange(0, count - size + 1, max(1, size // 2))
    starts = starts[np.linspace(0, len(starts) - 1, min(len(starts), MOST_WINDOWS)).astype(np.int64)]
    spans = [slice(start, start + size) for start in starts.tolist()]
    spans = [span for span in spans if np.count_nonzero(weight[span]) >= FEWEST_BLOCKS / 2]
    return float(np.median([_off_line_s(blocks[span], weight[span]) for span in spans])) if spans else None


def _off_line_s(blocks: Floats, weight: Floats) -> float:
    reach_s = (blocks.shape[1] - 1) / 2 * HOP_S
    moved_s = np.array([peak(block, reach_s)[1] for block in blocks])
    number = np.arange(len(moved_s), dtype=np.float64)
    trusted = weight
    for _ in range(3):  # least squares, then twice without what lies far off
        slope, shift = weighted_line(number, moved_s, trusted)
        off_s = np.abs(moved_s - shift - slope * number)
        trusted = np.where(off_s > FAR_S, 0.05 * weight, weight)
    return float(np.average(np.minimum(off_s, MOST_S), weights=weight))


def _sharpness(block: Floats) -> float:
    """How much agreement is lost one hop to either side of its peak: a slow chord is at no time exactly."""
    top = int(np.argmax(block))
    if not 0 < top < len(block) - 1:
        return DULLEST
    return max(DULLEST, float(2 * block[top] - block[top - 1] - block[top + 1]))
