"""The review queue: pairs of tracks that a check calls duplicates and that nobody has decided."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Exists, Q
from django.db.models.functions import Greatest, Least

from catalog.models import Decision, Match, Track
from catalog.models.match import MatchQuerySet
from catalog.selectors import inherited
from catalog.selectors.remembered import remembered_count

Pair = tuple[int, int]
_Matches = TypeVar("_Matches", bound=MatchQuerySet)
COUNTED = "open-pairs"  # what the count is remembered as
SHOWN_EARLIER = 5
_STEP = 100
COUNT_LIMIT = 10_000  # past this the page says "10,000 or more": an exact number helps nobody


def ordered(one: int, other: int) -> Pair:
    """Return two track ids in the order of a decision."""
    return (one, other) if one < other else (other, one)


def open_matches() -> MatchQuerySet:
    """Return the matches whose pair waits for a decision."""
    return still_open(Match.objects.all())


def still_open(matches: _Matches) -> _Matches:
    """Leave the matches whose pair waits: duplicates of present tracks, no standing decision on them or their files."""
    of_same_files = (~Exists(decided) for decided in inherited.of_same_files())
    return matches.of_present_tracks().undecided().filter(*of_same_files, verdict=Match.Verdict.DUPLICATE)


def of_heard_tracks(matches: MatchQuerySet) -> MatchQuerySet:
    """Leave out matches of clients' fingerprints that nobody confirmed."""
    for side in ("query_track", "reference_track"):
        made = f"{side}__client_fingerprint"
        matches = matches.exclude(**{f"{made}__isnull": False, f"{made}__confirmed_at": None})
    return matches


def open_count() -> int:
    """Count the pairs that wait, up to `COUNT_LIMIT`; a large count may be some seconds old."""
    return remembered_count(COUNTED, _count_open)


def _count_open() -> int:
    """Look at so many matches at most: several of one pair are few, and going through all costs seconds."""
    first, second = Least("query_track_id", "reference_track_id"), Greatest("query_track_id", "reference_track_id")
    looked_at = open_matches().order_by().values("pk")[: 2 * COUNT_LIMIT]
    pairs = Match.objects.filter(pk__in=looked_at).order_by().values_list(first, second).distinct()
    return pairs[:COUNT_LIMIT].count()


def next_pairs(*, skipped: Iterable[Pair] = (), limit: int = 2) -> list[Pair]:
    """Return the oldest pairs that wait, without those in `skipped`.

    It walks the matches from the oldest in short steps and stops at the last pair wanted: grouping or sorting all of
    them would take seconds for a hundred thousand.
    """
    left_out, found, last = set(skipped), list[Pair](), 0
    waiting = open_matches().order_by("pk").values_list("pk", "query_track_id", "reference_track_id")
    while len(found) < limit:
        step = list(waiting.filter(pk__gt=last)[:_STEP])
        for _, one, other in step:
            pair = ordered(one, other)
            if pair not in left_out and len(found) < limit:
                found.append(pair)
                left_out.add(pair)
        if len(step) < _STEP:
            break
        last = step[-1][0]
    return found


@dataclass(frozen=True)
class PairOnReview:
    """Two tracks side by side: A was checked, B was found. The decisions in `earlier` were undone."""

    match: Match
    a: Track
    b: Track
    decision: Decision | None
    inherited: Decision | None
    earlier: list[Decision]

    @property
    def pair(self) -> Pair:
        """The two ids in a decision's order."""
        return ordered(self.a.pk, self.b.pk)


def best_match(pair: Pair) -> Match | None:
    """Return the closest match between two tracks, whichever was checked; None if there is none."""
    first, second = pair
    return (
        Match.objects.filter(
            Q(query_track=first, reference_track=second) | Q(query_track=second, reference_track=first)
        )
        .select_related("query_track__audio_file", "reference_track__audio_file", "job", "query_track__owner")
        .select_related("query_track__client_fingerprint", "reference_track__client_fingerprint")
        .closest_first()
        .first()
    )


def on_review(match: Match) -> PairOnReview:
    """Return a match's pair as the comparison shows it."""
    first, second = ordered(match.query_track_id, match.reference_track_id)
    told = Decision.objects.filter(first_track=first, second_track=second).select_related(
        "decided_by", "rule", "keeper", "first_track", "second_track"
    )
    newest = list(told[: 1 + SHOWN_EARLIER])
    standing = next((decision for decision in newest if decision.undone_at is None), None)
    return PairOnReview(
        match=match,
        a=match.query_track,
        b=match.reference_track,
        decision=standing,
        inherited=None if standing else inherited.inherited(match),
        earlier=[decision for decision in newest if decision.undone_at],
    )


def last_decision_of(user_id: int) -> Decision | None:
    """Return the newest standing decision of a person, which Undo undoes."""
    return (
        Decision.objects.filter(decided_by=user_id, undone_at=None)
        .select_related("first_track", "second_track")
        .order_by("-pk")
        .first()
    )
