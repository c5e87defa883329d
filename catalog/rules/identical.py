"""Two tracks with the same decoded audio are the same recording."""

from collections import defaultdict

from django.db.models import Q, QuerySet

from catalog.models import AudioFile, Decision, Match, Rule
from catalog.rules.proposals import DECIDED_OTHERWISE, TWO_FAMILIES, Judged, Proposal, ends_of, pair_of
from catalog.selectors.keeper import suggest_keeper
from catalog.selectors.review import Pair
from catalog.services.tracks.families import Family, families_of

RELATIONS = (Match.Relation.IDENTICAL,)
NOT_COMPARED = "the samples of the two were not compared"
Homes = defaultdict[int, set[frozenset[int]]]


def propose(rule: Rule, matches: list[Match]) -> Judged:  # noqa: ARG001  (each kind of rule is asked alike)
    """Propose which track to keep: the one that a person has decided about, else the older one."""
    ids = ends_of(matches)
    others = _identical_to(ids)
    settled = _settled(ids.union(*others.values()) if others else ids)
    families = families_of(settled)
    homes: Homes = defaultdict(set)
    for track_id in ids:
        near = {track_id, *others[track_id]} & families.keys()
        homes[track_id] = {families[other].copies for other in near}
    refused = _refused(ids)
    return {match.pk: _judge(match, homes, families, refused) for match in matches}


def _judge(match: Match, homes: Homes, families: dict[int, Family], refused: dict[int, set[int]]) -> Proposal | str:
    first, second = pair_of(match)
    if not _is_same_audio(match.query_track.audio_file, match.reference_track.audio_file):
        return NOT_COMPARED
    joined = homes[first] | homes[second]
    if len(joined) > 1:
        return TWO_FAMILIES
    if any(family & (refused[first] | refused[second]) for family in joined):
        return DECIDED_OTHERWISE
    if joined:
        return Proposal(match, Decision.Verdict.SAME, _kept_of((first, second), families))
    return _by_suggestion(match)


def _kept_of(pair: Pair, families: dict[int, Family]) -> int | None:
    """Return the one that is in the family already; of two that are in it the family's own, or none."""
    known = [track_id for track_id in pair if track_id in families]
    if len(known) < len(pair):
        return known[0] if known else None
    keeper = families[pair[0]].keeper
    return keeper if keeper in pair else None


def _by_suggestion(match: Match) -> Proposal | str:
    suggestion = suggest_keeper(match)
    kept = {"a": match.query_track_id, "b": match.reference_track_id}.get(suggestion.side)
    return Proposal(match, Decision.Verdict.SAME, kept) if kept else f"no track to keep: {suggestion.words}"


def _is_same_audio(one: AudioFile | None, other: AudioFile | None) -> bool:
    """Tell whether two files hold the same samples; an equal fingerprint alone does not show it."""
    if one is None or other is None:
        return False
    return one.pk == other.pk or one.samples_digest == other.samples_digest != ""


def _identical_to(ids: set[int]) -> defaultdict[int, set[int]]:
    """Return with what each of some tracks was found to be identical, by whichever check, decided or not."""
    either = Q(query_track__in=ids) | Q(reference_track__in=ids)
    rows = Match.objects.filter(either, relation=Match.Relation.IDENTICAL).order_by()
    found: defaultdict[int, set[int]] = defaultdict(set)
    for one, other in rows.values_list("query_track_id", "reference_track_id"):
        found[one].add(other)
        found[other].add(one)
    return found


def _settled(ids: set[int]) -> set[int]:
    """Return those of some tracks that a person called the same recording as another one."""
    rows = _by_people(ids).filter(verdict=Decision.Verdict.SAME)
    return {end for pair in rows.values_list("first_track_id", "second_track_id") for end in pair} & ids


def _refused(ids: set[int]) -> defaultdict[int, set[int]]:
    """Return of which tracks a person said that they are no copies of some."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for first, second in (
        _by_people(ids).exclude(verdict=Decision.Verdict.SAME).values_list("first_track_id", "second_track_id")
    ):
        found[first].add(second)
        found[second].add(first)
    return found


def _by_people(ids: set[int]) -> QuerySet[Decision]:
    either = Q(first_track__in=ids) | Q(second_track__in=ids)
    return Decision.objects.filter(either, undone_at=None, decided_by__isnull=False).order_by()
