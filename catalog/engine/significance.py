"""Evidence → the probability of so much by chance, in the manner of Karlin and Altschul (1990).

P(evidence > E) is about share x trials x exp(-slope x E): ``trials`` counts the places of the catalog times the probes
tried, so that the same number means the same for any catalog. Two things keep generic music from looking like proof:
moments that sound alike count once (``path.distinctness``), and what the same query reaches in the same reference where
it does not belong (beats, loops, drones) is taken off before.
"""

import math

import numpy as np

from catalog.engine.spectrogram import Floats

SLOPE = 0.5  # a nat of evidence; with SHARE, from the best wrong track of 91 tuning negatives against 103 tracks
SHARE = 0.1
LEVEL_SHARE = 0.7  # of what wrong places reach, taken off
USUAL_LEVEL = 5.0  # nats that wrong places reach when there are too few of them to measure
LEVEL_QUANTILE = 0.9
FEWEST_DIAGONALS = 60
LEAST_SIMILARITY, USUAL_SIMILARITY = 0.4, 0.7  # mean similarity of a stretch: nothing, and full worth


def log10_probability(evidence: float, level: float, similarity: float, trials: float) -> float:
    """log10 of the probability that chance gives this anywhere in ``trials`` places; at most 0.

    ``evidence``: nats of the best stretch; ``level``: nats that wrong places reach; ``similarity``: the stretch's mean.
    """
    excess = max(0.0, evidence - LEVEL_SHARE * level) * closeness(similarity)
    natural = math.log(SHARE) - SLOPE * excess + math.log(max(trials, 1.0))
    return min(0.0, natural / math.log(10.0))


def closeness(similarity: float) -> float:
    """What evidence is worth at a stretch's mean similarity.

    Two arrangements of one theme agree a little for minutes; a copy, masked as it may be, agrees closely at times.
    """
    gate = min(1.0, max(0.0, (similarity - LEAST_SIMILARITY) / 0.1))
    return gate * min(1.0, similarity**2 / USUAL_SIMILARITY)


def diagonals(gains: Floats) -> Floats:
    """(rows, columns) evidence of query against reference places → the same with diagonals as columns.

    Column c of the answer begins at reference place c; what runs off the end is zero.
    """
    rows, columns = gains.shape
    # One extra column a row: flattened and cut again one longer, each row slips by one.
    wide = np.concatenate([gains, np.zeros((rows, rows), np.float32)], axis=1).reshape(-1)
    slipped: Floats = np.concatenate([wide, np.zeros(rows, np.float32)]).reshape(rows, columns + rows + 1)[:, :columns]
    return slipped


def best_stretches(columns: Floats) -> Floats:
    """The best sum of consecutive rows, for each column of (rows, columns): Kadane's algorithm on all at once."""
    total = np.cumsum(columns, axis=0)
    lowest = np.minimum.accumulate(np.concatenate([np.zeros((1, total.shape[1]), total.dtype), total[:-1]]), axis=0)
    best: Floats = (total - lowest).max(axis=0)
    return best


def level_of(best: Floats) -> float:
    """What wrong places reach, from the best stretch of each wrong diagonal."""
    if len(best) < FEWEST_DIAGONALS:
        return USUAL_LEVEL
    return float(np.quantile(best, LEVEL_QUANTILE))
