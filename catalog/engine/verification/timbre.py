"""Whether what agrees is the recording itself, or the same notes on other instruments.

Both stand out on their line. But notes have partials at fixed distances, so a picture correlates with itself moved up
or down by some semitones: what is laid over a copy adds nothing to its correlation with the original, moved or not,
while other instruments have other partials. And a copy keeps its levels: in one row, for seconds, it is so many dB
louder or softer than the original wherever both are there, however it was filtered; other instruments fade, swell and
tremble at paces of their own. What a whole column is louder by is not asked about: that is how a part that was taken
away with its channel, or laid on top, comes and goes. Experiments: docs/log/2026-11-28-timbre.md.
"""

import math

import numpy as np

from catalog.engine.alignment.comparison import NEAR_COLUMNS, AlignedPictures, Comparison
from catalog.engine.features.spectrogram import Floats
from catalog.engine.parameters import PARAMETERS
from catalog.engine.verification.similarity import lost_contrast

MOST_SEMITONES = 24  # two octaves: most of what partials are apart
LEAST_APART = 0.005  # less cannot be told from none …
CHANCE = 2.0  # … nor what chance adds: so many times its variance, were all cells independent
STRONGEST = 0.02  # of the cells of each side that are looked for in the other
SLIGHT = 0.03  # of a cell, which is as good as none
STRONG = 0.5  # of a whitened cell whose level is compared
LEVEL_COLUMNS = 31  # 2 s, in which a row's difference in level is one
FEWEST_LEVELS = 4  # of a row in these, to compare with each other
USUALLY_KEPT = 0.85  # of the levels: between copies (0.95) and renderings (0.76, the medians)
LEAST_CHANGED = 0.04  # of the levels, beside none


def strangeness(pictures: AlignedPictures, places_s: Floats, over: float) -> float:
    """How unlike the two sound at the query's ``places_s`` (n,): 0.003 for one recording, 0.07 for other instruments.

    ``over``: how much is laid over the copy (``masking``). The more it is, the less exactly partials can be compared.
    """
    span = pictures.span(places_s)
    asked, held = pictures.asked[span], pictures.held[NEAR_COLUMNS:][span]
    # Where nothing of the query rises over its neighbours, an instrument may have gone with its channel.
    shared = (held > STRONG) & (asked > 0)
    kept = levels_kept(pictures.asked_db[span], pictures.held_db[span], shared)
    changed = (LEAST_CHANGED + 1 - kept) / (LEAST_CHANGED + 1 - USUALLY_KEPT)
    # The plain product: the powers of a logistic regression (Cox, 1958) of 1,380 altered copies against 849 renderings
    # are all near to one.
    return partials_apart(asked, held, pictures.line.pitch_semitones) * changed / over


def masking(pair: Comparison, pictures: AlignedPictures, places_s: Floats) -> float:
    """How much other sound is laid over the copy at the query's ``places_s`` (n,): 1 for none.

    It is measured by the strongest cells (``overlay``) and by the square of the lost contrast.
    """
    span, lost = pictures.span(places_s), lost_contrast(pair, pictures.line, places_s)
    return max(1.0, overlay(pictures.asked[span], pictures.held[NEAR_COLUMNS:][span])) * max(1.0, lost) ** 2


def partials_apart(asked: Floats, held: Floats, semitones: float) -> float:
    """How differently the partials lie in two whitened pictures (n, rows): the mean over moves of 2 … 24 semitones.

    Each move's correlation is compared as a share of the unmoved one, and what chance adds is subtracted. A query that
    is ``semitones`` higher may lie between two rows and so takes of both. A move by one semitone shows no partials,
    only how sharp the pictures are. The mean is taken and not the mean square, which is mostly the octave: other shares
    of the same instruments change that too.
    """
    part = semitones % 1.0
    moved, own = _moved_correlation(asked, held, 0.0), _moved_correlation(held, held, part * (1 - part))
    # The variance of a share, were all cells independent: two directions, but neighbouring columns share their frames.
    chance = (asked**2).sum() * (held**2).sum() / max(float((asked * held).sum()), 1e-6) ** 2 / asked.size
    return float(np.sqrt(np.maximum((moved - own)[1:] ** 2 - CHANCE * chance, LEAST_APART**2)).mean())


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


def levels_kept(asked_db: Floats, held_db: Floats, shared: np.ndarray) -> float:
    """The share of the ``shared`` cells (n, rows) whose difference in level is the usual one of their row for 2 s.

    Usual is the median, give or take one stored level, after each column's median is subtracted. It is ``USUALLY_KEPT``
    where there is too little to compare.
    """
    blocks = max(1, len(shared) // LEVEL_COLUMNS)
    rows, columns = shared.shape[1], min(len(shared), LEVEL_COLUMNS)
    louder = asked_db - held_db
    of_columns = _middle(np.where(shared, louder, np.inf))
    differing = np.where(shared, louder - of_columns, np.inf)[: blocks * columns].reshape(blocks, columns, rows)
    there = np.isfinite(differing)
    compared = there & (there.sum(axis=1, keepdims=True) >= FEWEST_LEVELS)
    if not compared.any():
        return USUALLY_KEPT
    with np.errstate(invalid="ignore"):  # what is not compared is infinite on both sides
        usual = np.abs(differing - _middle(differing)) <= PARAMETERS.level_step_db
    return float(np.count_nonzero(usual & compared) / np.count_nonzero(compared))


def _middle(cells: np.ndarray) -> np.ndarray:
    """The median of those ``cells`` along the second axis that are finite; infinite where none is. The axis is kept."""
    ordered = np.sort(cells, axis=1)
    count = np.isfinite(cells).sum(axis=1, keepdims=True)
    both = [np.take_along_axis(ordered, np.maximum(count - less, 0) // 2, axis=1) for less in (0, 1)]
    middle: np.ndarray = (both[0] + both[1]) / 2
    return middle


def overlay(asked: Floats, held: Floats) -> float:
    """How many times as much of the reference is in the query as of the query in the reference.

    The strongest cells of each side are looked for in the other: speech or other music has strong cells of its own.
    """
    return (_kept(held, asked) + SLIGHT) / (max(_kept(asked, held), 0.0) + SLIGHT)


def _kept(these: Floats, there: Floats) -> float:
    weaker = math.ceil((these.size - 1) * (1 - STRONGEST))
    strong = these >= np.partition(these, weaker, axis=None)[weaker]
    return float(there[strong].mean() / max(float(these[strong].mean()), 1e-6))
