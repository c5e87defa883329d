"""The matched filter (North, 1943): a query's whole picture on one line of a reference, against the lines beside it.

Vectors of single moments forgive much and are soon masked. Here every cell of the spectrogram counts a little: both
pictures are whitened, so that no cell follows from its neighbours, and multiplied. What lies on top (noise, speech,
other music) adds nothing on average, and over seconds the little that agrees stands out from what wrong lines reach.

Another arrangement of the same notes stands out as well: see ``timbre``. Experiments:
docs/log/2026-11-25-matched-filter.md and docs/log/2026-11-26-matched-filter-chance.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.engine.alignment.comparison import NEAR_COLUMNS, AlignedPictures, Comparison, moved_query
from catalog.engine.alignment.line import HOP_S, Line
from catalog.engine.features.spectrogram import Floats
from catalog.engine.features.whitening import EVEN_COLUMNS, running_mean, whitened

MOST_COLUMNS = 1700  # of a query that are looked at: 109 s
BESIDE_COLUMNS = 600  # how far to each side wrong lines are taken from: 38 s
APART_COLUMNS = 47  # 3 s: nearer lines are not chance
FEWEST_LINES = 150  # wrong ones, under which nothing can be said
ONE_DEVIATION = (0.16, 0.5, 0.84)  # quantiles of wrong lines: a loop agrees with itself on some, which are not wrong
LEAST_DEVIATION = 1.0  # of wrong lines: beside a mostly silent picture they are all alike, which proves nothing
BLOCK_COLUMNS = 4
EXPECTED = 0.8  # deviations a block of a copy brings, about


@dataclass(frozen=True)
class Filtered:
    """How the best line near one that was asked about stands out from wrong lines.

    ``deviations``: by how many standard deviations (``ONE_DEVIATION``); ``correlation``: of the whitened cells, -1 … 1;
    ``moved_s``: how many seconds it lies later in the reference than the line that was asked about.
    """

    deviations: float
    correlation: float
    moved_s: float
    deviation: float  # of one column's sum of products, on wrong lines


def filtered(pair: Comparison, line: Line, span_s: tuple[float, float]) -> Filtered | None:
    """How ``line`` stands out in the query's ``span_s`` (start and end in seconds).

    Of a longer span only the middle ``MOST_COLUMNS`` are compared. None where too few wrong lines lie beside it.
    """
    start = round(line.offset_s / HOP_S)  # the reference's column of the query's first
    first, end = (max(0, round(time_s / HOP_S * line.tempo_ratio)) for time_s in span_s)
    first = max(first, (first + end - MOST_COLUMNS) // 2)
    asked_db = moved_query(pair.query, line, first, min(end, first + MOST_COLUMNS))
    from_column = max(0, start + first - BESIDE_COLUMNS)
    held_db = pair.reference.picture[from_column : max(0, start + first + len(asked_db) + BESIDE_COLUMNS)]
    if len(held_db) < EVEN_COLUMNS or len(asked_db) < EVEN_COLUMNS:
        return None
    here = start + first - from_column + len(asked_db) - 1
    return _outstanding(*_correlated(whitened(asked_db), whitened(held_db)), here)


def _outstanding(
    sums: NDArray[np.floating], energy: NDArray[np.floating], common: NDArray[np.floating], here: int
) -> Filtered | None:
    """How the best of the ways near ``here`` stands out, of all ways as ``_correlated`` gives them."""
    columns = np.arange(len(sums)) - here
    near = np.flatnonzero(np.abs(columns) <= NEAR_COLUMNS)
    if not len(near) or common[near].max() < EVEN_COLUMNS:
        return None
    strength = sums / np.sqrt(np.maximum(common, 1))
    wrong = strength[(np.abs(columns) > APART_COLUMNS) & (common >= common[near].max() / 2)]
    if len(wrong) < FEWEST_LINES:
        return None
    best = near[np.argmax(strength[near])]
    low, middle, high = (float(value) for value in np.quantile(wrong, ONE_DEVIATION))
    deviation = max((high - low) / 2, LEAST_DEVIATION)
    return Filtered(
        deviations=(float(strength[best]) - middle) / deviation,
        correlation=float(sums[best] / max(energy[best], 1e-6)),
        moved_s=float(columns[best]) * HOP_S,
        deviation=deviation,
    )


def _correlated(asked: Floats, held: Floats) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    """Sums of products, geometric means of energies, and common columns, for every way two pictures can lie.

    In the first of n + m - 1 ways the last of ``asked`` lies on the first of ``held``.
    """
    ways = len(asked) + len(held) - 1
    size = 1 << (ways - 1).bit_length()
    back = asked[::-1]
    product = (np.fft.rfft(back, size, axis=0) * np.fft.rfft(held, size, axis=0)).sum(axis=1)
    sums = np.fft.irfft(product, size)[:ways]
    ones = [np.fft.rfft(np.ones(len(side)), size) for side in (back, held)]
    power = [np.fft.rfft((side**2).sum(axis=1), size) for side in (back, held)]
    common = np.round(np.fft.irfft(ones[0] * ones[1], size)[:ways])
    of_asked, of_held = np.fft.irfft(power[0] * ones[1], size)[:ways], np.fft.irfft(ones[0] * power[1], size)[:ways]
    return sums, np.sqrt(np.maximum(of_asked * of_held, 0.0)), common


def gains(pictures: AlignedPictures, places_s: Floats, deviation: float) -> Floats:
    """(n,) log likelihood ratios (nats) of a copy against a wrong line, in blocks around the query's ``places_s`` (n,).

    ``deviation``: that of one column's sum of products on wrong lines (``Filtered.deviation``).
    """
    products = pictures.products(NEAR_COLUMNS)
    blocks = running_mean(products, BLOCK_COLUMNS) * BLOCK_COLUMNS**0.5 / np.float32(deviation)
    ratios: Floats = EXPECTED * blocks[pictures.columns(places_s)] - EXPECTED**2 / 2
    return ratios
