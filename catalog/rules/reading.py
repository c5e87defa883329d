"""What the pages of rules show: how many pairs each decided lately, its last run, and its log."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from catalog.models import Decision, Match, Rule, RuleRun

SHOWN_ENTRIES = 50
EVER = datetime(2000, 1, 1, tzinfo=UTC)
# How far back a rule can be undone from its page.
MOMENTS = {
    "1": "the last hour",
    "24": "the last day",
    "168": "the last 7 days",
    "720": "the last 30 days",
    "all": "all the time",
}


def with_counts(rules: QuerySet[Rule]) -> QuerySet[Rule]:
    """Annotate `week` and `month`: how many pairs a rule decided in 7 and in 30 days, undone ones too."""
    return rules.annotate(week=_decided_in(days=7), month=_decided_in(days=30))


def _decided_in(*, days: int) -> Coalesce:
    since = timezone.now() - timedelta(days=days)
    decided = Decision.objects.filter(rule=OuterRef("pk"), decided_at__gte=since).order_by()
    return Coalesce(Subquery(decided.values("rule").annotate(count=Count("pk")).values("count")), 0)


def since_of(moment: str) -> datetime:
    """Return the time from which on a choice of `MOMENTS` counts."""
    return EVER if moment == "all" else timezone.now() - timedelta(hours=int(moment))


@dataclass(frozen=True)
class Shown:
    """One pair that a run decided or would decide."""

    match: Match
    verdict: str
    keeper: int | None


@dataclass(frozen=True)
class RulePage:
    """A rule with its last run, the run's first pairs, and the newest entries of its log."""

    rule: Any  # a Rule with its counts
    run: RuleRun | None
    examples: list[Shown]
    may_be_switched_on: bool
    entries: list[Decision]
    standing: dict[str, int]  # by the moments of MOMENTS how many decisions still stand


def rule_page(rule_id: int) -> RulePage | None:
    """Return what the page of a rule shows; None if there is no such rule."""
    rule = with_counts(Rule.objects.select_related("made_by", "switched_by")).filter(pk=rule_id).first()
    if rule is None:
        return None
    runs = RuleRun.objects.filter(rule=rule)
    run = runs.select_related("asked_by", "stopped_by").first()
    tracks = ("first_track", "second_track", "keeper", "container")
    entries = Decision.objects.filter(rule=rule).select_related(*tracks).order_by("-decided_at", "-pk")
    return RulePage(
        rule=rule,
        run=run,
        examples=_examples(run) if run else [],
        may_be_switched_on=not rule.is_on and was_tried(rule),
        entries=list(entries[:SHOWN_ENTRIES]),
        standing=_standing(rule),
    )


def was_tried(rule: Rule) -> bool:
    """Tell whether a try of the rule ran to its end."""
    return rule.runs.filter(is_try=True, ended_at__isnull=False, stopped_by=None, error="").exists()


def _standing(rule: Rule) -> dict[str, int]:
    decisions = Decision.objects.filter(rule=rule, undone_at=None).order_by()
    since = {f"since_{moment}": Q(decided_at__gte=since_of(moment)) for moment in MOMENTS}
    counts = decisions.aggregate(**{name: Count("pk", filter=test) for name, test in since.items()})
    return {name.removeprefix("since_"): count for name, count in counts.items() if count}


def _examples(run: RuleRun) -> list[Shown]:
    matches = Match.objects.filter(pk__in=[one["match"] for one in run.examples]).with_tracks().in_bulk()
    known = [one for one in run.examples if one["match"] in matches]
    return [Shown(matches[one["match"]], one["verdict"], one["keeper"]) for one in known]
