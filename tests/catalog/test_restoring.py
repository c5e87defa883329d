"""Brought back into the index is what was in it, as it was, and nothing else."""

from collections.abc import Callable
from pathlib import Path

from django.contrib.auth.models import User

from catalog.models import Fingerprint, IndexOperation, Track
from catalog.services.index import log
from catalog.services.tracks.removal import remove_track, restore_track
from tests.rows import make_track


def brought_back(track: Track) -> int | None:
    """Remove a track, bring it back, and return its place in the index."""
    assert remove_track(track=track)
    assert restore_track(track=track)
    return log.place_of(track.pk)


def test_track_that_was_in_the_index_is_in_it_again(indexed: Callable[[Path], Track], battle: Path) -> None:
    assert brought_back(indexed(battle)) == 3


def test_track_that_was_only_checked_is_not_put_in(indexed: Callable[[Path], Track], battle: Path) -> None:
    track = indexed(battle)
    IndexOperation.objects.all().delete()
    assert brought_back(track) is None
    assert not IndexOperation.objects.exists()


def test_track_without_a_fingerprint_of_today_is_not_said_to_be_in(
    indexed: Callable[[Path], Track], battle: Path
) -> None:
    track = indexed(battle)
    Fingerprint.objects.update(version="of another engine")
    assert brought_back(track) is None


def test_track_that_is_in_no_index_leaves_no_word_when_it_goes(owner: User) -> None:
    assert remove_track(track=make_track(owner))
    assert not IndexOperation.objects.exists()
