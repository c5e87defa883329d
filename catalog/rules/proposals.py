"""What a rule proposes about a pair."""

from dataclasses import dataclass

from catalog.models import Match
from catalog.selectors.review import Pair, ordered

TWO_FAMILIES = "the two belong to more than one family"
DECIDED_OTHERWISE = "somebody decided otherwise about another copy of the family"


@dataclass(frozen=True)
class Proposal:
    """A verdict about the pair of a match; for "the same recording" also the track to keep, if the pair has it."""

    match: Match
    verdict: str
    keeper: int | None = None

    @property
    def pair(self) -> Pair:
        """The two ids in a decision's order."""
        return pair_of(self.match)


# By the id of a match: what is decided, or why it is left to people. What the rule is not about is not in it.
Judged = dict[int, "Proposal | str"]


def pair_of(match: Match) -> Pair:
    """Return the ids of a match's tracks in the order of a decision."""
    return ordered(match.query_track_id, match.reference_track_id)


def ends_of(matches: list[Match]) -> set[int]:
    """Return the ids of all tracks of some matches."""
    return {track_id for match in matches for track_id in pair_of(match)}
