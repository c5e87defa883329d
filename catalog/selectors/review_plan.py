"""Which pairs a person sees next: planned some dozens at a time, as ordering all that wait costs a moment."""

from collections.abc import Collection

from django.db.models import Q

from catalog.selectors.review import Pair, next_pairs, open_matches, ordered

PLANNED = 60
_LOOKED_AT = 10  # of a plan at a time: most are open still


def plan_of(*, skipped: Collection[Pair]) -> list[Pair]:
    """Return the pairs that come next, those put aside left out."""
    return next_pairs(skipped=skipped, limit=PLANNED)


def first_open(pairs: list[Pair], *, limit: int) -> list[Pair]:
    """Return the first of some pairs that still wait, in their order."""
    found: list[Pair] = []
    for start in range(0, len(pairs), _LOOKED_AT):
        some = pairs[start : start + _LOOKED_AT]
        still = open_among(some)
        found += [pair for pair in some if pair in still]
        if len(found) >= limit:
            break
    return found[:limit]


def open_among(pairs: Collection[Pair]) -> set[Pair]:
    """Return which of some pairs wait for a decision."""
    if not pairs:
        return set()
    either = Q()
    for first, second in pairs:
        either |= Q(query_track=first, reference_track=second) | Q(query_track=second, reference_track=first)
    ends = open_matches().filter(either).order_by().values_list("query_track_id", "reference_track_id")
    return {ordered(one, other) for one, other in ends}
