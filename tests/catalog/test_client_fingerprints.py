"""Tracks whose fingerprint a client made: found by their own account alone, until staff confirm them."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone
from pytest_django import Settings

from catalog.engine import Fingerprint
from catalog.models import ClientFingerprint, Job, Match, Track
from catalog.services.errors import TrackGoneError, UploadRefusedError
from catalog.services.index import of_account
from catalog.services.index.searching import CaughtUpIndex
from catalog.services.index.verifying import verify
from catalog.services.tasks import accepting, precedence, refreshing, work
from catalog.services.tracks.client_fingerprints import add_client_track, confirm, withdraw
from catalog.services.tracks.removal import purge_removed, remove_track, restore_track
from tests.engine.lies import lies, of_levels
from tests.indexed import fingerprint_at

NOTHING = {"is_duplicate": False, "matched_music_id": None, "matched_musicname": None}


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold no account's index of another test's database."""
    of_account._held.clear()


def done(track: Track, name: str) -> Job:
    """Ask for a task and do it."""
    job = accepting.accept_job(track=track, owner=track.owner, task_name=name)
    work.run(job.pk)
    job.refresh_from_db()
    return job


def checked(track: Track) -> Any:
    """Check a track and return the contract's result."""
    job = done(track, Job.Name.CHECK)
    assert job.status == "success", job.error
    return job.result


def sent(owner: User, of: Path | Fingerprint, title: str = "from home") -> Track:
    """Upload a fingerprint and add it to the index."""
    fingerprint = of if isinstance(of, Fingerprint) else fingerprint_at(of)
    track = add_client_track(owner=owner, data=fingerprint.to_bytes(), title=title)
    assert done(track, Job.Name.ADD).status == "success"
    return track


@pytest.mark.slow
def test_only_its_own_account_finds_it_until_staff_confirm_it(
    owner: User, outsider: User, staff: User, indexed: Callable[[Path], Track], battle: Path
) -> None:
    """`indexed` tracks are the owner's; the fingerprint is the outsider's."""
    of_outsider = sent(outsider, battle)
    again = sent(outsider, battle, "again")
    of_owner = indexed(battle)

    assert checked(of_owner) == NOTHING
    assert checked(again)["matched_music_id"] in {str(of_outsider.music_id), str(of_owner.music_id)}
    assert {match.reference_track for match in Match.objects.filter(query_track=again)} == {of_outsider, of_owner}

    assert confirm(track=of_outsider, by=staff)
    assert not confirm(track=of_outsider, by=staff)
    assert checked(of_owner)["matched_music_id"] == str(of_outsider.music_id)
    assert withdraw(track=of_outsider)
    assert checked(of_owner) == NOTHING


@pytest.mark.slow
def test_a_new_index_holds_what_is_confirmed_and_no_more(
    outsider: User, staff: User, indexed: Callable[[Path], Track], battle: Path, forest: Path
) -> None:
    unconfirmed, confirmed, heard = sent(outsider, battle), sent(outsider, forest), indexed(forest)
    confirm(track=confirmed, by=staff)
    CaughtUpIndex().rebuild()
    index = CaughtUpIndex().opened()
    assert index.census()[0].tolist() == sorted([confirmed.pk, heard.pk])
    problems = [problem for _, found in verify(sample=0, progress=lambda what, *_: what) for problem in found]
    assert problems == []
    assert unconfirmed.pk not in index.census()[0]


@pytest.mark.slow
def test_no_lie_changes_another_accounts_verdict(
    outsider: User, indexed: Callable[[Path], Track], battle: Path, forest: Path
) -> None:
    """Not even by crowding: the liar has a copy of every recording, and eleven things that are none."""
    battle_track, forest_track = indexed(battle), indexed(forest)
    copy = indexed(battle)
    before = [checked(track) for track in (copy, forest_track)]
    matches = list(Match.objects.order_by("pk").values_list("query_track", "reference_track", "score", "verdict"))
    assert before[0]["matched_music_id"] == str(battle_track.music_id)
    assert before[1] == NOTHING

    for of in (battle, forest):
        sent(outsider, of)
        for name, lie in lies(fingerprint_at(of)):
            liar = sent(outsider, lie, name)
            assert done(liar, Job.Name.CHECK).status == "success", name

    Match.objects.filter(query_track__owner=copy.owner).delete()
    assert [checked(track) for track in (copy, forest_track)] == before
    after = Match.objects.filter(query_track__owner=copy.owner).order_by("pk")
    assert list(after.values_list("query_track", "reference_track", "score", "verdict")) == matches
    assert CaughtUpIndex().opened().size().tracks == 3


def test_a_blank_one_ends_well_and_says_so(owner: User) -> None:
    blank = sent(owner, of_levels(np.full((470, 70), 7)))
    job = done(blank, Job.Name.CHECK)
    assert (job.status, job.result) == ("success", NOTHING)
    assert "nothing to compare" in job.note


def test_what_is_kept_are_our_own_bytes(owner: User, battle: Path) -> None:
    fingerprint = fingerprint_at(battle)
    track = add_client_track(owner=owner, data=fingerprint.to_bytes(), title="one\x00\nline")
    kept = ClientFingerprint.objects.get(track=track)
    assert Fingerprint.from_bytes(bytes(kept.data)).digest == fingerprint.digest
    assert (track.title, track.audio_file, kept.confirmed_at) == ("one line", None, None)


def test_refused_in_words_and_nothing_stays(owner: User, battle: Path, settings: Settings) -> None:
    data = fingerprint_at(battle).to_bytes()
    for name, value, words in (
        ("MAX_FINGERPRINT_KB", 1, "larger than the limit of 1 kB"),
        ("MAX_AUDIO_SECONDS", 10, "at most 10 s"),
        ("ACCOUNT_MAX_UNCONFIRMED_HOURS", 0.001, r"the limit is 0\.001"),
    ):
        before = getattr(settings, name)
        setattr(settings, name, value)
        with pytest.raises(UploadRefusedError, match=words):
            add_client_track(owner=owner, data=data, title="x")
        setattr(settings, name, before)
    for wrong in (b"", b"mfp", data[:-1], data[:-1] + b"x"):
        with pytest.raises(UploadRefusedError, match=r"python -m catalog\.engine"):
            add_client_track(owner=owner, data=wrong, title="x")
    assert not Track.objects.exists()


@pytest.mark.slow
def test_its_bytes_count_against_the_quota(owner: User, battle: Path, settings: Settings) -> None:
    data = fingerprint_at(battle).to_bytes()
    settings.ACCOUNT_MAX_MB = 1
    for _ in range(1024 * 1024 // len(data)):
        add_client_track(owner=owner, data=data, title="x")
    with pytest.raises(UploadRefusedError, match="1 MB"):
        add_client_track(owner=owner, data=data, title="x")


def test_a_trusted_account_is_confirmed_at_once(owner: User, battle: Path, settings: Settings) -> None:
    settings.ACCOUNT_MAX_UNCONFIRMED_HOURS = 0
    data = fingerprint_at(battle).to_bytes()
    with pytest.raises(UploadRefusedError, match="not confirmed"):
        add_client_track(owner=owner, data=data, title="x")
    owner.user_permissions.add(Permission.objects.get(codename="upload_confirmed"))
    trusted = User.objects.get(pk=owner.pk)  # permissions are remembered by the object
    assert add_client_track(owner=trusted, data=data, title="x").client_fingerprint.confirmed_at


def test_one_of_other_parameters_says_that_it_is_outdated(owner: User, battle: Path) -> None:
    track = sent(owner, battle)
    ClientFingerprint.objects.update(version="1")
    job = done(track, Job.Name.CHECK)
    assert job.status == "failure"
    assert "made by the client with parameters 1" in job.error
    assert track not in refreshing.outdated_tracks()


@pytest.mark.slow
def test_removed_restored_and_gone_for_good(outsider: User, battle: Path) -> None:
    track, again = sent(outsider, battle), sent(outsider, battle)
    remove_track(track=track)
    assert checked(again) == NOTHING
    assert restore_track(track=track)
    assert checked(again)["matched_music_id"] == str(track.music_id)
    remove_track(track=track)
    assert purge_removed(now=timezone.now() + timedelta(days=365)) == 1
    assert ClientFingerprint.objects.count() == 1
    track.refresh_from_db()
    with pytest.raises(TrackGoneError):
        restore_track(track=track)


def test_a_pair_is_left_to_no_check_that_cannot_find_it(
    outsider: User, indexed: Callable[[Path], Track], battle: Path
) -> None:
    """Beside an account's check of its fingerprint another account checks the same recording, and finds nothing."""
    mine = sent(outsider, battle)
    heard = indexed(battle)
    accepting.accept_job(track=heard, owner=heard.owner, task_name=Job.Name.ADD)
    accepting.accept_job(track=heard, owner=heard.owner, task_name=Job.Name.CHECK)
    job = accepting.accept_job(track=mine, owner=outsider, task_name=Job.Name.CHECK)
    assert precedence.left_to_others(job, found={heard.pk}) == set()
    mine.client_fingerprint.confirmed_at = timezone.now()
    assert precedence.left_to_others(job, found={heard.pk}) == {heard.pk}
