"""Rules in words: what each does, its state, and the result of a run."""

from django.conf import settings
from django.utils.safestring import SafeString

from catalog.models import Decision, Rule, RuleRun
from catalog.rules.guards import CONFLICT
from catalog.rules.reading import Shown
from staff import display

_DOES = {
    Rule.Kind.IDENTICAL: (
        "Two tracks with the same audio are the same recording. The one that somebody has decided about is kept; else "
        "the one that was in the catalog first."
    ),
    Rule.Kind.FAMILY: (
        "A track that matches the track to keep of a decided recording, unaltered and with a score of at least "
        "{score}, is the same recording. The track to keep stays."
    ),
    Rule.Kind.ALLOWED: (
        "The rule keeps a match out of the review if one of its two tracks has the {listed} “{value}”. Both are kept."
    ),
}


def rule_sentence(rule: Rule) -> str:
    """Return what a rule does in plain sentences."""
    does = _DOES[Rule.Kind(rule.kind)].format(
        score=display.figure(settings.RULE_LEAST_SCORE), listed=rule.listed, value=rule.value
    )
    conflicts = "decided too" if rule.takes_conflicts else "left to people"
    return f"{does} Pairs whose {CONFLICT} are {conflicts}."


def rule_name(rule: Rule) -> str:
    """Return the name of a rule as a title."""
    return f"Allow-list: {rule}" if rule.kind == Rule.Kind.ALLOWED else str(rule).capitalize()


def rule_badge(rule: Rule) -> SafeString:
    """Return whether a rule is on, as a badge."""
    return display.badge("good", "toggle_on", "on") if rule.is_on else display.badge("off", "toggle_off", "off")


def run_words(run: RuleRun) -> str:
    """Return the result of a run so far."""
    pairs = display.counted(run.decided, "pair")
    of_all = f"of the {display.number(run.looked_at)} pairs that it looked at"
    if run.is_try:
        return f"The rule would decide {pairs} {of_all}. Nothing is decided yet."
    return f"The rule decided {pairs} {of_all}."


def verdict_words(shown: Shown) -> str:
    """Return the decision about a pair: `the same recording, keep B`."""
    said = Decision.Verdict(shown.verdict).label
    sides = {shown.match.query_track_id: ", keep A", shown.match.reference_track_id: ", keep B"}
    return f"{said}{sides.get(shown.keeper or 0, '')}"
