"""A new copy of a recording that somebody has decided about inherits the decision."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from catalog.models import Decision, Match, Track
from catalog.rules.families import NOT_DIRECT, NOTHING_FOLLOWS
from catalog.rules.guards import CONFLICT
from catalog.rules.proposals import DECIDED_OTHERWISE, TWO_FAMILIES
from catalog.services.decisions import decide
from tests.catalog.rules.conftest import Making, after_check, decided, reason
from tests.rows import make_copy, make_track


class Family:
    """A track to keep, a copy and a version of it, as a person decided; and a new track that a check found in it."""

    def __init__(self, owner: User, staff: User) -> None:
        self.owner, self.staff = owner, staff
        self.root, self.copy, self.version, self.new = (make_track(owner) for _ in range(4))
        decide(one=self.root, other=self.copy, verdict="same", keeper=self.root, decided_by=staff)
        decide(one=self.root, other=self.version, verdict="version", keeper=None, decided_by=staff)

    def found(self, **values: Any) -> dict[str, Match]:
        """Store that a check of the new track found all of them; `values` are of the match with the root."""
        return {
            "root": make_copy(self.new, self.root, **values),
            "copy": make_copy(self.new, self.copy),
            "version": make_copy(self.new, self.version, query_coverage=0.9),
        }


@pytest.fixture
def family(owner: User, staff: User) -> Family:
    """A family, and a new track."""
    return Family(owner, staff)


def said(match: Match) -> tuple[str, Track | None] | None:
    """Return what was decided about a match's pair, and which is kept."""
    decision = decided(match)
    return (decision.verdict, decision.keeper) if decision else None


def test_all_pairs_of_a_new_copy_follow_and_are_undone_together(family: Family, rule_on: Making) -> None:
    rule_on("family")
    found = family.found()
    after_check(*found.values())
    assert {name: said(match) for name, match in found.items()} == {
        "root": ("same", family.root), "copy": ("same", None), "version": ("version", None),
    }  # fmt: skip
    made = Decision.objects.filter(rule__isnull=False)
    assert len({decision.batch for decision in made}) == 1


def test_a_persons_word_about_one_pair_ends_all_that_was_inherited(family: Family, rule_on: Making) -> None:
    """Or the new track would be another one than the root, and the same as its copies."""
    rule_on("family")
    found = family.found()
    after_check(*found.values())
    decide(one=family.new, other=family.root, verdict="different", keeper=None, decided_by=family.staff)
    assert {name: said(match) for name, match in found.items()} == {
        "root": ("different", None), "copy": None, "version": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    "values",
    [
        {"score": 19.9},
        {"relation": "excerpt"},
        {"tempo_ratio": 1.02},
        {"pitch_semitones": 0.5},
        {"similarity": 0.6},
        {"edit": "cut"},
    ],
)
def test_a_doubtful_match_with_the_root_decides_nothing(
    family: Family, rule_on: Making, values: dict[str, Any]
) -> None:
    rule = rule_on("family")
    found = family.found(**values)
    after_check(*found.values())
    assert not Decision.objects.filter(rule__isnull=False).exists()
    assert reason(rule, found["copy"]) == NOT_DIRECT


def test_the_limit_is_a_setting(family: Family, rule_on: Making, settings: Settings) -> None:
    rule_on("family")
    settings.RULE_LEAST_SCORE = 50.0  # type: ignore[attr-defined]
    found = family.found()
    after_check(*found.values())
    assert said(found["root"]) is None
    settings.RULE_LEAST_SCORE = 40.0  # type: ignore[attr-defined]
    after_check(*found.values())
    assert said(found["root"]) == ("same", family.root)


def test_a_match_with_another_copy_alone_is_not_enough(family: Family, rule_on: Making) -> None:
    rule = rule_on("family")
    match = make_copy(family.new, family.copy)
    after_check(match)
    assert decided(match) is None
    assert reason(rule, match) == NOT_DIRECT


def test_a_family_that_only_rules_made_passes_nothing_on(owner: User, rule_on: Making) -> None:
    rule = rule_on("family")
    root, copy, new = (make_track(owner) for _ in range(3))
    make_copy(copy, root)
    Decision.objects.create(first_track=root, second_track=copy, verdict="same", keeper=root, rule=rule)
    match = make_copy(new, root)
    after_check(match)
    assert decided(match) is None


def test_a_keeper_that_was_given_up_passes_nothing_on(family: Family, rule_on: Making) -> None:
    rule_on("family")
    better = make_track(family.owner)
    decide(one=better, other=family.root, verdict="same", keeper=better, decided_by=family.staff)
    found = family.found()
    after_check(*found.values())
    assert said(found["root"]) is None
    match = make_copy(family.new, better)
    after_check(match, *found.values())
    assert said(match) == ("same", better)
    assert said(found["root"]) == ("same", None)


def test_two_families_are_left_to_people(family: Family, rule_on: Making) -> None:
    rule = rule_on("family")
    other = Family(family.owner, family.staff)
    matches = [
        make_copy(family.new, family.root),
        make_copy(family.new, other.root),
        make_copy(other.root, family.root),
    ]
    after_check(*matches)
    assert [decided(match) for match in matches] == [None] * 3
    assert {reason(rule, match) for match in matches} == {TWO_FAMILIES}


def test_two_versions_follow_from_nothing(family: Family, rule_on: Making) -> None:
    rule = rule_on("family")
    live = make_track(family.owner)
    decide(one=family.root, other=live, verdict="version", keeper=None, decided_by=family.staff)
    match = make_copy(live, family.version)
    assert reason(rule, match) == NOTHING_FOLLOWS


@pytest.mark.parametrize(("about", "why"), [("root", NOT_DIRECT), ("copy", DECIDED_OTHERWISE)])
def test_what_a_person_refused_is_not_joined(family: Family, rule_on: Making, about: str, why: str) -> None:
    rule = rule_on("family")
    decide(one=family.new, other=getattr(family, about), verdict="different", keeper=None, decided_by=family.staff)
    found = family.found()
    after_check(*found.values())
    assert not Decision.objects.filter(rule__isnull=False).exists()
    assert reason(rule, found["version"]) == why


def test_a_conflict_with_the_root_keeps_all_of_it_for_people(family: Family, outsider: User, rule_on: Making) -> None:
    rule = rule_on("family")
    family.new.owner = outsider
    family.new.save()
    found = family.found()
    after_check(*found.values())
    assert not Decision.objects.filter(rule__isnull=False).exists()
    assert reason(rule, found["root"]) == CONFLICT


def test_new_copies_of_each_other_follow_too(family: Family, rule_on: Making) -> None:
    """Two new tracks, each found to be the root's copy: in one run as in two."""
    rule_on("family")
    newer = make_track(family.owner)
    matches = [make_copy(family.new, family.root), make_copy(newer, family.root), make_copy(newer, family.new)]
    after_check(*matches)
    assert [said(match) for match in matches] == [("same", family.root)] * 2 + [("same", None)]
