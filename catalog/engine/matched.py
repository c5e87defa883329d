"""The matched filter (North, 1943): a query's whole picture on one line of a reference, against the lines beside it.

Vectors of single moments forgive much and are soon masked. Here every cell of the spectrogram counts a little: both
pictures are whitened, so that no cell follows from its neighbours, and multiplied. What lies on top (noise, speech,
other music) adds nothing on average, and over seconds the little that agrees stands out from what wrong lines reach.

Another arrangement of the same notes stands out as well. But its notes have other partials, which what lies over a copy
cannot change: see ``partials_apart``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.engine import timing
from catalog.engine.alignment import HOP_S, Line, Reference
from catalog.engine.patches import HALF_ROWS, HALVES
from catalog.engine.query import Query
from catalog.engine.spectrogram import Floats

WHITE_ROWS = WHITE_COLUMNS = 9  # semitones and columns whose mean is taken off each cell
EVEN_COLUMNS = 33  # 2 s, over which each half has the same energy everywhere
QUIET_DB = 1.0  # mean deviation that is not raised any more
MOST_COLUMNS = 1700  # of a query that are looked at: 109 s
BESIDE_COLUMNS = 600  # how far to each side wrong lines are taken from: 38 s
NEAR_COLUMNS = 8  # half a second: how far a vote may be off
APART_COLUMNS = 47  # 3 s: nearer lines are not chance
FEWEST_LINES = 150  # wrong ones, under which nothing can be said
ONE_DEVIATION = (0.16, 0.5, 0.84)  # quantiles of wrong lines: a loop agrees with itself on some, which are not wrong
LEAST_CORRELATION = 0.08  # under which even a very long agreement is only a common beat
BLOCK_COLUMNS = 4
EXPECTED = 0.8  # deviations a block of a copy brings, about
MOST_PLACES = 240  # at which contrast is measured: a minute's worth
SLIGHT = 0.03  # of a cell, which is as good as none
MOST_SEMITONES = 24  # two octaves: most of what partials are apart
STRONGEST = 0.02  # of the cells of each side that are looked for in the other
USUAL_CONTRAST_DB = 5.0  # that music has; a reference with more is not what noise has taken from
TIMED_COLUMNS = 31  # 2 s, which are placed as one when the tempo's steadiness is asked …
TIMED_DEVIATIONS = 2.5  # … where they stand out by more


@dataclass(frozen=True)
class Filtered:
    """How a line stands out: ``deviations`` (``ONE_DEVIATION``), ``correlation`` of the whitened cells, and
    ``moved_s``, by how much the best line lies later in the reference."""

    deviations: float
    correlation: float
    moved_s: float
    deviation: float  # of one column's sum of products, on wrong lines


def whitened(picture: Floats) -> Floats:
    """(columns, rows) dB → the same without what neighbours tell, every half of every 2 s equally strong."""
    white = picture - _running_mean(picture, WHITE_ROWS, 1)
    white -= _running_mean(white, WHITE_COLUMNS, 0)
    halves = (white**2).reshape(len(white), HALVES, HALF_ROWS).mean(axis=2)
    power = np.maximum(_running_mean(halves, EVEN_COLUMNS, 0), QUIET_DB**2)
    even: Floats = white / np.repeat(np.sqrt(power), HALF_ROWS, axis=1)
    return even


def _running_mean(values: Floats, width: int, axis: int) -> Floats:
    padding = [(0, 0), (0, 0)]
    padding[axis] = (width // 2 + 1, width // 2)
    total = np.cumsum(np.pad(values, padding, mode="edge"), axis=axis, dtype=np.float64)
    ends, starts = [slice(None)] * 2, [slice(None)] * 2
    ends[axis], starts[axis] = slice(width, None), slice(0, -width)
    mean: Floats = ((total[tuple(ends)] - total[tuple(starts)]) / width).astype(np.float32)
    return mean


def moved_query(query: Query, line: Line, first: int = 0, end: int | None = None) -> Floats:
    """The whitened query, column by column as it would lie on the reference: columns ``first`` … ``end`` of that."""
    picture = query.moved(line.pitch_semitones)
    last = int((len(picture) - 1) * line.tempo_ratio) + 1
    at = np.arange(first, last if end is None else min(end, last), dtype=np.float32) / np.float32(line.tempo_ratio)
    lower = np.minimum(at.astype(np.int64), max(len(picture) - 2, 0))
    upper = np.minimum(lower + 1, len(picture) - 1)
    part = (at - lower)[:, None]
    return whitened(picture[lower] * (1 - part) + picture[upper] * part)


def filtered(query: Query, reference: Reference, line: Line, span_s: tuple[float, float]) -> Filtered | None:
    """How ``line`` stands out in the query's ``span_s``, or the middle of it; None with too few lines beside it."""
    start = round(line.offset_s / HOP_S)  # the reference's column of the query's first
    first, end = (max(0, round(time_s / HOP_S * line.tempo_ratio)) for time_s in span_s)
    first = max(first, (first + end - MOST_COLUMNS) // 2)
    asked = moved_query(query, line, first, min(end, first + MOST_COLUMNS))
    from_column = max(0, start + first - BESIDE_COLUMNS)
    held = whitened(reference.picture[from_column : max(0, start + first + len(asked) + BESIDE_COLUMNS)])
    if len(held) < EVEN_COLUMNS or len(asked) < EVEN_COLUMNS:
        return None
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
    deviation = (high - low) / 2 or 1.0
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
    """Whitened pictures on one line: ``asked`` (n, rows), and ``held`` with ``NEAR_COLUMNS`` more to each side."""

    asked: Floats
    held: Floats
    line: Line

    def products(self, shift: int) -> Floats:
        """(n,) sums of products of each column, the query ``shift - NEAR_COLUMNS`` columns later in the reference."""
        sums: Floats = np.einsum("cr,cr->c", self.asked, self.held[shift : shift + len(self.asked)])
        return sums

    def columns(self, times_s: Floats) -> NDArray[np.int64]:
        """Columns of the moved query at the query's times."""
        return np.clip(np.round(times_s / HOP_S * self.line.tempo_ratio).astype(np.int64), 0, len(self.asked) - 1)


def laid(query: Query, reference: Reference, line: Line) -> Laid:
    """All of the query on the reference, with ``NEAR_COLUMNS`` to each side; zero beyond the reference."""
    asked = moved_query(query, line)
    start = round(line.offset_s / HOP_S) - NEAR_COLUMNS
    first, end = max(0, start), min(reference.columns, start + len(asked) + 2 * NEAR_COLUMNS)
    held = np.zeros((len(asked) + 2 * NEAR_COLUMNS, asked.shape[1]), np.float32)
    if end - first >= EVEN_COLUMNS:
        held[first - start : end - start] = whitened(reference.picture[first:end])
    return Laid(asked, held, line)


def gains(pictures: Laid, places_s: Floats, deviation: float) -> Floats:
    """(n,) log likelihood ratios of a copy against a wrong line, for blocks of the query around ``places_s``."""
    products = pictures.products(NEAR_COLUMNS)[:, None]
    blocks = _running_mean(products, BLOCK_COLUMNS, 0)[:, 0] * BLOCK_COLUMNS**0.5 / np.float32(deviation)
    ratios: Floats = EXPECTED * blocks[pictures.columns(places_s)] - EXPECTED**2 / 2
    return ratios


def wobble_s(pictures: Laid, deviation: float) -> float | None:
    """``timing.wobble_of`` for the blocks that stand out; None where too few do."""
    products = np.stack([pictures.products(shift) for shift in range(2 * NEAR_COLUMNS + 1)], axis=1)
    count = len(products) // TIMED_COLUMNS
    blocks = products[: count * TIMED_COLUMNS].reshape(count, TIMED_COLUMNS, -1).sum(axis=1)
    blocks /= np.float32(deviation * TIMED_COLUMNS**0.5)
    return timing.wobble_of(blocks, np.maximum(blocks.max(axis=1) - TIMED_DEVIATIONS, 0.0) ** 2)


def overlay(pictures: Laid, first_s: float, last_s: float) -> float:
    """How many times as much of the reference is in the query as of the query in the reference, between two times.

    Compared are the strongest cells of each side: speech or other music has strong ones of its own.
    """
    first, last = pictures.columns(np.array([first_s, last_s], np.float32)).tolist()
    asked, held = pictures.asked[first : last + 1], pictures.held[NEAR_COLUMNS:][first : last + 1]
    return (_kept(held, asked) + SLIGHT) / (max(_kept(asked, held), 0.0) + SLIGHT)


def partials_apart(pictures: Laid, first_s: float, last_s: float) -> float:
    """How differently the partials of the two lie, between two times: 0 for the same recording whatever is on top.

    Notes have partials at fixed distances, so a picture correlates with itself moved up or down by some semitones. What
    is laid over a copy adds nothing to its correlation with the original, moved or not; the same notes on other
    instruments have other partials. Compared are the correlations at all moves, as shares of the unmoved one (RMS).
    """
    first, last = pictures.columns(np.array([first_s, last_s], np.float32)).tolist()
    asked, held = pictures.asked[first : last + 1], pictures.held[NEAR_COLUMNS:][first : last + 1]
    part = pictures.line.pitch_semitones % 1.0
    own = _moved_correlation(held, held, part * (1 - part))
    return float(np.sqrt(np.mean((_moved_correlation(asked, held, 0.0) - own) ** 2)))


def _moved_correlation(one: Floats, other: Floats, blur: float) -> Floats:
    """(MOST_SEMITONES,) of every move up to that many rows, either way, as a share of the unmoved one.

    ``blur``: what each takes of both its neighbours, as a query does that lies between two rows.
    """
    products = one.T @ other
    either_way = products + products.T
    sums = np.array([np.trace(either_way, offset=rows) for rows in range(MOST_SEMITONES + 2)])
    sums = np.concatenate([sums[1:2], sums])
    blurred = (1 - 2 * blur) * sums[1:-1] + blur * (sums[:-2] + sums[2:])
    share: Floats = (blurred[1:] / max(float(blurred[0]), 1e-6)).astype(np.float32)
    return share


def _kept(these: Floats, there: Floats) -> float:
    strong = these >= np.quantile(these, 1 - STRONGEST)
    return float(there[strong].mean() / max(float(these[strong].mean()), 1e-6))


def lost_contrast(query: Query, reference: Reference, line: Line, places_s: Floats) -> float:
    """How many times the contrast of the query the reference has in the same places: noise fills the valleys."""
    places = (places_s[:: -(-len(places_s) // MOST_PLACES)] / HOP_S).astype(np.float32)
    asked = query.patches(line.probe, places).std(axis=2).mean()
    held = reference.patches((line.offset_s / HOP_S + places * line.tempo_ratio).astype(np.float32)).std(axis=2).mean()
    return min(float(held), USUAL_CONTRAST_DB) / max(float(asked), 0.1)
