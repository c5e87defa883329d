"""What no rule does: over a person's word, against an undo, where somebody has the pair in hand, about a conflict."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError

from catalog.models import ClientFingerprint, Decision, Match, Track
from catalog.rules import acting
from catalog.rules import after_check as acts
from catalog.rules.acting import look, store
from catalog.rules.guards import CONFLICT, IN_HAND, TAKEN_BACK
from catalog.rules.reading import EVER
from catalog.services.decisions import decide, undo, undo_of_rule
from catalog.services.pair_care import assign, write_note
from catalog.services.tracks.removal import remove_track
from tests.catalog.rules.conftest import Making, after_check, decided, reason, twins


def test_a_persons_decision_stands(owner: User, staff: User, rule_on: Making) -> None:
    """Also one that is made while the rule looks."""
    rule = rule_on("identical")
    match = twins(owner)
    proposals = look(rule, [match.pk]).proposals
    assert len(proposals) == 1
    decision = decide(
        one=match.query_track, other=match.reference_track, verdict="different", keeper=None, decided_by=staff
    )
    assert store(rule, proposals) == 0
    after_check(match)
    assert Decision.objects.get() == decision


def test_a_persons_word_comes_before_a_rules(owner: User, staff: User, rule_on: Making) -> None:
    rule_on("identical")
    match = twins(owner)
    after_check(match)
    decide(one=match.query_track, other=match.reference_track, verdict="version", keeper=None, decided_by=staff)
    standing = decided(match)
    assert standing
    assert (standing.verdict, standing.author) == ("version", "staff")
    assert Decision.objects.get(rule__isnull=False).undone_at


def one_by_one(decision: Decision) -> None:
    undo(decision=decision)


def all_at_once(decision: Decision) -> None:
    assert decision.rule
    undo_of_rule(rule=decision.rule, since=EVER)


@pytest.mark.parametrize("taking_back", [one_by_one, all_at_once])
def test_an_undo_is_respected(owner: User, rule_on: Making, taking_back: Callable[[Decision], None]) -> None:
    rule = rule_on("identical")
    match = twins(owner)
    after_check(match)
    taking_back(Decision.objects.get())
    after_check(match)
    assert decided(match) is None
    assert reason(rule, match) == TAKEN_BACK


@pytest.mark.parametrize("kind", ["given", "noted"])
def test_what_somebody_has_in_hand_is_left(owner: User, staff: User, rule_on: Making, kind: str) -> None:
    rule = rule_on("identical")
    match = twins(owner)
    pair = (match.reference_track_id, match.query_track_id)
    if kind == "given":
        assign(pair=pair, to=staff)
    else:
        write_note(pair=pair, text="Listen to the end.", author=staff)
    assert reason(rule, match) == IN_HAND


@pytest.mark.parametrize("field", ["isrc", "artist", "owner"])
def test_conflicts_are_left_to_people(owner: User, outsider: User, rule_on: Making, field: str) -> None:
    rule, bold = rule_on("identical"), rule_on("identical", takes_conflicts=True)
    match = twins(owner)
    named = {"isrc": ("USABC1234567", "GBXYZ7654321"), "artist": ("Björk", "Nobody"), "owner": (owner, outsider)}
    for track, value in zip((match.query_track, match.reference_track), named[field], strict=True):
        setattr(track, field, value)
        track.save()
    assert reason(rule, match) == CONFLICT
    assert len(look(bold, [match.pk]).proposals) == 1


def test_what_a_client_says_is_left_to_people(owner: User, rule_on: Making) -> None:
    rule = rule_on("allowed", of="account", value="owner")
    match = twins(owner)
    Track.objects.filter(pk=match.query_track_id).update(audio_file=None)
    ClientFingerprint.objects.create(track=match.query_track, version="1", data=b"x", size_bytes=1, duration_s=30.0)
    assert "nobody confirmed it" in reason(rule, match)


def test_what_does_not_wait_is_not_looked_at(owner: User, rule_on: Making) -> None:
    rule = rule_on("identical")
    match = twins(owner)
    remove_track(track=match.query_track)
    assert look(rule, [match.pk]).looked_at == 0


def test_a_rule_that_fails_ends_no_check(owner: User, rule_on: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, works = rule_on("family"), rule_on("identical")
    match = twins(owner)

    def fails(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setitem(acting._PROPOSE, broken.kind, fails)
    after_check(match)
    assert Decision.objects.get().rule == works


def test_a_database_in_trouble_is_the_checks_trouble(
    owner: User, rule_on: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the matches would be stored, and what the rule makes of them lost."""
    rule_on("identical")
    match = twins(owner)

    def fails(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(acts, "look", fails)
    with pytest.raises(OperationalError):
        after_check(match)


def test_an_allow_list_comes_first(owner: User, rule_on: Making) -> None:
    rule_on("identical")
    rule_on("allowed", of="account", value="owner")
    match = twins(owner)
    after_check(match)
    assert Match.objects.count() == 1
    assert Decision.objects.get().verdict == "allowed"
