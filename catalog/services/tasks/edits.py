"""How the order of a recording's parts was changed, read from the segments of a match.

Segments are `[query start, query end, reference start, reference end, similarity]`, in seconds, in the query's order.
"""

from collections.abc import Sequence
from itertools import combinations, pairwise

Part = Sequence[float]
# Of the reference against the query, from one segment to the next: ends are known no more exactly than this.
LEAST_JUMP_S = 1.0
LEAST_REPEATED_S = 2.0


def mean_similarity(segments: Sequence[Part]) -> float | None:
    """Return the mean similarity of the segments, weighted by length; None if there are none."""
    lengths = [max(part[1] - part[0], 1e-6) for part in segments]
    products = (part[4] * length for part, length in zip(segments, lengths, strict=True))
    return round(sum(products) / sum(lengths), 3) if lengths else None


def edit_of(segments: Sequence[Part], tempo_ratio: float) -> str:
    """Return the change (`Match.Edit`): the first that applies of loop, order, cut, addition; empty for one piece."""
    parts = sorted(segments, key=lambda part: part[0])
    if any(_repeats(one, other) for one, other in combinations(parts, 2)):
        return "looped"
    if any(later[2] < earlier[2] - LEAST_JUMP_S for earlier, later in pairwise(parts)):
        return "swapped" if len(parts) == 2 else "reordered"
    jumps = [_jump_s(earlier, later, tempo_ratio) for earlier, later in pairwise(parts)]
    if any(jump > LEAST_JUMP_S for jump in jumps):
        return "cut"
    return "added" if any(jump < -LEAST_JUMP_S for jump in jumps) else ""


def _repeats(one: Part, other: Part) -> bool:
    """Tell whether one stretch of the reference is at two places of the query."""
    is_elsewhere = min(one[1], other[1]) - max(one[0], other[0]) < LEAST_JUMP_S
    return is_elsewhere and min(one[3], other[3]) - max(one[2], other[2]) > LEAST_REPEATED_S


def _jump_s(earlier: Part, later: Part, tempo_ratio: float) -> float:
    """Return how much of the reference is left out between two segments, in seconds; negative for what was added."""
    return (later[2] - earlier[3]) - (later[0] - earlier[1]) * tempo_ratio
