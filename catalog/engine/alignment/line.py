"""A line (offset, tempo, pitch) on which a query may lie on a reference, and the reference itself.

Times of a ``Line`` are those of patch centres, in seconds. Places are columns of a picture, a hop apart.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from catalog.engine.features.embedding import DIMENSIONS, Vectors, embed
from catalog.engine.features.fingerprint import Fingerprint
from catalog.engine.features.patches import HALVES, cut, move_rows
from catalog.engine.features.query import Probe
from catalog.engine.features.spectrogram import Floats
from catalog.engine.match import CURVE_STEP_S
from catalog.engine.parameters import PARAMETERS

HOP_S = PARAMETERS.hop_s
STEP_S = CURVE_STEP_S  # from one place of a finished path to the next
FRAME_MIDDLE_S = PARAMETERS.frame_samples / PARAMETERS.sample_rate / 2
BLOCK_COLUMNS = 128  # 8 s: what is embedded at once
STEADYING = 0.05  # added to the spread of the places, so that places close together give no steep line


@dataclass(frozen=True)
class Line:
    """Reference time = ``offset_s`` + query time x ``tempo_ratio``; times are of patch centres, in seconds."""

    offset_s: float
    tempo_ratio: float
    pitch_semitones: float

    @property
    def probe(self) -> Probe:
        """The change of tempo and pitch that lays the query on the reference."""
        return Probe(self.tempo_ratio, self.pitch_semitones)

    def reference_s(self, query_s: float) -> float:
        """The reference time (s) at the query time ``query_s`` (s)."""
        return self.offset_s + query_s * self.tempo_ratio

    def columns(self, places: NDArray[np.floating]) -> NDArray[np.floating]:
        """(n,) columns of the reference, which may lie between two, at (n,) ``places`` (columns) of the query."""
        return self.offset_s / HOP_S + places * self.tempo_ratio

    def of_query_from(self, start_s: float) -> "Line":
        """The same line for a query that begins ``start_s`` seconds later, or earlier where that is negative."""
        return replace(self, offset_s=self.reference_s(start_s))


class Reference:
    """A reference's picture with a vector for every column. Vectors are made when they are first asked for.

    ``columns``: its length; ``picture`` (columns, patch rows): in dB.
    """

    def __init__(self, fingerprint: Fingerprint) -> None:
        self.columns = len(fingerprint.levels)
        self.picture = move_rows(fingerprint.picture, 0.0)
        self._values = np.zeros((self.columns, HALVES, DIMENSIONS), np.float32)
        self._heard = np.zeros((self.columns, HALVES), bool)
        self._ready = np.zeros(-(-self.columns // BLOCK_COLUMNS), bool)

    def patches(self, places: Floats) -> Floats:
        """(n, HALVES, PATCH_SIZE) dB: the patches at (n,) ``places`` (columns), which may lie between two."""
        return cut(self.picture, places)

    def at(self, places: Floats) -> Vectors:
        """Vectors at the columns nearest to (n,) ``places``; nothing is heard outside the recording."""
        nearest = np.round(places).astype(np.int64)
        inside = (nearest >= 0) & (nearest < self.columns)
        nearest = np.clip(nearest, 0, self.columns - 1)
        self._embed(nearest)
        return Vectors(self._values[nearest], places, self._heard[nearest] & inside[:, None])

    def _embed(self, columns: np.ndarray) -> None:
        wanted = np.zeros_like(self._ready)
        wanted[columns // BLOCK_COLUMNS] = True
        for block in np.flatnonzero(wanted & ~self._ready).tolist():
            span = slice(block * BLOCK_COLUMNS, min((block + 1) * BLOCK_COLUMNS, self.columns))
            places = np.arange(span.start, span.stop, dtype=np.float32)
            vectors = embed(cut(self.picture, places), places)
            self._values[span], self._heard[span] = vectors.values, vectors.heard
            self._ready[block] = True

    def between(self, places: Floats) -> Vectors:
        """Vectors at (n,) ``places``, mixed from the two columns around each, so not quite of unit length."""
        lower = np.floor(places)
        part = (places - lower)[:, None, None]
        low, high = self.at(lower), self.at(lower + 1)
        mixed = low.values * (1 - part) + high.values * part
        return Vectors(mixed.astype(np.float32), places, low.heard & high.heard)


def offset_of(line: Line) -> float:
    """The reference time (s) at the beginning of the query. The line's own offset is of the middles of frames."""
    return line.offset_s + FRAME_MIDDLE_S * (1 - line.tempo_ratio)


def evenly(count: int, most: int) -> NDArray[np.int64]:
    """(n,) the indices of at most ``most`` of ``count`` things in a row, evenly spread from the first to the last."""
    return np.linspace(0, count - 1, min(count, most)).astype(np.int64)


def weighted_line(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """The slope and the height at zero of a weighted straight line through (n,) ``x`` and ``y``."""
    middle = np.average(x, weights=weight)
    spread = np.average((x - middle) ** 2, weights=weight) + STEADYING
    slope = float(np.average((x - middle) * y, weights=weight) / spread)
    return slope, float(np.average(y, weights=weight) - slope * middle)
