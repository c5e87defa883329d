"""What a rule does: it looks at waiting pairs, proposes decisions and, if it is on, makes them.

A try and a run look at the same pairs in the same way; a try stores nothing.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import structlog
from django.db.models import Exists, OuterRef, Q

from catalog.models import Decision, Match, Rule
from catalog.models.match import MatchQuerySet
from catalog.rules import allowed, families, identical
from catalog.rules.guards import left_to_people
from catalog.rules.proposals import Judged, Proposal
from catalog.selectors.uses import HOLDING
from catalog.selectors.waiting_pairs import waiting_pairs

_PROPOSE: dict[Rule.Kind, Callable[[Rule, list[Match]], Judged]] = {
    Rule.Kind.ALLOWED: allowed.propose,
    Rule.Kind.IDENTICAL: identical.propose,
    Rule.Kind.FAMILY: families.propose,
}
_RELATIONS = {Rule.Kind.IDENTICAL: identical.RELATIONS, Rule.Kind.FAMILY: families.RELATIONS}
log = structlog.get_logger(__name__)


@dataclass
class Look:
    """What a rule would do about some pairs: its proposals, and how many pairs it leaves to people, by reason."""

    looked_at: int = 0
    proposals: list[Proposal] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)


def concerning(rule: Rule) -> MatchQuerySet:
    """Return the matches that a rule looks at: of undecided pairs, with the relations that it is about."""
    matches = Match.objects.undecided().of_present_tracks()
    relations = _RELATIONS.get(Rule.Kind(rule.kind))
    if relations:
        return matches.filter(verdict=Match.Verdict.DUPLICATE, relation__in=relations)
    return matches.filter(Q(verdict=Match.Verdict.DUPLICATE) | Q(relation__in=HOLDING))


def look(rule: Rule, keys: Collection[int]) -> Look:
    """Return what a rule would do about the pairs of some matches, each pair once."""
    matches = _waiting(rule, keys)
    judged = _PROPOSE[Rule.Kind(rule.kind)](rule, matches)
    found = Look(looked_at=len(matches))
    left = left_to_people(rule, [match for match in matches if match.pk in judged])
    for match in matches:
        said = left.get(match.pk) or judged.get(match.pk)
        if isinstance(said, Proposal):
            found.proposals.append(said)
        elif said:
            found.left[said] += 1
    return found


def _waiting(rule: Rule, keys: Collection[int]) -> list[Match]:
    """Return the matches by which pairs wait for the review, and for an allow-list those of the queue of uses too."""
    some = (
        Match.objects.filter(pk__in=keys).with_tracks().select_related("query_track__owner", "reference_track__owner")
    )
    matches = list(waiting_pairs(some).order_by("pk"))
    if rule.kind != Rule.Kind.ALLOWED:
        return matches
    return matches + list(_uses(some).order_by("pk"))


def _uses(matches: MatchQuerySet) -> MatchQuerySet:
    """Return the newest use of each pair that waits in the queue of uses, and not in the review as well."""
    same_pair = Q(query_track=OuterRef("query_track"), reference_track=OuterRef("reference_track")) | Q(
        query_track=OuterRef("reference_track"), reference_track=OuterRef("query_track")
    )
    others = Match.objects.filter(same_pair).order_by()
    newer = others.filter(Q(pk__gt=OuterRef("pk"), relation__in=HOLDING) | Q(verdict=Match.Verdict.DUPLICATE))
    return matches.undecided().of_present_tracks().filter(~Exists(newer), relation__in=HOLDING)


def store(rule: Rule, proposals: list[Proposal]) -> int:
    """Store what a rule proposes, and return about how many decisions; call it in a transaction.

    What somebody decides at the same moment stands: a pair has one decision. Decisions about one checked track by its
    family are undone together.
    """
    together = {one.match.query_track_id: uuid.uuid4() for one in proposals} if rule.kind == Rule.Kind.FAMILY else {}
    rows = [_row(rule, one, together.get(one.match.query_track_id)) for one in proposals]
    rows.sort(key=lambda row: (row.first_track_id, row.second_track_id))  # in one order, so that none waits in a circle
    Decision.objects.bulk_create(rows, ignore_conflicts=True)
    stored = Decision.objects.filter(rule=rule, match__in=[one.match.pk for one in proposals], undone_at=None).count()
    if stored:
        log.info("rule_decided", rule=rule.pk, kind=rule.kind, pairs=stored)
    return stored


def _row(rule: Rule, proposal: Proposal, batch: uuid.UUID | None) -> Decision:
    first, second = proposal.pair
    return Decision(
        first_track_id=first,
        second_track_id=second,
        verdict=proposal.verdict,
        keeper_id=proposal.keeper,
        rule=rule,
        match=proposal.match,
        batch=batch,
    )
