"""Which moments of a recording are distinctive: those that little else in it sounds like."""

from dataclasses import dataclass

import numpy as np

from catalog.engine.features.fingerprint import Fingerprint
from catalog.engine.features.patches import centres
from catalog.engine.features.query import PLAIN, Query
from catalog.engine.features.spectrogram import Floats
from catalog.engine.parameters import PARAMETERS
from catalog.engine.verification.path import distinctness, runs

STEP = 4  # columns from one moment to the next
SMOOTH_S = 2.0
TELLING_SHARE = 0.15  # of the recording
SHORTEST_S = 1.0


@dataclass(frozen=True)
class Telling:
    """How distinctive the moments of a recording are.

    ``share`` (n,): every ``step_s`` seconds from ``start_s`` on, how little else sounds like the moment, 0 … 1 of the
    most distinctive one; 0 where nothing is heard. ``stretches``: (start, end) in seconds of the most distinctive
    parts, in order.
    """

    start_s: float
    step_s: float
    share: Floats
    stretches: tuple[tuple[float, float], ...]


def what_tells(fingerprint: Fingerprint) -> Telling:
    """Measure how distinctive each moment of a recording is, as a match weighs its evidence (``path.distinctness``)."""
    query = Query(fingerprint)
    vectors = query.at(PLAIN, centres(query.columns, STEP))
    share = (distinctness(vectors.values) * vectors.heard).mean(axis=1)
    step_s = STEP * PARAMETERS.hop_s
    wide = max(1, round(SMOOTH_S / step_s))
    kernel = np.ones(wide)
    near = np.convolve(np.ones(len(share)), kernel, mode="same")  # fewer at the edges
    smooth = (np.convolve(share, kernel, mode="same") / np.maximum(near, 1)).astype(np.float32)
    start_s = float(vectors.places[0]) * PARAMETERS.hop_s if len(vectors.places) else 0.0
    top = float(smooth.max(initial=0.0))
    if top <= 0.0:
        return Telling(start_s, step_s, np.zeros_like(smooth), ())
    over = smooth >= max(float(np.quantile(smooth, 1 - TELLING_SHARE)), 1e-6)
    spans = [(start_s + (first - 0.5) * step_s, start_s + (last - 0.5) * step_s) for first, last in runs(over)]
    stretches = tuple((max(first, 0.0), last) for first, last in spans if last - first >= SHORTEST_S)
    return Telling(start_s, step_s, smooth / top, stretches)
