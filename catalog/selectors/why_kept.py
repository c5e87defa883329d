"""Why a track is kept and its copy is not: the decision, and what is known of the two."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import F, Q

from catalog.models import Decision, Match, Track
from catalog.selectors.keeper import Suggestion, suggest_keeper
from catalog.selectors.review import Pair, ordered


@dataclass(frozen=True)
class WhyKept:
    """The decision against a copy, and which of two tracks the review proposes, by their closest stored match.

    `kept` is the track that the proposal is about: the one to keep, else the one that was decided to be kept instead of
    the copy. The proposal is None without a match.
    """

    decision: Decision
    is_direct: bool
    kept: Track | None = None
    side: str = ""
    proposal: Suggestion | None = None

    @property
    def is_against(self) -> bool:
        """Whether the copy is the one that the review proposes to keep."""
        return self.proposal is not None and self.proposal.side not in ("", self.side)

    @property
    def is_about_another(self) -> bool:
        """Whether the proposal is about the track that was decided to be kept, and not about the one to keep."""
        return not self.is_direct and self.kept is not None and self.kept.pk == self.decision.keeper_id

    @property
    def unclear_words(self) -> str:
        """Why the review proposes neither."""
        found = self.proposal or Suggestion("")
        kept = ", ".join(reason for side, reason in found.of_each if side == self.side)
        other = ", ".join(reason for side, reason in found.of_each if side != self.side)
        return f"the kept one: {kept}; the one to remove: {other}" if found.of_each else found.words


def why_kept(keepers: Mapping[int, int]) -> dict[int, WhyKept]:
    """Return, for each copy, why it gives way to the track to keep: `keepers` has the ids of both. Three queries."""
    decisions = _decisions(keepers)
    pairs = {ordered(*pair) for pair in keepers.items()}
    matches = _matches(pairs | {ordered(copy, row.keeper_id or copy) for copy, row in decisions.items()})
    return {copy: _why(copy, keepers[copy], decision, matches) for copy, decision in decisions.items()}


def _why(copy: int, keeper: int, decision: Decision, matches: Mapping[Pair, Match]) -> WhyKept:
    is_direct = decision.keeper_id == keeper
    match = matches.get(ordered(copy, keeper)) or matches.get((decision.first_track_id, decision.second_track_id))
    if match is None:
        return WhyKept(decision, is_direct)
    side, kept = ("b", match.reference_track) if match.query_track_id == copy else ("a", match.query_track)
    return WhyKept(decision, is_direct, kept, side, suggest_keeper(match))


def _decisions(keepers: Mapping[int, int]) -> dict[int, Decision]:
    """Return the decision against each copy: the one about it and the track to keep, else the newest."""
    lost = Q(first_track__in=keepers, keeper=F("second_track")) | Q(second_track__in=keepers, keeper=F("first_track"))
    standing = Decision.objects.filter(lost, verdict=Decision.Verdict.SAME, undone_at=None).order_by("pk")
    found: dict[int, Decision] = {}
    for row in standing.select_related("decided_by", "rule", "keeper"):
        copy = row.loser_id or 0
        if copy not in found or found[copy].keeper_id != keepers[copy]:
            found[copy] = row
    return found


def _matches(pairs: Iterable[Pair]) -> dict[Pair, Match]:
    """Return the closest match of each pair that has one."""
    others: defaultdict[int, list[int]] = defaultdict(list)
    for one, other in pairs:
        others[one].append(other)
    either = Q(pk__in=())
    for one, some in others.items():
        either |= Q(query_track=one, reference_track__in=some) | Q(reference_track=one, query_track__in=some)
    rows = Match.objects.filter(either).with_tracks().closest_of_each_pair()
    return {ordered(row.query_track_id, row.reference_track_id): row for row in rows}
