"""Allow-lists: what is on one is noted and not queued, in the review and among the uses."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from catalog.models import Decision, Match
from catalog.rules.guards import CONFLICT
from catalog.rules.switching import make_rule
from catalog.selectors.review import open_count
from catalog.selectors.uses import open_mix_count, uses_of
from catalog.services.errors import CatalogError
from tests.catalog.rules.conftest import Making, after_check, decided, done, reason
from tests.rows import make_copy, make_match, make_track

DECOMPOSED = "Bjo\u0308rk & Söhne"


@pytest.mark.parametrize(
    ("listed", "of_track"),
    [
        ({"of": "account", "value": "OWNER"}, {}),
        ({"of": "artist", "value": "björk & söhne"}, {"artist": DECOMPOSED}),
        ({"of": "album", "value": "Sample Pack 7"}, {"album": "sample pack 7"}),
        ({"of": "label", "value": "Blue"}, {"tags": {"publisher": "Blue"}}),
        ({"of": "label", "value": "Blue"}, {"tags": {"LABEL": "blue"}}),
        ({"of": "tag", "tag": "Pack", "value": "Drums"}, {"tags": {"pack": "DRUMS"}}),
    ],
)
def test_what_is_on_the_list_does_not_wait(
    owner: User, rule_on: Making, listed: dict[str, Any], of_track: dict[str, Any]
) -> None:
    rule = rule_on("allowed", takes_conflicts=True, **listed)
    match = make_copy(make_track(owner), make_track(owner, **of_track))
    after_check(match)
    decision = decided(match)
    assert decision
    assert (decision.verdict, decision.keeper, decision.rule, decision.words) == (
        "allowed", None, rule, "allowed, keep both",
    )  # fmt: skip
    assert open_count() == 0
    assert Match.objects.count() == 1


def test_what_is_not_on_it_waits(owner: User, rule_on: Making) -> None:
    rule = rule_on("allowed", of="album", value="Sample Pack 7")
    match = make_copy(make_track(owner, album="Sample Pack 70"), make_track(owner, artist="Sample Pack 7"))
    after_check(match)
    assert decided(match) is None
    assert reason(rule, match) == ""


def test_a_sample_in_a_song_is_no_use_to_settle(owner: User, outsider: User, rule_on: Making) -> None:
    """Another account's song uses it: that is no conflict, as a use is no copy."""
    rule = rule_on("allowed", of="label", value="Loops")
    song, sample = make_track(outsider), make_track(owner, artist="", tags={"label": "Loops"})
    for _ in range(2):  # checked twice: noted once
        match = make_match(song, sample, verdict="contains", query_coverage=0.1, reference_coverage=1.0)
        after_check(match)
    assert Decision.objects.count() == 1
    assert open_mix_count() == 0
    [use] = uses_of(song)
    assert use.decision
    assert use.decision.rule == rule


def test_uses_are_looked_at_once_in_a_run(owner: User, staff: User, rule_on: Making) -> None:
    song, sample = make_track(owner), make_track(owner, album="Loops")
    for _ in range(3):
        make_match(song, sample, verdict="contains", query_coverage=0.1, reference_coverage=1.0)
    make_match(song, sample, relation="contains", query_coverage=0.3, reference_coverage=1.0)
    rule = rule_on("allowed", of="album", value="Loops")
    run = done(rule, staff, is_try=True)
    assert (run.looked_at, run.decided) == (1, 1)
    assert done(rule, staff, is_try=False).decided == 1


def test_a_copy_under_another_name_is_left_to_people(owner: User, outsider: User, rule_on: Making) -> None:
    rule = rule_on("allowed", of="account", value="owner")
    match = make_copy(make_track(outsider), make_track(owner))
    assert reason(rule, match) == CONFLICT


@pytest.mark.parametrize(
    "values",
    [{}, {"of": "artist"}, {"value": "x"}, {"of": "tag", "value": "x"}, {"of": "artist", "tag": "t", "value": "x"}],
)
def test_a_list_of_nothing_is_refused(staff: User, values: dict[str, str]) -> None:
    with pytest.raises(CatalogError):
        make_rule(kind="allowed", made_by=staff, **values)


def test_the_same_rule_twice_is_refused(staff: User) -> None:
    make_rule(kind="identical", made_by=staff)
    with pytest.raises(CatalogError):
        make_rule(kind="identical", made_by=staff)
    make_rule(kind="identical", made_by=staff, takes_conflicts=True)
