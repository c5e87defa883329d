"""How closely a stretch agrees, which tells a masked copy from another arrangement of the same theme.

Two arrangements agree a little for minutes, which adds up to as much evidence as a copy under loud noise gives. But
even a masked copy agrees very closely at times. And the mask can be measured: noise fills the valleys of the
spectrogram, so that it has less contrast than the reference in the same place.
Experiments: docs/log/2026-11-25-similarity.md.
"""

import numpy as np

from catalog.engine.alignment.comparison import Comparison
from catalog.engine.alignment.line import HOP_S, Line
from catalog.engine.features.spectrogram import Floats
from catalog.engine.verification.path import Path, Proof

BETTER_SHARE = 0.75  # the quantile of similarity that is weighed as much as the mean
MOST_ALLOWANCE = 1.25  # by which similarity may be raised where the query has lost contrast
USUAL = 0.84  # similarity at which evidence has its full worth …
POWER = 4  # … and how steeply it loses it under that
MOST_WORTH = 1.4
LEAST_CONTRAST_DB = 0.1  # that a query counts with, or a steady tone would have lost all of it
USUAL_CONTRAST_DB = 5.0  # that music has; a reference with more is not what noise has taken from
MOST_PLACES = 240  # at which contrast is measured: a minute's worth
LEAST, LEAST_WIDTH = 0.4, 0.1  # similarity under which nothing is worth anything


def worth(pair: Comparison, path: Path, proof: Proof) -> float:
    """What each nat of a proof counts, by the proof's typical similarity: 0 … ``MOST_WORTH``."""
    halves = path.cosine[proof.rows]
    heard = halves[~np.isnan(halves)]
    if not len(heard):
        return 0.0
    typical = (float(path.similarity[proof.rows].mean()) + float(np.quantile(heard, BETTER_SHARE))) / 2
    return of_similarity(typical * _allowance(pair, path, path.places_s[proof.rows]))


def of_similarity(similarity: float) -> float:
    """What a nat counts at a typical similarity (a cosine): 0 … ``MOST_WORTH``."""
    gate = min(1.0, max(0.0, (similarity - LEAST) / LEAST_WIDTH))
    return gate * min(MOST_WORTH, (similarity / USUAL) ** POWER)


def _allowance(pair: Comparison, path: Path, places_s: Floats) -> float:
    return float(np.clip(np.sqrt(lost_contrast(pair, path.line, places_s)), 1.0, MOST_ALLOWANCE))


def lost_contrast(pair: Comparison, line: Line, places_s: Floats) -> float:
    """The contrast of the reference over that of the query along ``line``, at the query's ``places_s`` (n,).

    Contrast is the mean standard deviation (dB) of a patch. The ratio is over 1 where noise fills the query's valleys.
    """
    places = (places_s[:: -(-len(places_s) // MOST_PLACES)] / HOP_S).astype(np.float32)
    asked = pair.query.patches(line.probe, places).std(axis=2).mean()
    held = pair.reference.patches(line.columns(places).astype(np.float32)).std(axis=2).mean()
    return min(float(held), USUAL_CONTRAST_DB) / max(float(asked), LEAST_CONTRAST_DB)
