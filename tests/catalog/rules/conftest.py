"""Rules that are on, and pairs that wait."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from catalog.models import Decision, Match, Rule, RuleRun, Track
from catalog.rules.acting import look
from catalog.rules.after_check import act_on_new
from catalog.rules.runs import start_run, sweep_runs
from catalog.rules.switching import make_rule
from tests.rows import make_audio_file, make_copy, make_track

Making = Callable[..., Rule]
DIGEST = "a" * 32


@pytest.fixture
def rule_on(staff: User) -> Making:
    """Make a rule that is on, without the try before it."""

    def make(kind: str, **values: Any) -> Rule:
        rule = make_rule(kind=kind, made_by=staff, **values)
        Rule.objects.filter(pk=rule.pk).update(is_on=True, switched_by=staff, switched_at=timezone.now())
        rule.refresh_from_db()
        return rule

    return make


def same_samples(owner: User, *, digest: str = DIGEST, **values: Any) -> Track:
    """Store a track with a file of its own that holds the samples of `digest`."""
    return make_track(owner, audio_file=make_audio_file(samples_digest=digest), **values)


def twins(owner: User, *, digest: str = DIGEST) -> Match:
    """Store two tracks with the same audio, and the match between them."""
    older, newer = same_samples(owner, digest=digest), same_samples(owner, digest=digest)
    return make_copy(newer, older, relation="identical")


def after_check(*matches: Match) -> None:
    """Do what is done where a check has stored its matches."""
    act_on_new(list(matches))


def decided(match: Match) -> Decision | None:
    """Return what stands about the pair of a match."""
    first, second = sorted((match.query_track_id, match.reference_track_id))
    return Decision.objects.filter(first_track=first, second_track=second, undone_at=None).first()


def reason(rule: Rule, match: Match) -> str:
    """Return why a rule leaves a pair to people; empty where it is not about it or decides it."""
    return next(iter(look(rule, [match.pk]).left), "")


def sweep_all() -> None:
    """Let the sweeper go on with all runs to their end, however slow the machine is."""
    while RuleRun.objects.filter(ended_at=None).exists():
        sweep_runs()


def done(rule: Rule, by: User, *, is_try: bool) -> RuleRun:
    """Let a rule look at all that waits, to its end."""
    run = start_run(rule=rule, asked_by=by, is_try=is_try)
    sweep_all()
    run.refresh_from_db()
    return run
