"""A change of the engine's parameters: old fingerprints are not compared, and are made anew in the background."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command

from catalog.engine import Fingerprinter
from catalog.models import Fingerprint, IndexOperation, Job, Track
from catalog.services.audio.analysis import fingerprint_of
from catalog.services.index.searching import CaughtUpIndex
from catalog.services.tasks import accepting, refreshing, work


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


def test_old_version_is_not_compared(outdated: Track, battle: Path) -> None:
    assert list(refreshing.outdated_tracks()) == [outdated]
    assert not CaughtUpIndex().search(Fingerprinter().fingerprint(battle), exclude=(), limit=1)


def test_refresh_puts_it_back(outdated: Track) -> None:
    assert refreshing.refresh(track_id=outdated.pk)
    assert list(refreshing.outdated_tracks()) == []
    assert is_found(outdated)


@pytest.mark.django_db(transaction=True)
def test_command_asks_the_workers(outdated: Track, drain: Callable[[], int]) -> None:
    output = io.StringIO()
    call_command("refresh_fingerprints", stdout=output, stderr=io.StringIO())
    assert "1 tracks were out of date" in output.getvalue()
    drain()
    assert is_found(outdated)


def test_removed_track_is_left_alone(outdated: Track) -> None:
    Track.objects.filter(pk=outdated.pk).update(removed_at=outdated.created_at)
    assert not refreshing.refresh(track_id=outdated.pk)
    assert list(refreshing.outdated_tracks()) == []
