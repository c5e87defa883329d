"""A stretch of a query as a query of its own: it bounds the memory and the time that a long query takes."""

from dataclasses import dataclass, replace

import numpy as np

from catalog.engine.alignment.line import HOP_S, STEP_S
from catalog.engine.features.fingerprint import Fingerprint
from catalog.engine.features.patches import centres
from catalog.engine.features.query import Query
from catalog.engine.match import Match, Segment

STEP_COLUMNS = round(STEP_S / HOP_S)  # views begin where the whole query's curve of similarity has a value


@dataclass(frozen=True)
class View:
    """``query``: the columns of the whole query from ``first`` on.

    ``is_start`` and ``is_end``: whether the view begins or ends where the whole query does.
    """

    query: Query
    first: int
    is_start: bool
    is_end: bool

    @property
    def start_s(self) -> float:
        """Where the view begins in the whole query, in seconds."""
        return self.first * HOP_S

    @property
    def end_s(self) -> float:
        """Where the view ends in the whole query, in seconds."""
        return self.start_s + self.query.duration_s

    def in_whole(self, match: Match, whole: Query) -> Match:
        """A match of the view with times of the ``whole`` query. Its similarity curve is zero beyond the view."""
        by_s = self.start_s
        places = len(centres(whole.columns, STEP_COLUMNS, match.tempo_ratio))
        curve = np.zeros(max(places, 1), np.float32)
        at = self.first // STEP_COLUMNS
        kept = match.similarity_curve[: max(0, len(curve) - at)]
        curve[at : at + len(kept)] = kept
        return replace(
            match,
            offset_s=match.offset_s - by_s * match.tempo_ratio,
            segments=tuple(_later(segment, by_s) for segment in match.segments),
            similarity_curve=curve,
        )


def view_of(whole: Query, start_s: float, end_s: float) -> View:
    """The view from ``start_s`` to ``end_s`` (s) of the whole query, as far as the query goes."""
    first = max(0, int(start_s / HOP_S)) // STEP_COLUMNS * STEP_COLUMNS
    last = min(whole.columns, int(end_s / HOP_S) + 1)
    if first == 0 and last == whole.columns:
        return View(whole, 0, is_start=True, is_end=True)
    fingerprint, is_end = whole.fingerprint, last == whole.columns
    duration_s = fingerprint.duration_s - first * HOP_S if is_end else (last - first) * HOP_S
    part = Fingerprint(fingerprint.levels[first:last], duration_s, fingerprint.parameters_version)
    return View(Query(part), first, is_start=first == 0, is_end=is_end)


def _later(segment: Segment, by_s: float) -> Segment:
    return replace(segment, query_start_s=segment.query_start_s + by_s, query_end_s=segment.query_end_s + by_s)
