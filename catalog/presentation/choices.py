"""The decisions that a pair's page offers, in an order that suits the relation of the two tracks."""

from dataclasses import dataclass

from catalog.models import Match
from catalog.selectors.keeper import Suggestion


@dataclass(frozen=True)
class Choice:
    """One button: the form's value, its key, its words, a reason below them, and whether it is the likely one."""

    value: str
    key: str
    words: str
    reason: str = ""
    is_likely: bool = False


def choices_of(match: Match, suggestion: Suggestion) -> list[Choice]:
    """Return the buttons of a match's pair."""
    keeps = [_keep("b", "B", suggestion), _keep("a", "A", suggestion)]
    version, different = (
        Choice("version", "V", "Keep both", "another version"),
        Choice("different", "N", "Not a duplicate"),
    )
    if match.relation == Match.Relation.RELATED:
        return [Choice("version", "V", "Keep both", "another version", is_likely=True), different, *keeps]
    if match.relation == Match.Relation.OVERLAP:
        return [_likely_use(match), version, different, *keeps]
    if match.relation == Match.Relation.CONTAINS:
        return [*keeps, _used("b", "I"), version, different]
    if match.relation == Match.Relation.EXCERPT:
        return [*keeps, _used("a", "I"), version, different]
    return [*keeps, version, different]


def _keep(side: str, key: str, suggestion: Suggestion) -> Choice:
    is_suggested = suggestion.side == side
    reason = suggestion.words if is_suggested else ""
    return Choice(f"keep_{side}", key, f"Same, keep {side.upper()}", reason, is_likely=is_suggested)


def _used(side: str, key: str, *, is_likely: bool = False) -> Choice:
    other = "A" if side == "b" else "B"
    return Choice(f"used_{side}", key, f"{side.upper()} is used in {other}", "keep both", is_likely=is_likely)


def _likely_use(match: Match) -> Choice:
    """Return that the shorter one of both is used in the longer one."""
    a, b = match.query_track.length_s, match.reference_track.length_s
    return _used("a" if a and b and a < b else "b", "I", is_likely=True)
