"""The matched filter (North, 1943): a query's whole picture on one line of a reference, against the lines beside it.

Vectors of single moments forgive much and are soon masked. Here every cell of the spectrogram counts a little: both
pictures are whitened, so that no cell follows from its neighbours, and multiplied. What lies on top (noise, speech,
other music) adds nothing on average, and over seconds the little that agrees stands out from what wrong lines reach.

Another arrangement of the same notes stands out as well: see ``timbre``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.engine.alignment.fit import HOP_S, Line, Reference
from catalog.engine.features.query import Query
from catalog.engine.features.spectrogram import Floats
from catalog.engine.features.whitening import EVEN_COLUMNS, running_mean, whitened

MOST_COLUMNS = 1700  # of a query that are looked at: 109 s
BESIDE_COLUMNS = 600  # how far to each side wrong lines are taken from: 38 s
NEAR_COLUMNS = 8  # half a second: how far a vote may be off
APART_COLUMNS = 47  # 3 s: nearer lines are not chance
FEWEST_LINES = 150  # wrong ones, under which nothing can be said
ONE_DEVIATION = (0.16, 0.5, 0.84)  # quantiles of wrong lines: a loop agrees with itself on some, which are not wrong
LEAST_CORRELATION = 0.08  # under which even a very long agreement is only a common beat
LEAST_DEVIATION = 1.0  # of wrong lines: beside a mostly silent picture they are all alike, which proves nothing
BLOCK_COLUMNS = 4
EXPECTED = 0.8  # deviations a block of a copy brings, about


@dataclass(frozen=True)
class Filtered:
    """How a line stands out: ``deviations`` (``ONE_DEVIATION``), ``correlation`` of the whitened cells, and
    ``moved_s``, by how much the best line lies later in the reference."""

    deviations: float
    correlation: float
    moved_s: float
    deviation: float  # of one column's sum of products, on wrong lines


def moved_query(query: Query, line: Line, first: int = 0, end: int | None = None) -> Floats:
    """The query's dB, column by column as it would lie on the reference: columns ``first`` … ``end`` of that."""
    picture = query.moved(line.pitch_semitones)
    last = int((len(picture) - 1) * line.tempo_ratio) + 1
    at = np.arange(first, last if end is None else min(end, last), dtype=np.float32) / np.float32(line.tempo_ratio)
    lower = np.minimum(at.astype(np.int64), max(len(picture) - 2, 0))
    upper = np.minimum(lower + 1, len(picture) - 1)
    part = (at - lower)[:, None]
    moved: Floats = picture[lower] * (1 - part) + picture[upper] * part
    return moved


def filtered(query: Query, reference: Reference, line: Line, span_s: tuple[float, float]) -> Filtered | None:
    """How ``line`` stands out in the query's ``span_s``, or the middle of it; None with too few lines beside it."""
    start = round(line.offset_s / HOP_S)  # the reference's column of the query's first
    first, end = (max(0, round(time_s / HOP_S * line.tempo_ratio)) for time_s in span_s)
    first = max(first, (first + end - MOST_COLUMNS) // 2)
    asked_db = moved_query(query, line, first, min(end, first + MOST_COLUMNS))
    from_column = max(0, start + first - BESIDE_COLUMNS)
    held_db = reference.picture[from_column : max(0, start + first + len(asked_db) + BESIDE_COLUMNS)]
    if len(held_db) < EVEN_COLUMNS or len(asked_db) < EVEN_COLUMNS:
        return None
    asked, held = whitened(asked_db), whitened(held_db)
    sums, energy, common = _correlated(asked, held)
    here = start + first - from_column + len(asked) - 1
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


def _correlated(asked: Floats, held: Floats) -> tuple[NDArray[np.floating], ...]:
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


@dataclass(frozen=True)
class Laid:
    """Two pictures on one line. Whitened: ``asked`` (n, rows), and ``held`` with ``NEAR_COLUMNS`` more to each side; in
    dB, (n, rows) each: ``asked_db`` and ``held_db``. Zero beyond the reference."""

    asked: Floats
    held: Floats
    asked_db: Floats
    held_db: Floats
    line: Line

    def products(self, shift: int) -> Floats:
        """(n,) sums of products of each column, the query ``shift - NEAR_COLUMNS`` columns later in the reference."""
        sums: Floats = np.einsum("cr,cr->c", self.asked, self.held[shift : shift + len(self.asked)])
        return sums

    def columns(self, times_s: Floats) -> NDArray[np.int64]:
        """Columns of the moved query at the query's times."""
        return np.clip(np.round(times_s / HOP_S * self.line.tempo_ratio).astype(np.int64), 0, len(self.asked) - 1)


def laid(query: Query, reference: Reference, line: Line) -> Laid:
    """All of the query on the reference."""
    asked_db = moved_query(query, line)
    start = round(line.offset_s / HOP_S) - NEAR_COLUMNS
    first, end = max(0, start), min(reference.columns, start + len(asked_db) + 2 * NEAR_COLUMNS)
    wide_db = np.zeros((len(asked_db) + 2 * NEAR_COLUMNS, asked_db.shape[1]), np.float32)
    held = np.zeros_like(wide_db)
    if end - first >= EVEN_COLUMNS:
        wide_db[first - start : end - start] = reference.picture[first:end]
        held[first - start : end - start] = whitened(reference.picture[first:end])
    return Laid(whitened(asked_db), held, asked_db, wide_db[NEAR_COLUMNS : NEAR_COLUMNS + len(asked_db)], line)


def gains(pictures: Laid, places_s: Floats, deviation: float) -> Floats:
    """(n,) log likelihood ratios of a copy against a wrong line, for blocks of the query around ``places_s``."""
    products = pictures.products(NEAR_COLUMNS)
    blocks = running_mean(products, BLOCK_COLUMNS) * BLOCK_COLUMNS**0.5 / np.float32(deviation)
    ratios: Floats = EXPECTED * blocks[pictures.columns(places_s)] - EXPECTED**2 / 2
    return ratios
