"""A new copy of a recording that somebody has decided about: it inherits what was decided.

The track to keep of a family is its root: one that a person chose, and that was never given up for another. A track
is the root's copy, or its version, by a standing decision about the two; and it is a copy where a check found the two
to be the same recording, unaltered, with a score of `RULE_LEAST_SCORE`. What two tracks are to each other follows
from what each is to the one root that they have. What was found of other copies of the family does not count.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Q

from catalog.models import Decision, Match, Rule
from catalog.rules.guards import left_to_people
from catalog.rules.proposals import DECIDED_OTHERWISE, TWO_FAMILIES, Judged, Proposal, ends_of, pair_of
from catalog.selectors.review import Pair, ordered
from catalog.selectors.waiting_pairs import UNALTERED
from catalog.services.decisions import between

RELATIONS = Match.COPIES
JOINING = (Decision.Verdict.SAME, Decision.Verdict.VERSION)
NOT_DIRECT = "there is no direct, unaltered match with the track to keep"
NOTHING_FOLLOWS = "the family does not show how the two tracks relate"


@dataclass
class _Around:
    """What is known around some tracks. `kinds[track][root]`: what the track is to the root; None: nothing, or other.

    `refused[track]`: the tracks of which a person said that they are no copies of it.
    """

    kinds: defaultdict[int, dict[int, str | None]] = field(default_factory=lambda: defaultdict(dict))
    refused: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))


def propose(rule: Rule, matches: list[Match]) -> Judged:
    """Propose what follows for pairs of which at least one track has a root."""
    around = _look_around(rule, ends_of(matches))
    judged: Judged = {}
    for match in matches:
        roots = {root for track_id in pair_of(match) for root in around.kinds[track_id]}
        if roots:
            judged[match.pk] = _judge(match, roots, around)
    return judged


def _judge(match: Match, roots: set[int], around: _Around) -> Proposal | str:
    if len(roots) > 1:
        return TWO_FAMILIES
    root = roots.pop()
    first, second = (around.kinds[track_id].get(root) for track_id in pair_of(match))
    if first is None or second is None:
        return NOT_DIRECT
    if any(around.kinds[other].get(root) for track_id in pair_of(match) for other in around.refused[track_id]):
        return DECIDED_OTHERWISE
    verdict = between(first, second)
    if verdict is None:
        return NOTHING_FOLLOWS
    keeps = verdict == Decision.Verdict.SAME and root in pair_of(match)
    return Proposal(match, verdict, root if keeps else None)


def _look_around(rule: Rule, ids: set[int]) -> _Around:
    around = _Around()
    decisions = _standing(ids)
    for first, second, verdict, decided_by in decisions:
        if verdict not in JOINING and decided_by:
            around.refused[first].add(second)
            around.refused[second].add(first)
    ids = ids | {other for others in around.refused.values() for other in others}
    found = _found(ids)
    roots = _roots(
        ids | {end for pair in found.values() for end in pair} | {end for row in decisions for end in row[:2]}
    )
    for root in roots:
        around.kinds[root][root] = Decision.Verdict.SAME
    for first, second, verdict, _ in _standing(ids):
        _note(around, roots, (first, second), verdict if verdict in JOINING else None)
    _note_found(rule, around, roots, found)
    return around


def _note(around: _Around, roots: set[int], pair: tuple[int, int], kind: str | None) -> None:
    for track_id, root in (pair, pair[::-1]):
        if root in roots and track_id not in roots:
            around.kinds[track_id].setdefault(root, kind)


def _note_found(rule: Rule, around: _Around, roots: set[int], found: dict[int, Pair]) -> None:
    keys = [pk for pk, pair in found.items() if not roots.isdisjoint(pair)]
    direct = list(Match.objects.filter(pk__in=keys).with_tracks().order_by("pk"))
    left = left_to_people(rule, direct)
    for match in direct:
        _note(around, roots, pair_of(match), None if match.pk in left else Decision.Verdict.SAME)


def _standing(ids: set[int]) -> list[tuple[int, int, str, int | None]]:
    either = Q(first_track__in=ids) | Q(second_track__in=ids)
    rows = Decision.objects.filter(either, undone_at=None).order_by("pk")
    return list(rows.values_list("first_track_id", "second_track_id", "verdict", "decided_by_id"))


def _found(ids: set[int]) -> dict[int, Pair]:
    """Return the matches by which some tracks are the same recording as others, unaltered, beyond doubt."""
    either = Q(query_track__in=ids) | Q(reference_track__in=ids)
    whole = Q(relation__in=(Match.Relation.IDENTICAL, Match.Relation.SAME), score__gte=settings.RULE_LEAST_SCORE)
    rows = Match.objects.filter(either, whole, UNALTERED).of_present_tracks().order_by("pk")
    ends = rows.values_list("pk", "query_track_id", "reference_track_id")
    return {pk: ordered(one, other) for pk, one, other in ends}


def _roots(ids: set[int]) -> set[int]:
    """Return those of some tracks that a person chose to keep, and that were never given up for another."""
    same = Decision.objects.filter(verdict=Decision.Verdict.SAME, undone_at=None, keeper__isnull=False).order_by()
    chosen = same.filter(keeper__in=ids, keeper__removed_at=None, decided_by__isnull=False)
    won = set(chosen.values_list("keeper_id", flat=True))
    named = same.filter(Q(first_track__in=won) | Q(second_track__in=won))
    lost = {end for first, second, keeper in named.values_list("first_track_id", "second_track_id", "keeper_id")
            for end in (first, second) if end != keeper}  # fmt: skip
    return won - lost
