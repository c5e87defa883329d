"""From evidence to the probability that chance gives so much, after Karlin and Altschul (1990).

P(evidence > E) is about share x trials x exp(-slope x E). ``trials`` counts the places of the catalog times the probes
that were tried, so a probability means the same in any catalog. Two steps keep generic music from looking like proof.
Moments that sound alike count once (``path.distinctness``). And the evidence that the same query reaches at wrong
places of the same reference (beats, loops, drones) is subtracted.
Experiments: docs/log/2026-11-22-weighing-evidence.md.
"""

import math

import numpy as np

from catalog.engine.features.spectrogram import Floats

SLOPE = 0.5  # a nat of evidence; with SHARE, from the best wrong track of 91 tuning negatives against 103 tracks
SHARE = 0.1
LEVEL_SHARE = 0.7  # of what wrong places reach, taken off
USUAL_LEVEL = 5.0  # nats that wrong places reach when there are too few of them to measure
LEVEL_QUANTILE = 0.9
FEWEST_DIAGONALS = 60
# Wrong places agree best at any tempo and pitch near the probe, copies mostly at their own. So chance reaches unchanged
# lines less often and changed ones more often (docs/log/2026-11-25-similarity.md).
UNCHANGED_TRIALS, CHANGED_TRIALS = 0.2, 30.0
# The slope that was measured is over 4; 3 leaves room for music unlike it
# (docs/log/2026-11-26-matched-filter-chance.md).
FILTER_START, FILTER_SLOPE = 1.9, 3.0
# Unchanged lines are tried where votes point, a dozen in any catalog, and being chosen makes a wrong one stand out
# hardly more than any other. Those that were chosen for standing out (``sketch``) count as the best of all places.
CHOSEN_PLACES = 100.0


def log10_probability(evidence: float, level: float, worth: float, trials: float, *, unchanged: bool) -> float:
    """The decimal logarithm of the probability that chance gives so much in ``trials`` places; at most 0.

    ``evidence``: nats of the proof; ``level``: nats that wrong places reach; ``worth``: what each nat counts
    (``similarity.worth``); ``unchanged``: the two agree best at the same tempo and pitch, as most copies do.
    """
    excess = max(0.0, evidence - LEVEL_SHARE * level) * worth
    lines = max(trials, 1.0) * (UNCHANGED_TRIALS if unchanged else CHANGED_TRIALS)
    natural = math.log(SHARE) - SLOPE * excess + math.log(lines)
    return min(0.0, natural / math.log(10.0))


def log10_probability_of_filter(
    deviations: float, trials: float, spans: float, *, unchanged: bool, scanned: bool = False
) -> float:
    """The same for a line that stands out from wrong ones by so many ``deviations`` (``correlation.filtered``).

    ``spans``: how many spans as long as the compared one the query has. ``scanned``: a scan chose the line among all.
    """
    places = trials if scanned else min(trials, CHOSEN_PLACES) if unchanged else trials * CHANGED_TRIALS
    lines = max(places, 1.0) * spans
    natural = FILTER_START - FILTER_SLOPE * deviations + math.log(lines)
    return min(0.0, natural / math.log(10.0))


def level_of(best: Floats) -> float:
    """How many nats wrong places reach: ``LEVEL_QUANTILE`` of (n,) ``best``, the best stretch on each wrong line."""
    if len(best) < FEWEST_DIAGONALS:
        return USUAL_LEVEL
    return float(np.quantile(best, LEVEL_QUANTILE))
