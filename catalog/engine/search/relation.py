"""How a query and a reference are related, by the shares of their sounding parts that a match explains."""

from dataclasses import dataclass, replace

from catalog.engine.match import RELATIONS, TWIN_SCORE, Match, Relation, Verdict
from catalog.engine.search.sound import Sound
from catalog.engine.verification.limits import LIMITS


@dataclass(frozen=True)
class Shares:
    """The shares (0 … 1) at which relations begin.

    ``whole``: of what sounds of one side; a match that explains this much explains all of it. ``joined``: of a query
    that contains all of a reference; from here on it is a copy with something joined to it, and below it is a mix.
    """

    whole: float = LIMITS.whole_share
    joined: float = LIMITS.joined_share


def related(match: Match, query: Sound, reference: Sound, shares: Shares) -> Match:
    """The match with the shares of both sides, its relation, and the verdict that follows from it."""
    asked = query.covered([one.query_span_s for one in match.segments])
    held = reference.covered([one.reference_span_s for one in match.segments])
    relation: Relation = "related" if match.is_another_performance else "none"
    if match.verdict != "none":
        relation = relation_of(asked, held, shares)
    verdict = verdict_of(relation, asked, shares)
    return replace(match, query_coverage=asked, reference_coverage=held, relation=relation, verdict=verdict)


def relation_of(asked: float, held: float, shares: Shares) -> Relation:
    """The relation of a believed match: ``asked`` and ``held`` are its shares of query and reference, 0 … 1."""
    if asked >= shares.whole:
        return "same" if held >= shares.whole else "excerpt"
    return "contains" if held >= shares.whole else "overlap"


def verdict_of(relation: Relation, asked: float, shares: Shares) -> Verdict:
    """Whether the query is a copy, contains some of the reference, or neither. ``asked``: the share of the query."""
    if relation in ("none", "related"):
        return "none"
    joined = relation == "contains" and asked >= shares.joined
    return "duplicate" if relation in ("identical", "same", "excerpt") or joined else "contains"


def closeness(match: Match) -> tuple[int, float, float, int]:
    """The key that sorts matches, closest first: by relation, the smaller of both shares, score, and lowest id."""
    smaller = min(match.query_coverage, match.reference_coverage) if match.verdict != "none" else 0.0
    score = min(match.score, TWIN_SCORE)
    return RELATIONS.index(match.relation), -round(smaller, 2), -score, match.track_id
