"""The other pieces of an edited copy: halves swapped, parts removed or repeated, once the recording itself is sure.

Along parallel lines (same tempo, same pitch) the parts of the query that are not explained yet are looked for in the
same reference only, so less evidence is enough.
"""

from dataclasses import replace

import numpy as np

from catalog.engine.alignment.fit import HOP_S, STEP_S, Reference
from catalog.engine.features.query import Query
from catalog.engine.verification import path as paths
from catalog.engine.verification.calibration import best_stretches, diagonals
from catalog.engine.verification.path import Path

MOST_PIECES = 6
LEAST_EVIDENCE = 40.0  # nats: chance in one recording is far smaller than in a catalog
LEAST_UNEXPLAINED_S = 4.0
MOST_PAIRS = 4_000_000  # query places x reference places looked at: beyond, only the first piece is given


def others(query: Query, reference: Reference, first: Path) -> list[Path]:
    """Paths at other offsets, each with only the stretches that explain what no path before it did."""
    found: list[Path] = []
    open_places = _unexplained(np.ones(len(first.places_s), bool), first)
    columns_s = reference.columns * HOP_S
    if len(first.places_s) * columns_s / STEP_S > MOST_PAIRS or open_places.sum() * STEP_S < LEAST_UNEXPLAINED_S:
        return found
    step = STEP_S * first.line.tempo_ratio
    gains = paths.parallel_gains(query, reference, first.line, first.places_s / np.float32(HOP_S), 0.0)
    # Places before a line's start: rows are put after the same number of empty columns, so that every line is there.
    gains = np.concatenate([np.zeros((len(gains), len(gains)), np.float32), gains], axis=1)
    for _ in range(MOST_PIECES):
        best = best_stretches(diagonals(gains * open_places[:, None]))
        top = int(np.argmax(best))
        if best[top] < LEAST_EVIDENCE:
            return found
        start_s = (top - len(gains)) * step
        offset_s = start_s - float(first.places_s[0]) * first.line.tempo_ratio
        piece = _kept(paths.along(query, reference, replace(first.line, offset_s=offset_s)), open_places)
        open_places = _unexplained(open_places, piece)
        if not piece.stretches:
            return found
        found.append(piece)
    return found


def _unexplained(open_places: np.ndarray, path: Path) -> np.ndarray:
    left = open_places.copy()
    for stretch in path.stretches:
        left[stretch.first : stretch.last + 1] = False
    return left


def _kept(path: Path, open_places: np.ndarray) -> Path:
    """``path`` with the stretches that lie mostly where nothing was explained, cut to there."""
    kept = []
    for stretch in path.stretches:
        inside = np.flatnonzero(open_places[stretch.first : stretch.last + 1]) + stretch.first
        if stretch.evidence >= LEAST_EVIDENCE / 2 and len(inside) > (stretch.last - stretch.first) / 2:
            kept.append(replace(stretch, first=int(inside[0]), last=int(inside[-1])))
    return replace(path, stretches=tuple(kept))
