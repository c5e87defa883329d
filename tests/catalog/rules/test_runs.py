"""A rule over all that waits: a try decides nothing and says what would be, and a run goes on where it was."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from catalog.models import Decision, Match, Rule, RuleRun
from catalog.rules import runs
from catalog.rules.acting import Look, look
from catalog.rules.reading import rule_page, since_of
from catalog.rules.runs import start_run, stop_run, sweep_runs
from catalog.rules.switching import make_rule, switch_off, switch_on
from catalog.services.decisions import undo_of_rule
from catalog.services.errors import CatalogError
from queueing.chunked_work import LOST
from queueing.retrying import MOST_TRIES
from tests.catalog.rules.conftest import Making, decided, done, sweep_all, twins
from tests.rows import make_copy, make_track

MANY = 7


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several chunks for a few pairs."""
    monkeypatch.setattr(runs, "CHUNK", 2)


@pytest.fixture
def waiting(owner: User, outsider: User) -> list[Match]:
    """Pairs with the same audio, one of them of two accounts; and a pair that the rule is not about."""
    matches = [twins(owner, digest=f"{number:032}") for number in range(MANY)]
    other = matches[3].query_track
    other.owner = outsider
    other.save()
    make_copy(make_track(owner), make_track(owner))
    return matches


def test_a_try_is_what_a_run_does_without_the_decisions(waiting: list[Match], staff: User, rule_on: Making) -> None:
    rule = rule_on("identical")
    tried = done(rule, staff, is_try=True)
    assert not Decision.objects.exists()
    assert (tried.looked_at, tried.decided, tried.left) == (MANY, MANY - 1, {"ISRC, artist or account differ": 1})
    real = done(rule, staff, is_try=False)
    assert (real.looked_at, real.decided, real.left, real.examples) == (
        tried.looked_at, tried.decided, tried.left, tried.examples,
    )  # fmt: skip
    assert Decision.objects.filter(rule=rule).count() == MANY - 1
    assert real.done_match == real.last_match == Match.objects.latest("pk").pk
    again = done(rule, staff, is_try=False)
    assert (again.looked_at, again.decided) == (1, 0)


def test_the_first_pairs_are_kept(
    waiting: list[Match], staff: User, rule_on: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "EXAMPLES_KEPT", 3)
    rule = rule_on("identical")
    done(rule, staff, is_try=True)
    page = rule_page(rule.pk)
    assert page
    assert [shown.match for shown in page.examples] == waiting[:3]
    assert [shown.keeper for shown in page.examples] == [match.reference_track_id for match in waiting[:3]]


def test_switched_on_only_after_a_try(staff: User, waiting: list[Match]) -> None:
    rule = make_rule(kind="identical", made_by=staff)
    with pytest.raises(CatalogError, match="Try the rule first"):
        switch_on(rule=rule, by=staff)
    start_run(rule=rule, asked_by=staff, is_try=True)
    stop_run(rule=rule, stopped_by=staff)
    with pytest.raises(CatalogError, match="Try the rule first"):
        switch_on(rule=rule, by=staff)
    done(rule, staff, is_try=True)
    assert switch_on(rule=rule, by=staff)
    assert not switch_on(rule=rule, by=staff)
    rule.refresh_from_db()
    assert (rule.is_on, rule.switched_by) == (True, staff)


def test_a_rule_that_is_off_runs_over_nothing(staff: User, waiting: list[Match], rule_on: Making) -> None:
    rule = rule_on("identical")
    run = start_run(rule=rule, asked_by=staff, is_try=False)
    switch_off(rule=rule, by=staff)
    sweep_runs()
    run.refresh_from_db()
    assert run.ended_at
    assert not Decision.objects.exists()
    with pytest.raises(CatalogError, match="is off"):
        start_run(rule=rule, asked_by=staff, is_try=False)


def test_one_run_at_a_time(staff: User, waiting: list[Match], rule_on: Making) -> None:
    rule = rule_on("identical")
    start_run(rule=rule, asked_by=staff, is_try=True)
    with pytest.raises(CatalogError, match="already"):
        start_run(rule=rule, asked_by=staff, is_try=False)
    assert stop_run(rule=rule, stopped_by=staff)
    assert not stop_run(rule=rule, stopped_by=staff)
    start_run(rule=rule, asked_by=staff, is_try=False)


def test_a_sweeper_that_died_is_followed_by_another(
    staff: User, waiting: list[Match], rule_on: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = rule_on("identical")
    run = start_run(rule=rule, asked_by=staff, is_try=False)
    monkeypatch.setattr(runs, "SWEEP_S", 0.0)
    sweep_runs()
    run.refresh_from_db()
    assert (run.looked_at, run.ended_at) == (2, None)
    held = RuleRun.objects.filter(pk=run.pk)
    held.update(lease_token="6f1c6060-ad44-4ba3-aeda-1bdb848d06cf", lease_until=timezone.now() + timedelta(seconds=30))
    assert sweep_runs() == 0, "another sweeper has it"
    held.update(lease_until=timezone.now() - timedelta(seconds=1))
    while RuleRun.objects.filter(ended_at=None).exists():
        sweep_runs()
    run.refresh_from_db()
    assert (run.looked_at, run.decided) == (MANY, MANY - 1)


def test_a_chunk_that_fails_is_tried_again_and_given_up_in_the_end(
    staff: User, waiting: list[Match], rule_on: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start_run(rule=rule_on("identical"), asked_by=staff, is_try=False)

    def fails(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(runs, "look", fails)
    for _ in range(MOST_TRIES):
        assert RuleRun.objects.filter(ended_at=None).exists()
        sweep_runs()
        RuleRun.objects.update(lease_until=None)
    run.refresh_from_db()
    assert run.ended_at
    assert "the disk is full" in run.error


def test_a_rule_is_undone_since_a_moment(
    staff: User, waiting: list[Match], rule_on: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = rule_on("identical")
    done(rule, staff, is_try=False)
    old = Decision.objects.order_by("pk").values("pk")[:2]
    Decision.objects.filter(pk__in=list(old.values_list("pk", flat=True))).update(
        decided_at=timezone.now() - timedelta(days=2)
    )
    monkeypatch.setattr("catalog.services.decisions.UNDONE_AT_ONCE", 3)
    page = rule_page(rule.pk)
    assert page
    assert (page.standing["24"], page.standing["168"], page.rule.week) == (MANY - 3, MANY - 1, MANY - 1)
    assert undo_of_rule(rule=rule, since=since_of("24")) == MANY - 3
    assert undo_of_rule(rule=rule, since=since_of("24")) == 0
    assert Decision.objects.filter(undone_at=None).count() == 2
    assert undo_of_rule(rule=rule, since=since_of("all")) == 2
    assert Rule.objects.get().is_on, "switching it off is another thing"


def test_what_is_stopped_meanwhile_decides_nothing_more(
    staff: User, waiting: list[Match], rule_on: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even the pairs that the sweeper had looked at when somebody pressed Stop."""
    rule = rule_on("identical")
    start_run(rule=rule, asked_by=staff, is_try=False)

    def looks_and_is_stopped(*args: Any) -> Look:
        found = look(*args)
        stop_run(rule=rule, stopped_by=staff)
        return found

    monkeypatch.setattr(runs, "look", looks_and_is_stopped)
    sweep_runs()
    assert RuleRun.objects.get().ended_at
    assert not Decision.objects.exists()


def test_a_run_is_about_what_waited_when_it_began(
    staff: User, waiting: list[Match], rule_on: Making, owner: User
) -> None:
    rule = rule_on("identical")
    start_run(rule=rule, asked_by=staff, is_try=False)
    later = twins(owner, digest="f" * 32)
    sweep_all()
    assert Decision.objects.filter(rule=rule).count() == MANY - 1
    assert decided(later) is None


def test_a_run_that_ends_every_sweeper_is_given_up(staff: User, waiting: list[Match], rule_on: Making) -> None:
    run = start_run(rule=rule_on("identical"), asked_by=staff, is_try=False)
    RuleRun.objects.update(tries=MOST_TRIES)  # each try is counted before it begins, and none came to its end
    assert sweep_runs() == 0
    run.refresh_from_db()
    assert (run.error, bool(run.ended_at)) == (LOST, True)
    assert not Decision.objects.exists()
