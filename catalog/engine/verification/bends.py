"""A line that leads over a cut: the longest straight piece of it, by whose offset and tempo the copy is called.

Where the tempo itself changes there is no such piece: the line through all of it stays in step best.
"""

from dataclasses import replace

import numpy as np

from catalog.engine.alignment import pitch
from catalog.engine.alignment.fit import Line, Reference, refit, weighted_line
from catalog.engine.features.query import Query
from catalog.engine.verification import path as paths
from catalog.engine.verification.path import Path
from catalog.engine.verification.runs import runs
from catalog.engine.verification.tempo_stability import Blocks, off_each_s

BEND_S = 0.01  # off where the two before it point by more: not on their line
FEWEST_STEPS = 3  # of a straight piece: ten seconds
PARALLEL_S = 0.008  # from block to block: beside a cut the tempo is the same


def straight_piece(blocks: Blocks) -> slice | None:
    """The longest run of blocks on one straight line; None where all of them lie on one, or hardly any."""
    on_line = off_each_s(blocks) <= BEND_S
    found = runs(on_line)
    if not len(found) or on_line.all():
        return None
    first, end = found[np.argmax(np.diff(found, axis=1))].tolist()
    return slice(first, end + 2) if end - first >= FEWEST_STEPS else None


def straightened(query: Query, reference: Reference, path: Path, blocks: Blocks) -> Path | None:
    """What agrees along the longest straight piece of ``path``; None where it has none, or bends instead."""
    piece = straight_piece(blocks)
    if piece is None:
        return None
    time_s, moved_s = blocks.middle_s[piece], blocks.moved_s[piece]
    slope, shift = weighted_line(time_s, moved_s, blocks.weight[piece])
    if not _is_parallel(blocks, piece, slope):
        return None
    line = Line(path.line.offset_s + shift, path.line.tempo_ratio + slope, path.line.pitch_semitones)
    middle_s, reach_s = float(time_s[[0, -1]].mean()), float(time_s[-1] - time_s[0]) / 2
    other = paths.along(query, reference, refit(query, reference, line, middle_s, reach_s))
    if not other.stretches:
        return None
    return replace(other, line=pitch.measured(query, reference, other.line, other.places_s, other.similarity))


def _is_parallel(blocks: Blocks, piece: slice, slope: float) -> bool:
    """Whether most blocks beside the piece follow each other at its tempo."""
    asked = blocks.weight > 0
    beside = asked[1:] & asked[:-1]
    beside[piece.start : piece.stop - 1] = False
    steps_s = np.abs(np.diff(blocks.moved_s) - slope * np.diff(blocks.middle_s))[beside]
    return not len(steps_s) or bool(np.median(steps_s) <= PARALLEL_S)
