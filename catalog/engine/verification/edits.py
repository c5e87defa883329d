"""Edited copies: their other pieces, and the longest straight piece of a line that leads over a cut.

Halves may be swapped, and parts removed or repeated. Once the recording is believed, the rest of the query is compared
with the same reference only, along parallel lines (same tempo, same pitch). So less evidence is enough.

A copy that was cut is described by the offset and tempo of its longest straight piece. Where the tempo itself changes
there is no such piece, and the line through all of it describes it best.
"""

from dataclasses import replace

import numpy as np

from catalog.engine.alignment import pitch
from catalog.engine.alignment.comparison import Comparison
from catalog.engine.alignment.fit import refit
from catalog.engine.alignment.line import HOP_S, STEP_S, Line, weighted_line
from catalog.engine.verification import path as paths
from catalog.engine.verification.limits import LIMITS
from catalog.engine.verification.path import Path, Stretch, best_parallel, runs
from catalog.engine.verification.tempo_stability import Blocks, off_each_s

MOST_PAIRS = 4_000_000  # query places x reference places looked at: beyond, only the first piece is given


def others(pair: Comparison, first: Path) -> list[Path]:
    """Paths at other offsets than ``first``. Each has only the stretches that no path before it explains."""
    found: list[Path] = []
    open_places = _unexplained(np.ones(len(first.places_s), bool), first)
    columns_s = pair.reference.columns * HOP_S
    if len(first.places_s) * columns_s / STEP_S > MOST_PAIRS or open_places.sum() * STEP_S < LIMITS.least_unexplained_s:
        return found
    step = STEP_S * first.line.tempo_ratio
    gains = paths.parallel_gains(pair, first.line, first.places_s / np.float32(HOP_S), 0.0)
    for _ in range(LIMITS.most_pieces):
        best = best_parallel(gains, np.flatnonzero(open_places))
        top = int(np.argmax(best))
        if best[top] < LIMITS.piece_evidence:
            return found
        start_s = (top - (len(gains) - 1)) * step
        offset_s = start_s - float(first.places_s[0]) * first.line.tempo_ratio
        piece = _kept(paths.along(pair, replace(first.line, offset_s=offset_s)), open_places)
        open_places = _unexplained(open_places, piece)
        if not piece.stretches:
            return found
        found.append(piece)
    return found


def _unexplained(open_places: np.ndarray, path: Path) -> np.ndarray:
    left = open_places.copy()
    for stretch in path.stretches:
        left[stretch.span] = False
    return left


def _kept(path: Path, open_places: np.ndarray) -> Path:
    """``path`` with those parts of its stretches where nothing was explained yet, if they bring enough by themselves.

    Where a recording repeats itself, such a part is often the beginning or end of a stretch that is explained else.
    """
    kept, gains = [], path.gains.sum(axis=1)
    for stretch in path.stretches:
        share = stretch.evidence / max(float(gains[stretch.span].sum()), stretch.evidence)  # of a nat not told twice
        for first, end in (runs(open_places[stretch.span]) + stretch.first).tolist():
            evidence = share * float(gains[first:end].sum())
            if evidence >= LIMITS.piece_evidence / 2:
                kept.append(Stretch(first, end - 1, evidence))
    return replace(path, stretches=tuple(kept))


def straight_piece(blocks: Blocks) -> slice | None:
    """The longest run of blocks on one straight line; None where all of them lie on one, or hardly any."""
    on_line = off_each_s(blocks) <= LIMITS.bend_s
    found = runs(on_line)
    if not len(found) or on_line.all():
        return None
    first, end = found[np.argmax(np.diff(found, axis=1))].tolist()
    return slice(first, end + 2) if end - first >= LIMITS.straight_steps else None


def straightened(pair: Comparison, path: Path, blocks: Blocks) -> Path | None:
    """The path along the longest straight piece of ``path``; None where it has none, or bends instead."""
    piece = straight_piece(blocks)
    if piece is None:
        return None
    time_s, moved_s = blocks.middle_s[piece], blocks.moved_s[piece]
    slope, shift = weighted_line(time_s, moved_s, blocks.weight[piece])
    if not _is_parallel(blocks, piece, slope):
        return None
    line = Line(path.line.offset_s + shift, path.line.tempo_ratio + slope, path.line.pitch_semitones)
    middle_s, reach_s = float(time_s[[0, -1]].mean()), float(time_s[-1] - time_s[0]) / 2
    other = paths.along(pair, refit(pair, line, middle_s, reach_s))
    if not other.stretches:
        return None
    return replace(other, line=pitch.measured(pair, other.line, other.places_s, other.similarity))


def _is_parallel(blocks: Blocks, piece: slice, slope: float) -> bool:
    """Whether most blocks beside the piece follow each other at its tempo."""
    asked = blocks.weight > 0
    beside = asked[1:] & asked[:-1]
    beside[piece.start : piece.stop - 1] = False
    steps_s = np.abs(np.diff(blocks.moved_s) - slope * np.diff(blocks.middle_s))[beside]
    return not len(steps_s) or bool(np.median(steps_s) <= LIMITS.parallel_s)
