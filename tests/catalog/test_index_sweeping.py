"""One process compacts the index at a time, and what it sweeps away nobody needs any more."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.utils import timezone

from catalog.engine import IndexBusy
from catalog.engine.index import manifest
from catalog.models import IndexLease, Track
from catalog.services.index import backend, lease, log, searching
from catalog.services.index import status as index_status
from catalog.services.index.searching import CaughtUpIndex
from tests.commands import said
from tests.indexed import found

pytestmark = pytest.mark.slow


def test_one_compacts_at_a_time(indexed: Callable[[Path], Track], battle: Path, index_folder: Path) -> None:
    indexed(battle)
    with lease.held(index_folder):
        with pytest.raises(IndexBusy):
            CaughtUpIndex().compact()
        with pytest.raises(CommandError, match="Another process"):
            said("index", "rebuild")
        IndexLease.objects.update(until=timezone.now() - timedelta(seconds=1))  # its holder died
        CaughtUpIndex().compact()
    assert manifest.numbers(index_folder) == [1]


def test_lost_lease_publishes_nothing(indexed: Callable[[Path], Track], battle: Path, index_folder: Path) -> None:
    indexed(battle)
    index = backend.HostIndex()
    with index.exclusive():
        IndexLease.objects.update(token=None)
        with pytest.raises(IndexBusy, match="lost"):
            index.checkpoint()
    assert manifest.numbers(index_folder) == []


def test_two_generations_are_kept(indexed: Callable[[Path], Track], recordings: list[Path], index_folder: Path) -> None:
    for path in recordings[:4]:
        indexed(path)
        CaughtUpIndex().compact()
    assert manifest.numbers(index_folder) == [4, 3]
    needed = {file.name for number in (3, 4) for file in manifest.read(index_folder, number).files}
    assert {path.name for path in index_folder.iterdir() if path.suffix in {".faiss", ".npy"}} == needed
    assert index_status.status().older == 1


def test_killed_while_sweeping_leaves_no_manifest_without_its_files(
    indexed: Callable[[Path], Track], recordings: list[Path], index_folder: Path, monkeypatch: pytest.MonkeyPatch
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
