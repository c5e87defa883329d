"""Copies of one recording that play at one place in a mix, so that its track list tells the recording once."""

from collections import defaultdict
from collections.abc import Mapping

from catalog.models import Decision, Match
from catalog.services.tracks.families import reached

LEAST_COMMON = 0.5  # of the shorter of two places: what fades into the next shares less
_JOINING = (Decision.Verdict.SAME, Decision.Verdict.ALLOWED)

Place = tuple[float, float]


def recordings_at(places: Mapping[int, Place]) -> list[list[int]]:
    """Return the track ids of `places` (from, to, in seconds of the mix), those of one recording together.

    Two are together if they are known to be copies and half of the shorter place is common. In each list the longest
    comes first, the oldest track where several are as long. The lists are in the order of their first places.
    """
    joined = _joined(places)
    waiting = sorted(places, key=lambda pk: (-round(places[pk][1] - places[pk][0]), pk))
    rank = {pk: number for number, pk in enumerate(waiting)}
    seen: set[int] = set()
    found: list[list[int]] = []
    for pk in waiting:
        if pk not in seen:
            together = reached(pk, joined)
            seen |= together
            found.append(sorted(together, key=rank.__getitem__))
    return sorted(found, key=lambda together: (places[together[0]], together[0]))


def share_a_place(one: Place, other: Place) -> bool:
    """Tell whether two places have half of the shorter one in common."""
    common_s = min(one[1], other[1]) - max(one[0], other[0])
    return common_s >= LEAST_COMMON * min(one[1] - one[0], other[1] - other[0])


def _joined(places: Mapping[int, Place]) -> dict[int, set[int]]:
    """Return the copies of each track at its place: named by staff, or found and not refused."""
    ids = [*places]
    rows = Match.objects.filter(query_track__in=ids, reference_track__in=ids, relation__in=Match.COPIES).order_by()
    found = {(min(pair), max(pair)) for pair in rows.values_list("query_track_id", "reference_track_id")}
    standing = Decision.objects.filter(first_track__in=ids, second_track__in=ids, undone_at=None).order_by()
    for first, second, verdict in standing.values_list("first_track_id", "second_track_id", "verdict"):
        (found.add if verdict in _JOINING else found.discard)((first, second))
    joined: defaultdict[int, set[int]] = defaultdict(set)
    for first, second in found:
        if share_a_place(places[first], places[second]):
            joined[first].add(second)
            joined[second].add(first)
    return joined
