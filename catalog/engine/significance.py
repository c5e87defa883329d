"""Evidence → the probability of so much by chance, in the manner of Karlin and Altschul (1990).

The best stretch along a wrong diagonal has an exponential tail, P(best > S) ≈ k·exp(-λS). The tail's slope is measured
on the same query and the same reference at offsets where they do not belong, so that loops, beats and drones, which
agree with themselves everywhere, need more evidence. What was searched (the whole catalog, under every probe)
multiplies it.
"""

import math
from dataclasses import dataclass

import numpy as np

from catalog.engine.spectrogram import Floats

LOW, HIGH = 0.5, 0.9  # quantiles between which the tail's slope is measured: real repetitions lie above
SLOWEST, FASTEST = 0.10, 0.60  # bounds of λ, from the tuning music
USUAL = 0.30  # λ where too few diagonals exist to measure one
FEWEST_DIAGONALS = 60


@dataclass(frozen=True)
class Chance:
    """The tail: probability ``share`` of a diagonal beyond ``level`` nats, falling with ``slope`` a nat."""

    slope: float = USUAL
    level: float = 5.0
    share: float = 0.1

    def log10_probability(self, evidence: float, diagonals: float) -> float:
        """log10 of the probability that any of ``diagonals`` reaches ``evidence`` by chance; at most 0."""
        natural = math.log(self.share) - self.slope * (evidence - self.level) + math.log(max(diagonals, 1.0))
        return min(0.0, natural / math.log(10.0))


def chance_of(gains: Floats, true_start: int, reach: int) -> Chance:
    """``gains``: (query places, reference places) evidence; column ``true_start`` meets row 0 on the true diagonal."""
    rows, columns = gains.shape
    if rows < 2 or columns < FEWEST_DIAGONALS:
        return Chance()
    # One extra column a row: flattened and cut again one shorter, each row slips by one and diagonals become columns.
    wide = np.concatenate([gains, np.zeros((rows, rows), np.float32)], axis=1).reshape(-1)
    stacked = np.concatenate([wide, np.zeros(rows, np.float32)]).reshape(rows, columns + rows + 1)[:, :columns]
    best = best_stretches(stacked)
    apart = np.abs(np.arange(len(best)) - true_start) > reach
    return _tail(best[apart])


def best_stretches(diagonals: Floats) -> Floats:
    """The best sum of consecutive rows, for each column of (rows, columns): Kadane's algorithm on all at once."""
    total = np.cumsum(diagonals, axis=0)
    lowest = np.minimum.accumulate(np.concatenate([np.zeros((1, total.shape[1]), total.dtype), total[:-1]]), axis=0)
    best: Floats = (total - lowest).max(axis=0)
    return best


def _tail(best: Floats) -> Chance:
    if len(best) < FEWEST_DIAGONALS:
        return Chance()
    low, high = np.quantile(best, [LOW, HIGH])
    slope = math.log((1 - LOW) / (1 - HIGH)) / max(float(high - low), 1e-3)
    return Chance(slope=min(max(slope, SLOWEST), FASTEST), level=float(high), share=1 - HIGH)
