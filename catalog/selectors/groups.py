"""Groups of copies of one recording, so that all of them can be decided at once.

A group has a reference, and every other member was found to be a copy of that very track: sharing a part with a third
track, such as a mix or a voice over both, does not make two tracks one recording.

A client's fingerprint joins no group until it is confirmed: a false one would join unrelated recordings. Its pairs
wait one by one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from django.db.models import Q

from catalog.models import Match, Track
from catalog.models.match import MatchQuerySet
from catalog.selectors.review import Pair, of_heard_tracks, open_matches, ordered
from catalog.services.tracks.copies_in_mix import share_a_place

MOST_TRACKS = 24  # a page that a person can take in; what is left comes again
MOST_MATCHES = 600
WHOLE = (Match.Relation.IDENTICAL, Match.Relation.SAME)


@dataclass(frozen=True)
class Group:
    """Copies of the first of `tracks`; `matches` holds the closest waiting match of each pair among them."""

    reference_id: int
    tracks: list[Track]
    matches: dict[Pair, Match]
    is_cut: bool

    def direct(self, track: Track) -> Match | None:
        """Return the match between a track and the reference; for the reference itself its closest match."""
        if track.pk == self.reference_id:
            return next((match for pair, match in self.matches.items() if track.pk in pair), None)
        return self.matches.get(ordered(track.pk, self.reference_id))


def group_ids(track_id: int) -> list[int]:
    """Return the ids of a track's group, its reference first, at most `MOST_TRACKS` + 1; one id if nothing waits."""
    reference = _reference_of(track_id)
    found = _copies_of(reference)
    return [reference, *found][: MOST_TRACKS + 1]


def larger_group_ids(one: int, other: int) -> list[int]:
    """Return the ids of the larger of two tracks' groups, its reference first."""
    return max(group_ids(one), group_ids(other), key=len)


def group_of(track_id: int) -> Group:
    """Return the group of a track; without tracks if none of its pairs wait."""
    reached = group_ids(track_id)
    ids, reference = reached[:MOST_TRACKS], reached[0]
    matches: dict[Pair, Match] = {}
    if len(ids) > 1:
        among = _joining().filter(query_track__in=ids, reference_track__in=ids).closest_first()
        for match in among.with_tracks():
            matches.setdefault(ordered(match.query_track_id, match.reference_track_id), match)
    joined = {track_id for pair in matches for track_id in pair}
    tracks = Track.objects.filter(pk__in=joined).select_related("audio_file", "client_fingerprint", "owner")
    by_id = {track.pk: track for track in tracks}
    members = [by_id[pk] for pk in [reference, *sorted(set(by_id) - {reference})] if pk in by_id]
    return Group(reference_id=reference, tracks=members, matches=matches, is_cut=len(reached) > MOST_TRACKS)


def _joining() -> MatchQuerySet:
    """Return waiting matches that may join: of copies that were heard."""
    return of_heard_tracks(open_matches()).filter(relation__in=Match.COPIES)


@dataclass(frozen=True)
class _Found:
    """A match as one of its tracks sees it."""

    other: int
    relation: str
    other_is_query: bool
    start_s: float  # in the reference of the match
    end_s: float


def _found_with(track_id: int) -> list[_Found]:
    """Return what a track was found to be a copy of, and the other way round, each other track once."""
    rows = _joining().filter(Q(query_track=track_id) | Q(reference_track=track_id)).order_by("pk")
    values = rows.values_list(
        "query_track_id", "reference_track_id", "relation", "reference_start_s", "reference_end_s"
    )[:MOST_MATCHES]
    closest: dict[int, _Found] = {}
    for query, reference, relation, start_s, end_s in values:
        other = query if reference == track_id else reference
        found = _Found(other, relation, query == other, start_s, end_s)
        if other not in closest or relation in WHOLE:
            closest[other] = found
    return list(closest.values())


def _reference_of(track_id: int) -> int:
    """Return the track itself, or the one recording that it is an excerpt of."""
    containers = [found.other for found in _found_with(track_id) if _is_container(found)]
    if not containers or not _are_all_joined(containers):
        return track_id
    return min(containers)


def _is_container(found: _Found) -> bool:
    return found.relation == Match.Relation.EXCERPT and not found.other_is_query


def _copies_of(reference: int) -> list[int]:
    """Return the tracks that are the same as a reference, and its excerpts unless it is a mix of several recordings."""
    found = _found_with(reference)
    whole = [one.other for one in found if one.relation in WHOLE]
    excerpts = [one for one in found if one.relation == Match.Relation.EXCERPT and one.other_is_query]
    if _is_mix(excerpts):
        return whole
    return [*whole, *(one.other for one in excerpts)]


def _is_mix(excerpts: list[_Found]) -> bool:
    """Tell whether two excerpts lie at different places and were not found to be one: they may be two recordings."""
    apart = [(one.other, other.other) for one, other in combinations(excerpts, 2) if _are_apart(one, other)]
    return bool(apart) and not _all_joined(apart)


def _are_apart(one: _Found, other: _Found) -> bool:
    return not share_a_place((one.start_s, one.end_s), (other.start_s, other.end_s))


def _are_all_joined(track_ids: list[int]) -> bool:
    return _all_joined(list(combinations(track_ids, 2)))


def _all_joined(pairs: Iterable[Pair]) -> bool:
    """Tell whether each of the pairs was found to be one recording, by whichever check, decided or not."""
    wanted = {ordered(*pair) for pair in pairs}
    ids = {track_id for pair in wanted for track_id in pair}
    rows = Match.objects.filter(relation__in=WHOLE, query_track__in=ids, reference_track__in=ids).order_by()
    joined = {ordered(*pair) for pair in rows.values_list("query_track_id", "reference_track_id")}
    return wanted <= joined
