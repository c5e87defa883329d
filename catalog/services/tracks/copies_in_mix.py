"""Copies of one recording that play at one place in a mix, so that its track list tells the recording once."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from catalog.models import Decision, Match

LEAST_COMMON = 0.5  # of the shorter of two places; what fades into the next shares less
_JOINING = (Decision.Verdict.SAME, Decision.Verdict.ALLOWED)

Place = tuple[float, float]


def recordings_at(places: Mapping[int, Place]) -> list[list[int]]:
    """Return the track ids of `places` (from, to, in seconds of the mix), those of one recording together.

    Two are together if they are known to be copies and half of the shorter place is common. In each list the longest
    comes first, the oldest track where several are as long. The lists are in the order of their first places.
    """
    copies = _copies_among(places)
    waiting = sorted(places, key=lambda pk: (-round(places[pk][1] - places[pk][0]), pk))
    rank = {pk: number for number, pk in enumerate(waiting)}
    seen: set[int] = set()
    found: list[list[int]] = []
    for pk in waiting:
        if pk not in seen:
            together = _reached(pk, places, copies)
            seen |= together
            found.append(sorted(together, key=rank.__getitem__))
    return sorted(found, key=lambda together: (places[together[0]], together[0]))


def _reached(start: int, places: Mapping[int, Place], copies: Mapping[int, set[int]]) -> set[int]:
    """Return `start` and what it is together with, over any number of steps."""
    seen, frontier = {start}, [start]
    while frontier:
        one = frontier.pop()
        near = {pk for pk in copies.get(one, set()) - seen if _share_a_place(places[one], places[pk])}
        seen |= near
        frontier += near
    return seen


def _share_a_place(one: Place, other: Place) -> bool:
    common_s = min(one[1], other[1]) - max(one[0], other[0])
    return common_s >= LEAST_COMMON * min(one[1] - one[0], other[1] - other[0])


def _copies_among(track_ids: Collection[int]) -> dict[int, set[int]]:
    """Return the copies of each track: what a check found, without what staff refused, and what staff called so."""
    ids = [*track_ids]
    rows = Match.objects.filter(query_track__in=ids, reference_track__in=ids, relation__in=Match.COPIES).order_by()
    found = {(min(pair), max(pair)) for pair in rows.values_list("query_track_id", "reference_track_id")}
    standing = Decision.objects.filter(first_track__in=ids, second_track__in=ids, undone_at=None).order_by()
    for first, second, verdict in standing.values_list("first_track_id", "second_track_id", "verdict"):
        (found.add if verdict in _JOINING else found.discard)((first, second))
    copies: defaultdict[int, set[int]] = defaultdict(set)
    for first, second in found:
        copies[first].add(second)
        copies[second].add(first)
    return copies
