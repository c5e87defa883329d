"""One track to keep of each recording, where many pairs are decided together.

What is proposed looks at two tracks alone: A may be better than B, B than C, and C than A. Decided like that, nobody
could tell which copy is to stay. So the pairs that hang together are looked at as one: where their proposals and the
standing decisions do not name one track, the best one is kept, and of each other pair the track that is nearer to it.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Mapping

from django.db.models import Q

from catalog.models import Decision
from catalog.selectors.review import Pair
from catalog.services.tracks.families import families_of

_ASKED_AT_ONCE = 1000  # tracks named in one query


def agreed(proposed: Mapping[Pair, int]) -> dict[Pair, int]:
    """Return the track to keep of each pair, such that all pairs that hang together lead to one track."""
    standing = _standing_keepers({end for pair in proposed for end in pair})
    neighbours = _neighbours([*proposed, *standing])
    together = _joined(neighbours)
    known, asked = _by_place(standing, together), _by_place(proposed, together)
    found = dict(proposed)
    for place, some in asked.items():
        if len(_unbeaten(known[place] | some)) != 1:
            far = _distances(_best(known[place], some), neighbours)
            found |= {pair: _nearer(pair, keeper, far) for pair, keeper in some.items()}
    return found


def kept_instead(track_id: int) -> dict[Pair, int]:
    """Return which decided pairs of a track's copies have to keep another one, so that all of them lead to that track.

    Empty where they do already, and where the track has no copies.
    """
    family = families_of([track_id]).get(track_id)
    if family is None:
        return {}
    standing = {pair: keeper for pair, keeper in _same(family.copies).items() if family.copies.issuperset(pair)}
    far = _distances(track_id, _neighbours(standing))
    uneven = {pair: min(pair, key=lambda track: far[track]) for pair in standing if far[pair[0]] != far[pair[1]]}
    return {pair: keeper for pair, keeper in uneven.items() if keeper != standing[pair]}


def _standing_keepers(track_ids: Collection[int]) -> dict[Pair, int]:
    return {pair: keeper for pair, keeper in _same(track_ids).items() if keeper}


def _same(track_ids: Collection[int]) -> dict[Pair, int | None]:
    """Return the pairs of some tracks that are decided to be the same recording, with the track to keep, if any."""
    ids, found = sorted(track_ids), dict[Pair, int | None]()
    same = Decision.objects.filter(undone_at=None, verdict=Decision.Verdict.SAME).order_by()
    for start in range(0, len(ids), _ASKED_AT_ONCE):
        some = ids[start : start + _ASKED_AT_ONCE]
        rows = same.filter(Q(first_track__in=some) | Q(second_track__in=some))
        values = rows.values_list("first_track_id", "second_track_id", "keeper_id")
        found |= {(first, second): keeper for first, second, keeper in values}
    return found


def _neighbours(pairs: Iterable[Pair]) -> dict[int, set[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    for one, other in pairs:
        found[one].add(other)
        found[other].add(one)
    return found


def _joined(neighbours: Mapping[int, set[int]]) -> dict[int, int]:
    """Return of each track the first one of those that it hangs together with."""
    found: dict[int, int] = {}
    for track in sorted(neighbours):
        if track not in found:
            found |= dict.fromkeys(_distances(track, neighbours), track)
    return found


def _by_place(keepers: Mapping[Pair, int], together: Mapping[int, int]) -> defaultdict[int, dict[Pair, int]]:
    found: defaultdict[int, dict[Pair, int]] = defaultdict(dict)
    for pair, keeper in keepers.items():
        found[together[pair[0]]][pair] = keeper
    return found


def _distances(start: int, neighbours: Mapping[int, set[int]]) -> dict[int, int]:
    """Return how many pairs away from a track the others are."""
    far, waiting = {start: 0}, deque([start])
    while waiting:
        track = waiting.popleft()
        for other in neighbours[track] - far.keys():
            far[other] = far[track] + 1
            waiting.append(other)
    return far


def _unbeaten(keepers: Mapping[Pair, int]) -> set[int]:
    return set(keepers.values()) - {_loser(pair, keeper) for pair, keeper in keepers.items()}


def _loser(pair: Pair, keeper: int) -> int:
    return pair[1] if keeper == pair[0] else pair[0]


def _best(standing: Mapping[Pair, int], proposed: Mapping[Pair, int]) -> int:
    """Return the track that was chosen already, else the one that is proposed most often, else the first."""
    points = Counter(proposed.values())
    points.subtract(_loser(pair, keeper) for pair, keeper in proposed.items())
    return min(_unbeaten(standing) or points, key=lambda track: (-points[track], track))


def _nearer(pair: Pair, proposed: int, far: Mapping[int, int]) -> int:
    one, other = pair
    return proposed if far[one] == far[other] else min(pair, key=lambda track: far[track])
