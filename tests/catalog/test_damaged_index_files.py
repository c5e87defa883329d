"""Index files that are damaged are passed over, and those that may have changed are read from end to end once."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from django.core.management import CommandError

from catalog.engine.index import manifest
from catalog.models import Track
from catalog.services.index.searching import CaughtUpIndex
from tests.commands import said
from tests.indexed import found

pytestmark = pytest.mark.slow


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
    indexed: Callable[[Path], Track], battle: Path, forest: Path, index_folder: Path, place: str, how: str
) -> None:
    first = indexed(battle)
    CaughtUpIndex().compact()
    old = set(index_folder.iterdir())
    second = indexed(forest)
    CaughtUpIndex().compact()
    new = [path for path in set(index_folder.iterdir()) - old if path.name.endswith(place)]
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
    index_folder: Path,
    read_whole: list[str],
    monkeypatch: pytest.MonkeyPatch,
    is_owner: bool,
) -> None:
    """As after a restore by copying: every process, at every generation, would read all of a large index."""
    track = indexed(recordings[0])
    CaughtUpIndex().compact()
    files = [path for path in index_folder.iterdir() if path.suffix in {".faiss", ".npy"}]
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
