"""A recording with its copies and versions, according to what staff decided.

Standing decisions "the same recording" join copies, over several steps; versions are tracks that were called another
version of one of the copies. The number of steps is limited, and each is one query for all tracks of a page.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q

from catalog.models import Decision, Track

JOINING = (Decision.Verdict.SAME, Decision.Verdict.VERSION)
MOST_STEPS = 12
MOST_EDGES = 50_000  # of one page's tracks; a family of 300 in groups of 24 has some thousand
_ORDER = {"kept": 0, "copy": 1, "version": 2}

Edge = tuple[int, int, str, int | None]


@dataclass(frozen=True)
class Family:
    """Ids of tracks: all copies of one recording, its versions, and the copy to keep if the decisions name one."""

    copies: frozenset[int]
    versions: frozenset[int]
    keeper: int | None
    names: dict[int, str] = field(compare=False)  # of the tracks that are present

    @property
    def count_of_copies(self) -> int:
        """How many copies are present, not counting the track itself."""
        return max(sum(pk in self.names for pk in self.copies) - 1, 0)

    @property
    def count_of_versions(self) -> int:
        """How many versions are present."""
        return sum(pk in self.names for pk in self.versions)


@dataclass(frozen=True)
class Member:
    """One track of a family and its role: `kept`, `copy` or `version`."""

    track: Track
    role: str


def families_of(track_ids: Collection[int]) -> dict[int, Family]:
    """Return the family of each track that has one, by track id."""
    edges = _edges_around(track_ids)
    copies, versions = _neighbours(edges, Decision.Verdict.SAME), _neighbours(edges, Decision.Verdict.VERSION)
    found: dict[int, tuple[frozenset[int], frozenset[int]]] = {}
    for track_id in track_ids:
        if track_id in copies or track_id in versions:
            joined = reached(track_id, copies)
            found[track_id] = joined, frozenset(pk for one in joined for pk in versions[one]) - joined
    named = _names({pk for joined, others in found.values() for pk in joined | others})
    return {pk: Family(*both, _keeper(both[0], edges), named) for pk, both in found.items()}


def members_of(track_id: int) -> list[Member]:
    """Return a track's family: the kept track, the copies, then the versions; empty if it has none."""
    family = families_of([track_id]).get(track_id)
    if family is None:
        return []
    tracks = Track.objects.with_source().filter(pk__in=family.copies | family.versions)
    members = [Member(track, _role(track.pk, family)) for track in tracks]
    return sorted(members, key=lambda one: (_ORDER[one.role], one.track.removed_at is not None, one.track.pk))


def _role(pk: int, family: Family) -> str:
    if pk in family.versions:
        return "version"
    return "kept" if pk == family.keeper else "copy"


def _edges_around(track_ids: Iterable[int]) -> list[Edge]:
    """Return the decisions that join, going on from copy to copy."""
    seen, found, frontier = set[int](), dict[int, Edge](), set(track_ids)
    for _ in range(MOST_STEPS):
        if not frontier or len(found) >= MOST_EDGES:
            break
        seen |= frontier
        touching = Q(first_track__in=frontier) | Q(second_track__in=frontier)
        standing = Decision.objects.filter(touching, undone_at=None, verdict__in=JOINING).order_by("pk")
        rows = standing.values_list("pk", "first_track_id", "second_track_id", "verdict", "keeper_id")
        new = {pk: (first, second, verdict, keeper) for pk, first, second, verdict, keeper in rows[:MOST_EDGES]}
        found |= new
        same = (edge for edge in new.values() if edge[2] == Decision.Verdict.SAME)
        frontier = {pk for edge in same for pk in edge[:2]} - seen
    return list(found.values())


def _neighbours(edges: list[Edge], verdict: str) -> defaultdict[int, set[int]]:
    joined: defaultdict[int, set[int]] = defaultdict(set)
    for first, second, said, _ in edges:
        if said == verdict:
            joined[first].add(second)
            joined[second].add(first)
    return joined


def reached(start: int, joined: Mapping[int, set[int]]) -> frozenset[int]:
    """Return `start` and what it is joined with, over any number of steps."""
    seen, waiting = {start}, [start]
    while waiting:
        new = joined.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return frozenset(seen)


def _keeper(copies: frozenset[int], edges: list[Edge]) -> int | None:
    """Return the copy that won and never lost; None where there is none, or more than one."""
    won, lost = set[int](), set[int]()
    for first, second, _, keeper in edges:
        if keeper in copies:
            won.add(keeper)
            lost.add(second if keeper == first else first)
    return next(iter(won - lost)) if len(won - lost) == 1 else None


def _names(ids: set[int]) -> dict[int, str]:
    return dict(Track.objects.present().filter(pk__in=ids).values_list("pk", "title")) if ids else {}
