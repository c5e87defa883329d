"""Index files beside a database that they were not made from: restored, replaced, or another deployment's."""

import os
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db import transaction
from django.utils import timezone

from catalog.engine import IndexBusy
from catalog.engine.index import manifest
from catalog.models import Deployment, IndexClock, IndexOperation, Track
from catalog.services import housekeeping
from catalog.services.audio.analysis import fingerprint_of
from catalog.services.index import lease, log, searching
from catalog.services.index import status as index_status
from catalog.services.index.searching import CaughtUpIndex
from tests.commands import said
from tests.indexed import found

pytestmark = pytest.mark.slow


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


def test_generation_of_another_log_makes_way(
    indexed: Callable[[Path], Track], battle: Path, index_folder: Path
) -> None:
    """As where the database was made anew and its log has grown past the file."""
    track = indexed(battle)
    CaughtUpIndex().compact()
    CaughtUpIndex().compact()
    IndexOperation.objects.update(created_at=timezone.now())
    assert index_status.behind() == 1
    CaughtUpIndex().compact()
    assert manifest.numbers(index_folder) == [3]
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


def test_folder_of_another_deployment_is_left_to_it(
    indexed: Callable[[Path], Track], battle: Path, index_folder: Path
) -> None:
    indexed(battle)
    CaughtUpIndex().compact()
    before = {path.name: path.read_bytes() for path in index_folder.iterdir()}
    Deployment.objects.update(identity=uuid.uuid4())  # another database, with another log
    IndexOperation.objects.update(created_at=timezone.now())
    with pytest.raises(CommandError, match="Another deployment"):
        said("index", "compact")
    with pytest.raises(IndexBusy, match="its own DATA_DIR"):
        housekeeping.keep_index_folder()
    assert {path.name: path.read_bytes() for path in index_folder.iterdir()} == before
    long_ago = timezone.now() - 2 * lease.OWNER_SILENT
    os.utime(index_folder / lease.OWNER_FILE, (long_ago.timestamp(), long_ago.timestamp()))
    said("index", "compact")
    assert manifest.numbers(index_folder) == [2]
