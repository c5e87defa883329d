"""Index files: a new process starts from the newest whole generation, and from the database where there is none."""

import contextlib
import hashlib
import io
import json
import os
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import IO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from catalog.engine import IndexBusy, IndexUnavailable
from catalog.engine.index import manifest
from catalog.models import Deployment, Fingerprint, IndexClock, IndexLease, IndexOperation, Job, Track
from catalog.services import housekeeping
from catalog.services.audio.analysis import fingerprint_of
from catalog.services.index import backend, lease, log, of_account, searching
from catalog.services.index import status as index_status
from catalog.services.index.searching import CaughtUpIndex
from catalog.services.tasks import accepting, work
from catalog.services.tracks import removal
from tests.commands import said
from tests.some import some

pytestmark = pytest.mark.slow


@pytest.fixture
def own_folder(settings: Settings) -> Path:
    """Return where this test's generations are."""
    return Path(settings.INDEX_DIR)


def found(index: CaughtUpIndex, track: Track) -> list[int]:
    """Return the ids that the index finds for a track's own fingerprint."""
    return [match.track_id for match in index.search(fingerprint_of(track), exclude=(), limit=5) if match.is_duplicate]


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


@pytest.mark.parametrize(
    ("place", "how"),
    [
        (place, how)
        for place in ("0.faiss", "1.faiss", "tracks.npy", "sketches.npy", "json")
        for how in ("cut", "emptied", "removed", "one bit")
        if (place, how) != ("json", "removed")  # nothing is wrong then: it was never written
    ],
)
def test_damage_to_the_newest_falls_back_to_the_older(
    indexed: Callable[[Path], Track], battle: Path, forest: Path, own_folder: Path, place: str, how: str
) -> None:
    first = indexed(battle)
    CaughtUpIndex().compact()
    old = set(own_folder.iterdir())
    second = indexed(forest)
    CaughtUpIndex().compact()
    new = [path for path in set(own_folder.iterdir()) - old if path.name.endswith(place)]
    assert new
    for path in new:
        damage(path, how)
    index = CaughtUpIndex()
    assert index.opened().health().facts["generation"] == 1
    assert found(index, first) == [first.pk]
    assert found(index, second) == [second.pk]
    with pytest.raises(CommandError, match="problem"):
        said("index", "verify")
    said("index", "compact")
    assert "good" in said("index", "verify")


def damage(path: Path, how: str) -> None:
    """Damage a file, without changing it in place: others may have mapped it."""
    data = bytearray(path.read_bytes())
    path.unlink()
    if how == "removed":
        return
    if how == "one bit":
        data[len(data) // 2] ^= 1
    path.write_bytes({"cut": bytes(data[:-10]), "emptied": b"", "one bit": bytes(data)}[how])


def test_all_files_gone_is_made_anew_from_the_database(
    indexed: Callable[[Path], Track], battle: Path, own_folder: Path
) -> None:
    track = indexed(battle)
    CaughtUpIndex().compact()
    for path in own_folder.iterdir():
        path.unlink()
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


def test_two_generations_are_kept(indexed: Callable[[Path], Track], recordings: list[Path], own_folder: Path) -> None:
    for path in recordings[:4]:
        indexed(path)
        CaughtUpIndex().compact()
    assert manifest.numbers(own_folder) == [4, 3]
    needed = {file.name for number in (3, 4) for file in manifest.read(own_folder, number).files}
    assert {path.name for path in own_folder.iterdir() if path.suffix in {".faiss", ".npy"}} == needed
    assert index_status.status().older == 1


def test_killed_while_sweeping_leaves_no_manifest_without_its_files(
    indexed: Callable[[Path], Track], recordings: list[Path], own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in recordings[:2]:
        indexed(path)
        CaughtUpIndex().compact()
    indexed(recordings[2])
    removed: list[Path] = []
    unlink = Path.unlink

    def killed_at_the_second(path: Path, *, missing_ok: bool = False) -> None:
        if path.suffix in {".json", ".faiss", ".npy"}:
            if removed:
                raise KeyboardInterrupt
            removed.append(path)
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            CaughtUpIndex().rebuild()
    assert removed
    assert said("index", "verify").count("good") == 3


def test_generation_ahead_of_the_log_is_not_read(
    indexed: Callable[[Path], Track], battle: Path, forest: Path, recordings: list[Path]
) -> None:
    """As after restoring an older backup: reading it would hide tracks and show others."""
    track = indexed(battle)
    gone = indexed(forest)
    CaughtUpIndex().compact()
    fingerprint = fingerprint_of(gone)
    IndexOperation.objects.filter(track_key=gone.pk).delete()
    index = CaughtUpIndex()
    assert found(index, track) == [track.pk]
    assert not index.search(fingerprint, exclude=(), limit=5)


def test_generation_of_another_log_makes_way(indexed: Callable[[Path], Track], battle: Path, own_folder: Path) -> None:
    """As where the database was made anew and its log has grown past the file."""
    track = indexed(battle)
    CaughtUpIndex().compact()
    CaughtUpIndex().compact()
    IndexOperation.objects.update(created_at=timezone.now())
    assert index_status.behind() == 1
    CaughtUpIndex().compact()
    assert manifest.numbers(own_folder) == [3]
    assert found(CaughtUpIndex(), track) == [track.pk]


def test_running_process_follows_a_database_that_was_replaced(
    indexed: Callable[[Path], Track], battle: Path, forest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a dump is put back under running workers: the numbers are the same, what they stand for is not."""
    gone, track = indexed(battle), indexed(forest)
    mapped, in_memory = CaughtUpIndex(), CaughtUpIndex()
    assert found(in_memory, gone) == [gone.pk]
    mapped.compact()
    with monkeypatch.context() as patch:
        patch.setattr(searching, "_operations", pytest.fail)
        assert found(in_memory, gone) == [gone.pk], "the same database is followed from where it was"
    fingerprint = fingerprint_of(gone)
    IndexOperation.objects.all().delete()
    IndexClock.objects.all().delete()
    with transaction.atomic():
        log.record_add(track_id=track.pk)
    for index in (mapped, in_memory, CaughtUpIndex()):
        assert not index.search(fingerprint, exclude=(), limit=5)
        assert found(index, track) == [track.pk]
        assert index.applied_sequence == 1
    CaughtUpIndex().compact()
    for index in (mapped, in_memory):
        assert index.opened().health().facts["generation"] == 2
        assert found(index, track) == [track.pk]


@pytest.fixture
def read_whole(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which index files are read from end to end."""
    digest, names = hashlib.file_digest, []

    def noted(file: IO[bytes], kind: str) -> object:
        names.append(Path(file.name).name)
        return digest(file, kind)

    monkeypatch.setattr(manifest.hashlib, "file_digest", noted)
    monkeypatch.setattr(manifest, "_BELIEVED", set())
    return names


@pytest.mark.parametrize("is_owner", [True, False])
def test_files_with_other_times_are_read_whole_once(
    indexed: Callable[[Path], Track],
    recordings: list[Path],
    own_folder: Path,
    read_whole: list[str],
    monkeypatch: pytest.MonkeyPatch,
    is_owner: bool,
) -> None:
    """As after a restore by copying: every process, at every generation, would read all of a large index."""
    track = indexed(recordings[0])
    CaughtUpIndex().compact()
    files = [path for path in own_folder.iterdir() if path.suffix in {".faiss", ".npy"}]
    for path in files:
        os.utime(path)
    if not is_owner:
        monkeypatch.setattr(manifest.os, "utime", raise_permission)
    read_whole.clear()
    assert found(CaughtUpIndex(), track) == [track.pk]
    assert sorted(read_whole) == sorted(path.name for path in files)
    read_whole.clear()
    assert found(CaughtUpIndex(), track) == [track.pk]
    assert read_whole == []
    if is_owner:
        manifest._BELIEVED.clear()  # another process
        assert found(CaughtUpIndex(), track) == [track.pk]
        assert read_whole == []


def raise_permission(*_: object, **__: object) -> None:
    """Be an account that the files do not belong to."""
    raise PermissionError


def test_sweeping_after_a_lost_lease_leaves_what_the_next_holder_writes(
    indexed: Callable[[Path], Track], battle: Path, forest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = indexed(battle)
    other, stack, publish = backend.HostIndex(), contextlib.ExitStack(), manifest.publish

    def lose_the_lease_after(folder: Path, generation: manifest.Generation) -> None:
        monkeypatch.setattr(manifest, "publish", publish)
        publish(folder, generation)
        IndexLease.objects.update(token=None, until=None)
        stack.enter_context(other.exclusive())
        indexed(forest)
        other.refresh()
        other.apply(searching._operations(log.after(other.applied_sequence(), limit=10)))
        other.compact()  # its files are written, and no manifest names them yet

    monkeypatch.setattr(manifest, "publish", lose_the_lease_after)
    CaughtUpIndex().compact()
    with stack:
        other.checkpoint()
    assert said("index", "verify").count("good") == 3
    assert CaughtUpIndex().opened().health().facts["generation"] == 2
    assert found(CaughtUpIndex(), first) == [first.pk]


def test_folder_of_another_deployment_is_left_to_it(
    indexed: Callable[[Path], Track], battle: Path, own_folder: Path
) -> None:
    indexed(battle)
    CaughtUpIndex().compact()
    before = {path.name: path.read_bytes() for path in own_folder.iterdir()}
    Deployment.objects.update(identity=uuid.uuid4())  # another database, with another log
    IndexOperation.objects.update(created_at=timezone.now())
    with pytest.raises(CommandError, match="Another deployment"):
        said("index", "compact")
    with pytest.raises(IndexBusy, match="its own DATA_DIR"):
        housekeeping.keep_index_folder()
    assert {path.name: path.read_bytes() for path in own_folder.iterdir()} == before
    long_ago = timezone.now() - 2 * lease.OWNER_SILENT
    os.utime(own_folder / lease.OWNER_FILE, (long_ago.timestamp(), long_ago.timestamp()))
    said("index", "compact")
    assert manifest.numbers(own_folder) == [2]


def test_other_layout_is_made_anew(
    indexed: Callable[[Path], Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    track = indexed(battle)
    CaughtUpIndex().compact()
    monkeypatch.setattr(manifest, "LAYOUT_VERSION", 99)
    assert index_status.behind() == 1
    assert found(CaughtUpIndex(), track) == [track.pk]


def test_removed_track_is_in_no_process_any_more(indexed: Callable[[Path], Track], battle: Path, forest: Path) -> None:
    track, other = indexed(battle), indexed(forest)
    fingerprint = fingerprint_of(track)
    CaughtUpIndex().compact()
    processes = [CaughtUpIndex(), CaughtUpIndex()]
    assert all(found(index, track) for index in some(processes))
    removal.remove_track(track=track)
    assert not any(index.search(fingerprint, exclude=(), limit=5) for index in some([*processes, CaughtUpIndex()]))
    assert found(processes[0], other) == [other.pk]


def test_one_compacts_at_a_time(indexed: Callable[[Path], Track], battle: Path, own_folder: Path) -> None:
    indexed(battle)
    with lease.held(own_folder):
        with pytest.raises(IndexBusy):
            CaughtUpIndex().compact()
        with pytest.raises(CommandError, match="Another process"):
            said("index", "rebuild")
        IndexLease.objects.update(until=timezone.now() - timedelta(seconds=1))  # its holder died
        CaughtUpIndex().compact()
    assert manifest.numbers(own_folder) == [1]


def test_lost_lease_publishes_nothing(indexed: Callable[[Path], Track], battle: Path, own_folder: Path) -> None:
    indexed(battle)
    index = backend.HostIndex()
    with index.exclusive():
        IndexLease.objects.update(token=None)
        with pytest.raises(IndexBusy, match="lost"):
            index.checkpoint()
    assert manifest.numbers(own_folder) == []


def test_commands_say_how_it_is(indexed: Callable[[Path], Track], battle: Path, forest: Path) -> None:
    assert "none" in said("index", "status")
    indexed(battle)
    assert "has 1 tracks" in said("index", "rebuild")
    indexed(forest)
    status = said("index", "status")
    assert "behind the log         1 operations" in status
    assert "has 2 tracks" in said("index", "compact")
    assert said("index", "verify").count("good") == 3


def test_many_are_made_in_processes_of_their_own(
    indexed: Callable[[Path], Track], recordings: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    added = [indexed(path) for path in recordings[:3]]
    damaged = indexed(recordings[3])
    Fingerprint.objects.filter(audio_file=damaged.audio_file).update(data=b"nothing")
    monkeypatch.setattr(searching, "PARALLEL_FROM", 2)
    monkeypatch.setattr(searching, "_BATCH_OPERATIONS", 1)
    assert "has 3 tracks" in said("index", "rebuild")
    assert found(CaughtUpIndex(), added[2]) == [added[2].pk]


def test_verify_names_what_differs(indexed: Callable[[Path], Track], recordings: list[Path], own_folder: Path) -> None:
    indexed(recordings[0])
    other = indexed(recordings[1])
    CaughtUpIndex().compact()
    swapped = Fingerprint.objects.get(audio_file=other.audio_file)
    Fingerprint.objects.filter(pk=swapped.pk).update(data=fingerprint_of(indexed(recordings[2])).to_bytes())
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 problems"):
        call_command("index", "verify", stdout=out, stderr=io.StringIO())
    assert f"the index has another fingerprint of track {other.pk}" in out.getvalue()


def test_manifest_is_plain_json(indexed: Callable[[Path], Track], battle: Path, own_folder: Path) -> None:
    indexed(battle)
    CaughtUpIndex().compact()
    stored = json.loads(next(own_folder.glob("*.json")).read_text())
    assert stored["generation"]["sequence"] == 1
