"""Which seconds of the query agree along a fitted line, and by how much more than chance."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from catalog.engine.alignment.comparison import Comparison
from catalog.engine.alignment.line import HOP_S, STEP_S, Line
from catalog.engine.features.patches import HALVES, centres
from catalog.engine.features.spectrogram import Floats
from catalog.engine.verification import evidence
from catalog.engine.verification.calibration import USUAL_LEVEL, level_of

CHANCE_REACH_S = 3.0  # nearer to the line than this, other diagonals are not chance
MAX_CHANCE_PLACES = 240  # of the query: a minute's worth is enough to know chance
ROWS_AT_ONCE = 256  # of a query, that are multiplied with all of a reference
GRAM_PLACES = 400  # moments that each moment of a stretch is compared with
UNLIKE = 0.3  # cosine under which two moments have nothing to do with each other
BETTER = 1.1  # times as much evidence: worth looking there instead
SMALLEST_GAIN = 6.0  # nats a stretch must add to be a segment of its own
STANDS_OUT, PIECE_COST = 2.0, 1.5  # times what wrong places reach: another piece on the line must bring, and costs
DROP = 12.0  # nats a stretch may lose on the way before it is cut in two


@dataclass(frozen=True)
class Stretch:
    """Places ``first`` … ``last`` (inclusive) of the path, and their ``evidence`` in nats.

    Moments that sound alike count once (``distinctness``).
    """

    first: int
    last: int
    evidence: float

    @property
    def span(self) -> slice:
        """Its places, to be cut out of what the path has of each."""
        return slice(self.first, self.last + 1)


@dataclass(frozen=True)
class Path:
    """How query and reference agree along a line: ``places_s`` (n,) query times, and the ``stretches`` that agree.

    ``similarity`` (n,) is the mean of ``cosine`` (n, HALVES), which is NaN where one side says nothing. ``gains``
    (n, HALVES) is the evidence of each, in nats. ``asked`` and ``held`` (n, HALVES, DIMENSIONS) are the vectors of
    query and reference.
    """

    line: Line
    places_s: Floats
    similarity: Floats
    cosine: Floats
    gains: Floats
    asked: Floats
    held: Floats
    stretches: tuple[Stretch, ...]

    @property
    def best(self) -> Stretch:
        """The stretch with the most evidence."""
        return max(self.stretches, key=lambda stretch: stretch.evidence)

    @property
    def best_places_s(self) -> Floats:
        """(n,) the query times (s) of the best stretch."""
        return self.places_s[self.best.span]

    @property
    def best_similarity(self) -> float:
        """The mean similarity of the best stretch."""
        return float(self.similarity[self.best.span].mean())


def along(pair: Comparison, line: Line) -> Path:
    """How the whole query agrees along ``line``, every ``STEP_S`` seconds of it."""
    places = centres(pair.query.columns, STEP_S / HOP_S, line.tempo_ratio)
    moved = pair.query.at(line.probe, places)
    near = pair.reference.between(line.columns(places).astype(np.float32))
    cosine = np.einsum("phd,phd->ph", moved.values, near.values)
    both = moved.heard & near.heard
    gains = np.stack([evidence.of_similarity(cosine[:, half], half) for half in range(HALVES)], axis=1) * both
    found = tuple(
        replace(one, evidence=_evidence(gains[one.span], moved.values[one.span], near.values[one.span]))
        for one in _stretches(gains.sum(axis=1))
    )
    similarity = (cosine * both).mean(axis=1)
    heard = np.where(both, cosine, np.nan).astype(np.float32)
    return Path(line, places * HOP_S, similarity, heard, gains, moved.values, near.values, found)


def agreeing(path: Path, gains: Floats) -> Path:
    """The same path with the stretches that ``gains`` (n,) make, in nats a place."""
    return replace(path, stretches=tuple(_stretches(gains)))


def _evidence(gains: Floats, asked: Floats, held: Floats) -> float:
    """Nats of some moments of a line together, each distinct one counted once."""
    return float((gains * np.minimum(distinctness(asked), distinctness(held))).sum())


@dataclass(frozen=True)
class Proof:
    """What the stretches of one line prove together: the ``rows`` (n,) of the path that count, and their nats."""

    rows: NDArray[np.int64]
    evidence: float


def proof(path: Path, level: float) -> Proof:
    """The best stretch with all others on its line that stand out from ``level``, the nats that wrong places reach.

    A copy that is masked or cut agrees in pieces, but all lie on one line (the sum statistics of Karlin and Altschul,
    1993). Each further piece costs what a piece by chance would bring.
    """
    best, places = path.best, np.arange(len(path.places_s))
    pieces = [one for one in path.stretches if one is best or stands_out(one, level)]
    if len(pieces) > 1:
        rows = np.concatenate([places[one.span] for one in pieces])
        cost = PIECE_COST * max(level, USUAL_LEVEL) * (len(pieces) - 1)
        together = _evidence(path.gains[rows], path.asked[rows], path.held[rows]) - cost
        if together > best.evidence:
            return Proof(rows, together)
    return Proof(places[best.span], best.evidence)


def stands_out(piece: Stretch, level: float) -> bool:
    """Whether another piece on a line brings clearly more than ``level``, the nats that wrong places reach."""
    return piece.evidence > STANDS_OUT * max(level, USUAL_LEVEL)


def distinctness(values: Floats) -> Floats:
    """The share (n, HALVES), 0 … 1, at which each moment counts; ``values`` (n, HALVES, DIMENSIONS) are its vectors.

    Moments that sound alike share one moment's evidence. So a held chord counts once however long it lasts, and so does
    a loop.
    """
    every = -(-len(values) // GRAM_PLACES)
    alike = np.maximum(np.einsum("phd,qhd->hpq", values, values[::every], optimize=True), 0.0)
    alike[alike < UNLIKE] = 0.0
    total = (alike**2).sum(axis=2).T * every
    share: Floats = (1.0 / np.maximum(total, 1.0)).astype(np.float32)
    return share


def _stretches(gain: Floats) -> list[Stretch]:
    """Maximal-scoring stretches: grown while the running sum stays within ``DROP`` of its best (as in BLAST)."""
    found: list[Stretch] = []
    start, total, best, best_at = 0, 0.0, 0.0, -1
    for i, value in enumerate(gain.tolist()):
        total += value
        if total > best:
            best, best_at = total, i
        elif total <= 0 or total < best - DROP:
            if best >= SMALLEST_GAIN:
                found.append(Stretch(start, best_at, best))
            start, total, best, best_at = i + 1, 0.0, 0.0, -1
    if best >= SMALLEST_GAIN:
        found.append(Stretch(start, best_at, best))
    return found


@dataclass(frozen=True)
class Elsewhere:
    """What the same stretch of the query reaches at other places of the same reference."""

    level: float  # nats that wrong places reach
    better_offset_s: float | None  # of a line that agrees more than the one asked about, if there is one


def elsewhere(pair: Comparison, path: Path) -> Elsewhere:
    """What the best stretch of ``path`` reaches along every parallel line of the same reference."""
    line, step = path.line, STEP_S * path.line.tempo_ratio
    places = path.best_places_s / np.float32(HOP_S)
    places = places[max(0, (len(places) - MAX_CHANCE_PLACES) // 2) :][:MAX_CHANCE_PLACES]
    first_s = line.reference_s(float(places[0]) * HOP_S)
    start_s = first_s % step
    gains = parallel_gains(pair, line, places, start_s)
    if gains.shape[1] == 0:
        return Elsewhere(USUAL_LEVEL, None)
    best = best_stretches(diagonals(gains))
    here = round((first_s - start_s) / step)
    apart = np.abs(np.arange(len(best)) - here) > round(CHANCE_REACH_S / step)
    near = best[~apart].max(initial=0.0)
    better = None
    if apart.any() and best[apart].max() > BETTER * near:
        top = int(np.argmax(np.where(apart, best, -1.0)))
        better = start_s + top * step - float(places[0]) * HOP_S * line.tempo_ratio
    return Elsewhere(level_of(best[apart]), better)


def parallel_gains(pair: Comparison, line: Line, places: Floats, start_s: float) -> Floats:
    """(places, reference places) evidence in nats; moments of the query that sound alike count once.

    ``places`` (n,): columns of the query. The reference's places begin at ``start_s`` and lie as far apart as
    ``STEP_S`` seconds of the query do.
    """
    moved = pair.query.at(line.probe, places)
    share = distinctness(moved.values)
    step = STEP_S * line.tempo_ratio / HOP_S
    target = pair.reference.at(np.arange(start_s / HOP_S, pair.reference.columns, step, dtype=np.float32))
    gains = np.zeros((len(places), len(target.places)), np.float32)
    for first in range(0, len(places), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        for half in range(HALVES):
            cosine = moved.values[rows, half] @ target.values[:, half].T
            gain = evidence.of_similarity(cosine, half) * share[rows, half, None]
            gains[rows] += np.where(moved.heard[rows, half, None] & target.heard[None, :, half], gain, 0.0)
    return gains


def diagonals(gains: Floats) -> Floats:
    """Shear (rows, columns) evidence of query and reference places, so that each line becomes a column.

    Column c of the result, of the same shape, begins at reference place c. What lies beyond the end is zero.
    """
    rows, columns = gains.shape
    # One extra column a row: flattened and cut again one longer, each row slips by one.
    wide = np.concatenate([gains, np.zeros((rows, rows), np.float32)], axis=1).reshape(-1)
    slipped: Floats = np.concatenate([wide, np.zeros(rows, np.float32)]).reshape(rows, columns + rows + 1)[:, :columns]
    return slipped


def best_stretches(columns: Floats) -> Floats:
    """(columns,) the best sum of consecutive rows in each column, by Kadane's algorithm (Bentley, 1984)."""
    total = np.cumsum(columns, axis=0)
    lowest = np.minimum.accumulate(np.concatenate([np.zeros((1, total.shape[1]), total.dtype), total[:-1]]), axis=0)
    best: Floats = (total - lowest).max(axis=0)
    return best


def best_parallel(gains: Floats, open_rows: NDArray[np.int64]) -> Floats:
    """(rows + columns - 1,) the best sum of consecutive ``open_rows`` on each diagonal of (rows, columns) ``gains``.

    Diagonal d holds row r at column d - (rows - 1) + r. It works row by row, to hold no copy of the matrix.
    """
    rows, columns = gains.shape
    running, best = np.zeros(rows + columns - 1, np.float32), np.zeros(rows + columns - 1, np.float32)
    for row in open_rows.tolist():
        span = slice(rows - 1 - row, rows - 1 - row + columns)
        running[span] = np.maximum(running[span], 0.0) + gains[row]
        np.maximum(best[span], running[span], out=best[span])
    return best


def runs(holds: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(runs, 2) for each run of True in (n,) ``holds``: its first index, and the one after its last."""
    return np.flatnonzero(np.diff(np.concatenate([[0], holds.astype(np.int8), [0]]))).reshape(-1, 2)
