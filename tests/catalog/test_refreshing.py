"""A change of the engine's parameters: old fingerprints are not compared, and are made anew in the background."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils.html import escape
from django_q.models import OrmQ

from catalog.engine import Fingerprinter
from catalog.models import Fingerprint, IndexOperation, Job, Track
from catalog.selectors.overview import indexed_count
from catalog.services.audio.analysis import fingerprint_of
from catalog.services.index.searching import CaughtUpIndex
from catalog.services.tasks import accepting, refreshing, work
from catalog.services.tracks.removal import remove_track, restore_track, take_out_of_index
from tests.rows import stored_path


@pytest.fixture
def outdated(add_track: Callable[..., Track], battle: Path) -> Track:
    """A track that another version of the engine put in the index."""
    track = add_track(battle)
    work.run(accepting.accept_job(track=track, owner=track.owner, task_name=Job.Name.ADD).pk)
    Fingerprint.objects.update(version="0")
    IndexOperation.objects.update(version="0")
    return track


def is_found(track: Track) -> bool:
    """Tell whether a fresh index finds the track by its own fingerprint."""
    return any(match.is_duplicate for match in CaughtUpIndex().search(fingerprint_of(track), exclude=(), limit=1))


@pytest.mark.slow
def test_old_version_is_not_compared(outdated: Track, battle: Path) -> None:
    assert list(refreshing.outdated_tracks()) == [outdated]
    assert not CaughtUpIndex().search(Fingerprinter().fingerprint(battle), exclude=(), limit=1)


@pytest.mark.slow
def test_refresh_puts_it_back(outdated: Track) -> None:
    assert refreshing.refresh(track_id=outdated.pk)
    assert list(refreshing.outdated_tracks()) == []
    assert is_found(outdated)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_command_asks_the_workers(outdated: Track, drain: Callable[[], int]) -> None:
    output = io.StringIO()
    call_command("refresh_fingerprints", stdout=output, stderr=io.StringIO())
    assert "1 tracks were out of date" in output.getvalue()
    drain()
    assert is_found(outdated)


@pytest.mark.slow
@pytest.mark.parametrize("refreshed_meanwhile", [False, True])
@pytest.mark.django_db(transaction=True)
def test_a_track_that_is_restored_after_the_change_is_put_back(
    outdated: Track, drain: Callable[[], int], refreshed_meanwhile: bool
) -> None:
    """By the restoring itself where the command has gone over the others already, and by the command before that."""
    remove_track(track=outdated)
    assert list(refreshing.outdated_tracks()) == []
    assert restore_track(track=outdated)
    if refreshed_meanwhile:
        drain()
    else:
        OrmQ.objects.all().delete()
        assert list(refreshing.outdated_tracks()) == [outdated]
        assert refreshing.refresh(track_id=outdated.pk)
    assert list(refreshing.outdated_tracks()) == []
    assert is_found(outdated)


@pytest.mark.slow
@pytest.mark.parametrize("is_removed_between", [False, True])
@pytest.mark.django_db(transaction=True)
def test_what_its_owner_took_out_of_the_index_stays_out(
    outdated: Track, drain: Callable[[], int], is_removed_between: bool
) -> None:
    assert take_out_of_index(track=outdated)
    assert not take_out_of_index(track=outdated)
    assert indexed_count() == 0
    if is_removed_between:
        remove_track(track=outdated)
        assert restore_track(track=outdated)
    call_command("refresh_fingerprints", stdout=io.StringIO(), stderr=io.StringIO())
    drain()
    assert not is_found(outdated)
    work.run(accepting.accept_job(track=outdated, owner=outdated.owner, task_name=Job.Name.ADD).pk)
    assert is_found(outdated)
    assert indexed_count() == 1


@pytest.mark.slow
def test_what_is_taken_out_while_a_worker_refreshes_it_stays_out(outdated: Track) -> None:
    remove_track(track=outdated)
    restore_track(track=outdated)
    take_out_of_index(track=outdated)
    assert not refreshing.refresh(track_id=outdated.pk)
    assert not is_found(outdated)


@pytest.mark.slow
def test_staff_see_which_track_has_no_new_fingerprint_and_why(outdated: Track, desk: Client) -> None:
    kept = stored_path(outdated).read_bytes()
    stored_path(outdated).write_bytes(b"no audio")
    assert not refreshing.refresh(track_id=outdated.pk)
    outdated.refresh_from_db()
    assert outdated.refresh_error
    page = desk.get(outdated.get_absolute_url()).content.decode()
    assert "No check finds this track." in page
    assert escape(outdated.refresh_error) in page
    overview = desk.get("/admin/").content.decode()
    assert "track without a new fingerprint" in " ".join(overview.split())
    link = "/admin/catalog/track/?indexed=not-refreshed"
    assert link in overview
    assert outdated.title in desk.get(link).content.decode()
    stored_path(outdated).write_bytes(kept)
    assert refreshing.refresh(track_id=outdated.pk)
    assert "No check finds this track." not in desk.get(outdated.get_absolute_url()).content.decode()
    assert "need-refresh" not in desk.get("/admin/").content.decode()
    assert outdated.title not in desk.get(link).content.decode()


def test_removed_track_is_left_alone(outdated: Track) -> None:
    Track.objects.filter(pk=outdated.pk).update(removed_at=outdated.created_at)
    assert not refreshing.refresh(track_id=outdated.pk)
    assert list(refreshing.outdated_tracks()) == []
