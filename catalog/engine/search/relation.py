"""What a query and a reference are to each other, by the shares of their sounding parts that a match explains."""

from dataclasses import dataclass, replace

from catalog.engine.match import RELATIONS, TWIN_SCORE, Match, Relation, Verdict
from catalog.engine.search.sound import Sound
from catalog.engine.verification.limits import LIMITS


@dataclass(frozen=True)
class Shares:
    """``whole``: of what sounds of either side, from which a match explains all of it; ``joined``: of a query that
    contains all of a reference, from which it is a copy with something joined to it."""

    whole: float = LIMITS.whole_share
    joined: float = LIMITS.joined_share


def related(match: Match, query: Sound, reference: Sound, shares: Shares) -> Match:
    """The match with its shares, its relation and what follows for the verdict."""
    asked = query.covered([(one.query_start_s, one.query_end_s) for one in match.segments])
    held = reference.covered([(one.reference_start_s, one.reference_end_s) for one in match.segments])
    relation = (
        relation_of(asked, held, shares)
        if match.verdict != "none"
        else "related"
        if match.is_another_performance
        else "none"
    )
    return replace(
        match,
        query_coverage=asked,
        reference_coverage=held,
        relation=relation,
        verdict=verdict_of(relation, asked, shares),
    )


def relation_of(asked: float, held: float, shares: Shares) -> Relation:
    """By the shares of query and reference."""
    if asked >= shares.whole:
        return "same" if held >= shares.whole else "excerpt"
    return "contains" if held >= shares.whole else "overlap"


def verdict_of(relation: Relation, asked: float, shares: Shares) -> Verdict:
    """Whether the query is a copy, holds some of the reference, or neither. ``asked``: the query's share."""
    if relation in ("none", "related"):
        return "none"
    joined = relation == "contains" and asked >= shares.joined
    return "duplicate" if relation in ("identical", "same", "excerpt") or joined else "contains"


def closeness(match: Match) -> tuple[int, float, float, int]:
    """The key that sorts matches: the closest relation, the larger of the smaller shares, the score, the oldest."""
    smaller = min(match.query_coverage, match.reference_coverage) if match.verdict != "none" else 0.0
    score = min(match.score, TWIN_SCORE)
    return RELATIONS.index(match.relation), -round(smaller, 2), -score, match.track_id
