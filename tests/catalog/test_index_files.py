"""Index files: a new process starts from the newest whole generation, and from the database where there is none."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from catalog.engine.embedded import EmbeddedIndex
from catalog.models import IndexOperation, Job, Track
from catalog.services import index_files, work
from catalog.services.analysis import fingerprint_of
from catalog.services.searching import CaughtUpIndex


@pytest.fixture
def own_folder(settings: Settings) -> Path:
    """Return where this test's generations are."""
    return Path(settings.INDEX_DIR)


@pytest.fixture
def indexed(add_track: Callable[..., Track]) -> Callable[[Path], Track]:
    """Take a file into the catalog and the index."""

    def add(path: Path) -> Track:
        track = add_track(path)
        work.run(work.jobs.accept_job(track=track, owner=track.owner, task_name=Job.Name.ADD).pk)
        return track

    return add


def found(index: CaughtUpIndex, track: Track) -> list[int]:
    """Return the ids that the index finds for a track's own fingerprint."""
    return [match.track_id for match in index.search(fingerprint_of(track), exclude=(), limit=5) if match.is_duplicate]


def standing_at(sequence: int) -> EmbeddedIndex:
    """Return an empty index that has seen the log up to `sequence`."""
    index = EmbeddedIndex()
    index.rebuild([], sequence=sequence, expected=0)
    return index


def test_new_process_reads_the_file_then_what_came_after(
    indexed: Callable[[Path], Track], battle: Path, forest: Path
) -> None:
    first = indexed(battle)
    assert CaughtUpIndex().checkpoint() == 1
    second = indexed(forest)
    fresh = CaughtUpIndex()
    assert found(fresh, second) == [second.pk]
    assert found(fresh, first) == [first.pk]
    assert fresh.applied_sequence == 2


@pytest.mark.parametrize("damage", ["cut", "emptied", "removed", "manifest"])
def test_damaged_file_falls_back(indexed: Callable[[Path], Track], battle: Path, own_folder: Path, damage: str) -> None:
    track = indexed(battle)
    CaughtUpIndex().checkpoint()
    data = next(own_folder.glob("*.index"))
    if damage == "cut":
        data.write_bytes(data.read_bytes()[:-10])
    elif damage == "emptied":
        data.write_bytes(b"")
    elif damage == "removed":
        data.unlink()
    else:
        next(own_folder.glob("*.json")).write_text("{", encoding="utf-8")
    assert found(CaughtUpIndex(), track) == [track.pk]


def test_two_generations_are_kept(indexed: Callable[[Path], Track], recordings: list[Path], own_folder: Path) -> None:
    for path in recordings[:3]:
        indexed(path)
        CaughtUpIndex().checkpoint()
    assert len(list(own_folder.glob("*.index"))) == index_files.GENERATIONS_KEPT
    assert index_files.newest_sequence() == 3


def test_file_ahead_of_the_log_is_not_read(indexed: Callable[[Path], Track], battle: Path) -> None:
    """As after restoring an older backup: reading it would hide tracks."""
    track = indexed(battle)
    index_files.write(standing_at(99))
    assert found(CaughtUpIndex(), track) == [track.pk]


def test_file_of_another_log_is_not_read(indexed: Callable[[Path], Track], battle: Path) -> None:
    """As where the database was made anew and its log has grown past the file."""
    track = indexed(battle)
    index_files.write(standing_at(1))
    IndexOperation.objects.update(created_at=timezone.now())
    assert found(CaughtUpIndex(), track) == [track.pk]


def test_files_of_another_log_make_way(indexed: Callable[[Path], Track], battle: Path, own_folder: Path) -> None:
    """A restored backup's log is shorter: its files must not be dropped in favour of the longer log's."""
    track = indexed(battle)
    for sequence in (98, 99):
        index_files.write(standing_at(sequence))
    CaughtUpIndex().checkpoint()
    assert index_files.newest_sequence() == 1
    assert len(list(own_folder.glob("*.json"))) == 1
    assert found(CaughtUpIndex(), track) == [track.pk]
