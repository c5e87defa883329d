"""Whether what agrees is the recording itself, or the same notes on other instruments.

Both stand out on their line. But notes have partials at fixed distances, so a picture correlates with itself moved up
or down by some semitones: what is laid over a copy adds nothing to its correlation with the original, moved or not,
while other instruments have other partials. And a copy keeps its levels: in one row, for seconds, it is so many dB
louder or softer than the original wherever that is strong, however it was filtered, while other instruments fade, swell
and tremble at paces of their own.
"""

import numpy as np

from catalog.engine.alignment import Reference
from catalog.engine.closeness import lost_contrast
from catalog.engine.matched import NEAR_COLUMNS, Laid
from catalog.engine.params import PARAMETERS
from catalog.engine.query import Query
from catalog.engine.spectrogram import Floats

MOST_SEMITONES = 24  # two octaves: most of what partials are apart
LEAST_APART = 0.015  # less cannot be told from none
STRONGEST = 0.02  # of the cells of each side that are looked for in the other
SLIGHT = 0.03  # of a cell, which is as good as none
STRONG = 0.5  # of a whitened cell whose level is compared
LEVEL_COLUMNS = 31  # 2 s, in which a row's difference in level is one
FEWEST_LEVELS = 4  # of a row in these, to compare with each other
USUALLY_KEPT = 0.75  # of the levels: between copies (0.92) and renderings (0.71, the medians)
# How much each counts: logistic regression (Cox, 1958) of 1,380 altered copies against 849 renderings.
OVER_POWER, KEPT_SLOPE = 1.3, 3.9


def strangeness(query: Query, reference: Reference, pictures: Laid, places_s: Floats) -> float:
    """How unlike one recording the two are at the query's ``places_s``: 0.006 for the same sound, 0.1 for another.

    The more is laid over a copy, the less exactly its partials can be asked about.
    """
    first, last = pictures.columns(places_s[[0, -1]]).tolist()
    asked, held = pictures.asked[first : last + 1], pictures.held[NEAR_COLUMNS:][first : last + 1]
    over = max(1.0, overlay(asked, held)) * max(1.0, lost_contrast(query, reference, pictures.line, places_s)) ** 2
    kept = levels_kept(pictures.asked_db[first : last + 1], pictures.held_db[first : last + 1], held > STRONG)
    apart = partials_apart(asked, held, pictures.line.pitch_semitones)
    return float(apart / over**OVER_POWER * np.exp(KEPT_SLOPE * (USUALLY_KEPT - kept)))


def partials_apart(asked: Floats, held: Floats, semitones: float) -> float:
    """How differently the partials lie in two whitened pictures (n, rows): RMS over moves of up to two octaves.

    Compared are the correlations at each move, as shares of the unmoved one; what chance adds is taken off. A query
    that is ``semitones`` higher may lie between two rows, and so takes of both.
    """
    part = semitones % 1.0
    moved, own = _moved_correlation(asked, held, 0.0), _moved_correlation(held, held, part * (1 - part))
    # The variance of a share, were all cells independent: two directions, but neighbouring columns share their frames.
    chance = (asked**2).sum() * (held**2).sum() / max(float((asked * held).sum()), 1e-6) ** 2 / asked.size
    return float(np.sqrt(max(np.mean((moved - own) ** 2) - chance, LEAST_APART**2)))


def _moved_correlation(one: Floats, other: Floats, blur: float) -> Floats:
    """(MOST_SEMITONES,) of every move up to that many rows, either way, as a share of the unmoved one.

    ``blur``: what each takes of both its neighbours.
    """
    products = one.T @ other
    either_way = products + products.T
    sums = np.array([np.trace(either_way, offset=rows) for rows in range(MOST_SEMITONES + 2)])
    sums = np.concatenate([sums[1:2], sums])
    blurred = (1 - 2 * blur) * sums[1:-1] + blur * (sums[:-2] + sums[2:])
    share: Floats = (blurred[1:] / max(float(blurred[0]), 1e-6)).astype(np.float32)
    return share


def levels_kept(asked_db: Floats, held_db: Floats, strong: np.ndarray) -> float:
    """The share of ``strong`` cells (n, rows) where the two differ by what is usual in that row for 2 s.

    "Usual" is the median, give or take one stored level; ``USUALLY_KEPT`` where there is too little to say.
    """
    blocks = max(1, len(strong) // LEVEL_COLUMNS)
    rows, columns = strong.shape[1], min(len(strong), LEVEL_COLUMNS)
    differing = np.where(strong, asked_db - held_db, np.inf)[: blocks * columns].reshape(blocks, columns, rows)
    ordered = np.sort(differing, axis=1)
    count = np.isfinite(ordered).sum(axis=1, keepdims=True)
    middles = [np.take_along_axis(ordered, np.maximum(count - less, 0) // 2, axis=1) for less in (0, 1)]
    usual = np.where(count >= FEWEST_LEVELS, (middles[0] + middles[1]) / 2, np.inf)
    compared = np.isfinite(differing) & np.isfinite(usual)
    if not compared.any():
        return USUALLY_KEPT
    off = np.abs(differing[compared] - np.broadcast_to(usual, differing.shape)[compared])
    return float((off <= PARAMETERS.level_step_db).mean())


def overlay(asked: Floats, held: Floats) -> float:
    """How many times as much of the reference is in the query as of the query in the reference.

    Compared are the strongest cells of each side: speech or other music has strong ones of its own.
    """
    return (_kept(held, asked) + SLIGHT) / (max(_kept(asked, held), 0.0) + SLIGHT)


def _kept(these: Floats, there: Floats) -> float:
    strong = these >= np.quantile(these, 1 - STRONGEST)
    return float(there[strong].mean() / max(float(these[strong].mean()), 1e-6))
