"""From similarity to evidence: how much more likely a cosine is for the same moment than for two different ones.

Evidence is the natural logarithm of the likelihood ratio, measured on the training pairs (``training.learn``). A moment
of a true copy may be masked (by speech, a drum fill). So its likelihood is a mixture, and one bad second costs little.
"""

import numpy as np
from numpy.typing import NDArray

from catalog.engine.features.model import model
from catalog.engine.features.patches import HALVES
from catalog.engine.features.spectrogram import Floats

BINS = 64  # of cosine, -1 … 1
MASKED_SHARE = 0.35  # of a true copy's moments, in which it says nothing
MOST_NATS = 4.0  # that one moment may count: one that is equal proves no recording
SMOOTHING_BINS = 9  # of the window (its ends are zero) over the histograms of cosines
LEAST_CHANCE = 1e-6  # of a bin in which no training pair lies: a ratio stays finite


def of_similarity(similarity: Floats, half: int) -> Floats:
    """The evidence (nats) of cosines of one half, in the same shape; linear between the bins of the table."""
    at = np.clip((similarity + 1) * (BINS / 2) - 0.5, 0, BINS - 1.001)
    lower = at.astype(np.int64)
    part = at - lower.astype(np.float32)  # a difference of floats and whole numbers would be made in double precision
    row = model().evidence[half]
    found: Floats = row[lower] * (1 - part) + row[lower + 1] * part
    return found


def measure(same: list[NDArray[np.float32]], different: list[NDArray[np.float32]]) -> Floats:
    """Make the table, (HALVES, BINS) nats, from the (n,) cosines of the same and of different moments in each half."""
    rows = []
    edges = np.linspace(-1, 1, BINS + 1)
    kernel = np.hanning(SMOOTHING_BINS)[1:-1] / np.hanning(SMOOTHING_BINS).sum()
    for half in range(HALVES):
        counts = [np.convolve(np.histogram(side[half], edges)[0] + 0.0, kernel, "same") for side in (same, different)]
        chance = (counts[0] / counts[0].sum() + LEAST_CHANCE) / (counts[1] / counts[1].sum() + LEAST_CHANCE)
        chance[: BINS // 2] = chance[: BINS // 2].min()  # opposite is never better than unrelated
        ratio = np.log(MASKED_SHARE + (1 - MASKED_SHARE) * chance)
        rows.append(np.minimum(np.maximum.accumulate(ratio), MOST_NATS))
    return np.stack(rows).astype(np.float32)
