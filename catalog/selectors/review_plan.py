"""Which pairs a person sees next: planned some hundreds at a time, because sorting all that wait takes a moment."""

from collections.abc import Collection

from django.db.models import F, Q

from catalog.models import Match, PairCare
from catalog.selectors.review import Pair, next_pairs, open_matches, ordered, still_open
from catalog.selectors.waiting_pairs import cared_for, pairs_of, waiting_pairs

PLANNED = 200
_LOOKED_AT = 10  # of a plan at a time: most are open still


def plan_of(*, skipped: Collection[Pair], user_id: int) -> list[Pair]:
    """Return the pairs that come next for a person, without those in `skipped`.

    Pairs given to the person come first, then conflicts, then the oldest. Pairs given to somebody else, or about
    which the person asked for a second opinion, are left to others.
    """
    waiting = waiting_pairs(Match.objects.all())
    mine = pairs_of(waiting.filter(cared_for(assigned_to=user_id)).order_by("pk"), limit=PLANNED)
    left_out = {*skipped, *_left_to_others(user_id)}
    conflicts = waiting.filter(Q(conflict__gt=0)).order_by(F("conflict").desc(), F("pk").asc())
    first = pairs_of(conflicts, limit=PLANNED + len(left_out))
    planned = [pair for pair in dict.fromkeys([*mine, *first]) if pair not in left_out]
    if len(planned) < PLANNED:
        planned += next_pairs(skipped={*left_out, *planned}, limit=PLANNED - len(planned))
    return planned[:PLANNED]


def plan_of_scan(scan_id: int) -> list[Pair]:
    """Return the first waiting pairs that a scan found."""
    found = still_open(Match.objects.filter(scan=scan_id)).order_by("pk")
    return list(dict.fromkeys(pairs_of(found, limit=PLANNED)))


def _left_to_others(user_id: int) -> list[Pair]:
    """Return the pairs that this person is not to decide: few, as somebody has named each of them."""
    named = PairCare.objects.filter(~Q(assigned_to=user_id), assigned_to__isnull=False)
    own_question = PairCare.objects.filter(opinion_asked_by=user_id)
    return [pair for rows in (named, own_question) for pair in rows.values_list("first_track_id", "second_track_id")]


def first_open(pairs: list[Pair], *, limit: int) -> list[Pair]:
    """Return the first of `pairs` that still wait, in their order."""
    found: list[Pair] = []
    for start in range(0, len(pairs), _LOOKED_AT):
        some = pairs[start : start + _LOOKED_AT]
        still = open_among(some)
        found += [pair for pair in some if pair in still]
        if len(found) >= limit:
            break
    return found[:limit]


def open_among(pairs: Collection[Pair]) -> set[Pair]:
    """Return those of `pairs` that wait for a decision."""
    if not pairs:
        return set()
    either = Q()
    for first, second in pairs:
        either |= Q(query_track=first, reference_track=second) | Q(query_track=second, reference_track=first)
    ends = open_matches().filter(either).order_by().values_list("query_track_id", "reference_track_id")
    return {ordered(one, other) for one, other in ends}
