"""A query and one reference: what all measures of how the two agree take as their argument."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.engine.alignment.line import HOP_S, Line, Reference
from catalog.engine.features.query import Query
from catalog.engine.features.spectrogram import Floats
from catalog.engine.features.whitening import EVEN_COLUMNS, whitened

WHOLE = slice(None)
NEAR_COLUMNS = 8  # half a second: how far a vote may be off


@dataclass(frozen=True)
class AlignedPictures:
    """The pictures of query (``asked``) and reference (``held``) on one line, both in the reference's columns.

    ``asked`` (n, rows) and ``held`` (n + 2 x NEAR_COLUMNS, rows) are whitened; ``held`` goes on at both ends.
    ``asked_db`` and ``held_db`` (n, rows) are in dB. Beyond the ends of the reference its pictures are zero.
    """

    asked: Floats
    held: Floats
    asked_db: Floats
    held_db: Floats
    line: Line

    def products(self, shift: int, span: slice = WHOLE) -> Floats:
        """(m,) sums of products in each column of ``span``, with the query ``shift - NEAR_COLUMNS`` columns later."""
        sums: Floats = np.einsum("cr,cr->c", self.asked[span], self.held[shift : shift + len(self.asked)][span])
        return sums

    def span(self, times_s: Floats) -> slice:
        """The columns of the moved query from the first of the query's (n,) times in seconds to the last."""
        first, last = self.columns(times_s[[0, -1]]).tolist()
        return slice(first, last + 1)

    def columns(self, times_s: Floats) -> NDArray[np.int64]:
        """(n,) columns of the moved query at the query's (n,) times in seconds, as it is before the move."""
        return np.clip(np.round(times_s / HOP_S * self.line.tempo_ratio).astype(np.int64), 0, len(self.asked) - 1)


def moved_query(query: Query, line: Line, first: int = 0, end: int | None = None) -> Floats:
    """The query's (columns, patch rows) dB, moved in tempo and pitch as it lies on the reference.

    Only columns ``first`` … ``end - 1`` of the moved picture are made.
    """
    picture = query.moved(line.pitch_semitones)
    last = int((len(picture) - 1) * line.tempo_ratio) + 1
    at = np.arange(first, last if end is None else min(end, last), dtype=np.float32) / np.float32(line.tempo_ratio)
    lower = np.minimum(at.astype(np.int64), max(len(picture) - 2, 0))
    upper = np.minimum(lower + 1, len(picture) - 1)
    part = (at - lower)[:, None]
    moved: Floats = picture[lower] * (1 - part) + picture[upper] * part
    return moved


class Comparison:
    """``query`` and ``reference``. The last aligned pictures are kept, as several measures ask for the same line."""

    def __init__(self, query: Query, reference: Reference) -> None:
        self.query, self.reference = query, reference
        self._aligned: AlignedPictures | None = None

    def aligned(self, line: Line) -> AlignedPictures:
        """The pictures of the whole query and of the reference along ``line``."""
        if self._aligned is None or self._aligned.line != line:
            self._aligned = self._align(line)
        return self._aligned

    def _align(self, line: Line) -> AlignedPictures:
        asked_db = moved_query(self.query, line)
        start = round(line.offset_s / HOP_S) - NEAR_COLUMNS
        first, end = max(0, start), min(self.reference.columns, start + len(asked_db) + 2 * NEAR_COLUMNS)
        wide_db = np.zeros((len(asked_db) + 2 * NEAR_COLUMNS, asked_db.shape[1]), np.float32)
        held = np.zeros_like(wide_db)
        if end - first >= EVEN_COLUMNS:
            wide_db[first - start : end - start] = self.reference.picture[first:end]
            held[first - start : end - start] = whitened(self.reference.picture[first:end])
        near = slice(NEAR_COLUMNS, NEAR_COLUMNS + len(asked_db))
        return AlignedPictures(whitened(asked_db), held, asked_db, wide_db[near], line)
