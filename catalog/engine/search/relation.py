"""What a query and a reference are to each other, by the shares of their sounding parts that a match explains."""

from dataclasses import replace

from catalog.engine.match import RELATIONS, TWIN_SCORE, Match, Relation, Verdict
from catalog.engine.search.sound import Sound
from catalog.engine.verification.limits import LIMITS


def related(match: Match, query: Sound, reference: Sound) -> Match:
    """The match with its shares, its relation and what follows for the verdict."""
    asked = query.covered([(one.query_start_s, one.query_end_s) for one in match.segments])
    held = reference.covered([(one.reference_start_s, one.reference_end_s) for one in match.segments])
    relation = relation_of(asked, held) if match.verdict != "none" else "related" if match.strays else "none"
    return replace(
        match,
        query_coverage=asked,
        reference_coverage=held,
        relation=relation,
        verdict=verdict_of(relation, asked),
    )


def relation_of(asked: float, held: float) -> Relation:
    """By the shares of query and reference."""
    if asked >= LIMITS.whole_share:
        return "same" if held >= LIMITS.whole_share else "excerpt"
    return "contains" if held >= LIMITS.whole_share else "overlap"


def verdict_of(relation: Relation, asked: float) -> Verdict:
    """Whether the query is a copy, holds some of the reference, or neither. ``asked``: the query's share."""
    if relation in ("none", "related"):
        return "none"
    joined = relation == "contains" and asked >= LIMITS.joined_share
    return "duplicate" if relation in ("identical", "same", "excerpt") or joined else "contains"


def closeness(match: Match) -> tuple[int, float, float, int]:
    """The key that sorts matches: the closest relation, the larger of the smaller shares, the score, the oldest."""
    smaller = min(match.query_coverage, match.reference_coverage)
    score = min(match.score, TWIN_SCORE)
    return RELATIONS.index(match.relation), -round(smaller, 2), -score, match.track_id
