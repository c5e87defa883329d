"""Identical files are decided by themselves, and never against a person."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from catalog.models import Decision, Job, Match, Track
from catalog.rules.identical import NOT_COMPARED
from catalog.rules.proposals import DECIDED_OTHERWISE, TWO_FAMILIES
from catalog.scans.starting import start_scan
from catalog.services.decisions import decide
from catalog.services.tasks import work
from catalog.services.tasks.accepting import accept_job
from catalog.services.tracks.families import families_of
from tests.alterations import sound, write
from tests.catalog.rules.conftest import Making, after_check, decided, reason, same_samples, twins
from tests.rows import make_copy, make_track


def test_the_older_one_is_kept(owner: User, rule_on: Making) -> None:
    rule = rule_on("identical")
    match, other = twins(owner), make_copy(make_track(owner), make_track(owner))
    after_check(match, other)
    decision = decided(match)
    assert decision
    assert (decision.verdict, decision.keeper, decision.rule, decision.match) == (
        "same", match.reference_track, rule, match,
    )  # fmt: skip
    assert (decision.decided_by, decision.author) == (None, "Rule: identical files")
    assert decided(other) is None


def test_a_rule_that_is_off_does_nothing(owner: User, rule_on: Making) -> None:
    rule = rule_on("identical")
    rule.is_on = False
    rule.save()
    match = twins(owner)
    after_check(match)
    assert decided(match) is None


@pytest.mark.parametrize("digests", [("", ""), ("a" * 32, "b" * 32), ("a" * 32, "")])
def test_an_equal_fingerprint_alone_is_not_enough(owner: User, rule_on: Making, digests: tuple[str, str]) -> None:
    older, newer = (same_samples(owner, digest=digest) for digest in digests)
    match = make_copy(newer, older, relation="identical")
    assert reason(rule_on("identical"), match) == NOT_COMPARED


def test_the_same_file_is_the_same_audio(owner: User, rule_on: Making) -> None:
    rule_on("identical")
    older = make_track(owner)
    match = make_copy(make_track(owner, audio_file=older.audio_file), older, relation="identical")
    after_check(match)
    assert decided(match)


def test_what_a_person_keeps_stays_kept(owner: User, staff: User, rule_on: Making) -> None:
    """An older file with the audio of a track that somebody chose: that track stays the one to keep."""
    older, chosen = same_samples(owner), same_samples(owner)
    lost = make_track(owner)
    decide(one=chosen, other=lost, verdict="same", keeper=chosen, decided_by=staff)
    rule_on("identical")
    match = make_copy(chosen, older, relation="identical")
    after_check(match)
    decision = decided(match)
    assert decision
    assert decision.keeper == chosen
    assert families_of([lost.pk])[lost.pk].keeper == chosen.pk


def test_two_families_are_left_to_people(owner: User, staff: User, rule_on: Making) -> None:
    """Also where a third file, that nobody decided about, has the audio of both."""
    rule = rule_on("identical")
    one, other, third = (same_samples(owner) for _ in range(3))
    for track in (one, other):
        decide(one=track, other=make_track(owner), verdict="same", keeper=track, decided_by=staff)
    matches = [make_copy(*pair, relation="identical") for pair in ((other, one), (third, one), (third, other))]
    assert {reason(rule, match) for match in matches} == {TWO_FAMILIES}
    after_check(*matches)
    assert [decided(match) for match in matches] == [None] * 3


def test_what_a_person_refused_is_not_joined(owner: User, staff: User, rule_on: Making) -> None:
    rule = rule_on("identical")
    match = twins(owner)
    kept, refused = match.reference_track, make_track(owner)
    decide(one=kept, other=refused, verdict="same", keeper=kept, decided_by=staff)
    decide(one=match.query_track, other=refused, verdict="different", keeper=None, decided_by=staff)
    assert reason(rule, match) == DECIDED_OTHERWISE


def test_three_of_a_kind_have_one_to_keep(owner: User, rule_on: Making) -> None:
    rule_on("identical")
    first, second, third = (same_samples(owner) for _ in range(3))
    for pair in ((second, first), (third, first), (third, second)):
        after_check(make_copy(*pair, relation="identical"))
    assert Decision.objects.count() == 3
    assert families_of([third.pk])[third.pk].keeper == first.pk


@pytest.fixture
def copy_in_flac(add_track: Callable[..., Track], battle: Path, tmp_path: Path) -> tuple[Track, Track]:
    """A recording as WAV, in the index, and the same samples as FLAC."""
    samples = sound(battle)
    wav = add_track(write(tmp_path / "first.wav", samples, codec="pcm_s16le"))
    flac = add_track(write(tmp_path / "again.flac", samples, codec="flac"))
    work.run(accept_job(track=wav, owner=wav.owner, task_name=Job.Name.ADD).pk)
    return wav, flac


@pytest.mark.slow
def test_a_real_check_decides_once_with_its_matches(copy_in_flac: tuple[Track, Track], rule_on: Making) -> None:
    rule_on("identical")
    wav, flac = copy_in_flac
    job = accept_job(track=flac, owner=flac.owner, task_name=Job.Name.CHECK)
    for _ in range(2):  # the queue delivers at least once
        work.run(job.pk)
    match = Match.objects.get()
    assert match.relation == "identical"
    decision = Decision.objects.get()
    assert (decision.verdict, decision.keeper, decision.match) == ("same", wav, match)
    job.refresh_from_db()
    assert job.result["matched_music_id"] == str(wav.music_id), "the answer is the same with rules and without"


@pytest.mark.slow
def test_what_is_lost_with_its_check_is_not_decided(
    copy_in_flac: tuple[Track, Track], rule_on: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's lease is gone when it ends: neither its matches nor what a rule made of them stay."""
    rule_on("identical")
    job = accept_job(track=copy_in_flac[1], owner=copy_in_flac[1].owner, task_name=Job.Name.CHECK)
    monkeypatch.setattr("catalog.services.tasks.leasing.end_in_success", lambda *_, **__: False)
    work.run(job.pk)
    assert not Match.objects.exists()
    assert not Decision.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_real_scan_decides(
    copy_in_flac: tuple[Track, Track], rule_on: Making, staff: User, drain: Callable[[], int]
) -> None:
    rule_on("identical")
    start_scan(started_by=staff)
    drain()
    assert Decision.objects.get().keeper == copy_in_flac[0]
