"""Index files: a new process starts from the newest whole generation, and from the database where there is none."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.engine import IndexUnavailable
from catalog.engine.index import manifest
from catalog.models import Job, Track
from catalog.services.audio.analysis import fingerprint_of
from catalog.services.index import of_account, searching
from catalog.services.index import status as index_status
from catalog.services.index.searching import CaughtUpIndex
from catalog.services.tasks import accepting, work
from catalog.services.tracks import removal
from tests.commands import said
from tests.indexed import found
from tests.some import some

pytestmark = pytest.mark.slow


def test_new_process_reads_the_file_then_what_came_after(
    indexed: Callable[[Path], Track], battle: Path, forest: Path
) -> None:
    first = indexed(battle)
    CaughtUpIndex().compact()
    second = indexed(forest)
    assert index_status.behind() == 1
    fresh = CaughtUpIndex()
    assert found(fresh, second) == [second.pk]
    assert found(fresh, first) == [first.pk]
    assert fresh.applied_sequence == 2


def test_running_process_takes_a_newer_generation(
    indexed: Callable[[Path], Track], recordings: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    running = CaughtUpIndex()
    first = indexed(recordings[0])
    assert found(running, first) == [first.pk]
    added = [indexed(path) for path in recordings[1:4]]
    CaughtUpIndex().compact()
    monkeypatch.setattr(searching, "fingerprints_of", searching.fingerprints_of)  # only pictures are read from here on
    monkeypatch.setattr(searching, "_operations", pytest.fail)
    for track in [first, *added]:
        assert found(running, track) == [track.pk]


def test_all_files_gone_is_made_anew_from_the_database(
    indexed: Callable[[Path], Track], battle: Path, index_folder: Path
) -> None:
    track = indexed(battle)
    CaughtUpIndex().compact()
    for path in index_folder.iterdir():
        path.unlink()
    assert found(CaughtUpIndex(), track) == [track.pk]


def test_other_layout_is_made_anew(
    indexed: Callable[[Path], Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    track = indexed(battle)
    CaughtUpIndex().compact()
    monkeypatch.setattr(manifest, "LAYOUT_VERSION", 99)
    assert index_status.behind() == 1
    assert found(CaughtUpIndex(), track) == [track.pk]


def test_worker_far_behind_waits_for_the_rebuild_and_loses_nothing(
    indexed: Callable[[Path], Track], recordings: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    added = [indexed(path) for path in recordings[:3]]
    job = accepting.accept_job(track=added[0], owner=added[0].owner, task_name=Job.Name.CHECK)
    monkeypatch.setattr(of_account, "process_index", CaughtUpIndex(most_behind=2))
    work.run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempts) == ("pending", 0)
    with pytest.raises(IndexUnavailable):
        CaughtUpIndex(most_behind=2).search(fingerprint_of(added[0]), exclude=(), limit=1)
    monkeypatch.setattr(searching, "REBUILD_FROM", 0)
    said("index", "compact")
    work.run(job.pk)
    job.refresh_from_db()
    assert job.status == "success"


def test_removed_track_is_in_no_process_any_more(indexed: Callable[[Path], Track], battle: Path, forest: Path) -> None:
    track, other = indexed(battle), indexed(forest)
    fingerprint = fingerprint_of(track)
    CaughtUpIndex().compact()
    processes = [CaughtUpIndex(), CaughtUpIndex()]
    assert all(found(index, track) for index in some(processes))
    removal.remove_track(track=track)
    assert not any(index.search(fingerprint, exclude=(), limit=5) for index in some([*processes, CaughtUpIndex()]))
    assert found(processes[0], other) == [other.pk]


def test_manifest_is_plain_json(indexed: Callable[[Path], Track], battle: Path, index_folder: Path) -> None:
    indexed(battle)
    CaughtUpIndex().compact()
    stored = json.loads(next(index_folder.glob("*.json")).read_text())
    assert stored["generation"]["sequence"] == 1
