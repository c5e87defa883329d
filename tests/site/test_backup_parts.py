"""What a backup must not do, part by part: hold damaged bytes, miss a new file, or mix two databases."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from catalog.models import Track
from fingerprint_site.backup import database, taking
from fingerprint_site.backup.manifest import BackupError, Manifest
from tests.rows import stored_path

AddTrack = Callable[..., Track]
needs_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own files")


@pytest.fixture
def take(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Manifest]:
    """Make a backup without the database's copy, which pg_dump could not make of an open transaction."""

    def copy_to(folder: Path) -> Path:
        path = folder / "database.sqlite3"
        path.write_bytes(b"")
        return path

    monkeypatch.setattr(database, "copy_to", copy_to)
    folder = tmp_path / "backup"
    return lambda: taking.take(folder, without_audio=False, overwrite=False, progress=lambda _: None)


def test_file_that_is_not_what_was_uploaded_makes_no_backup(
    take: Callable[[], Manifest], add_track: AddTrack, battle: Path, tmp_path: Path
) -> None:
    path = stored_path(add_track(battle))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(BackupError, match="not what was uploaded"):
        take()
    assert not (tmp_path / "backup" / "manifest.json").exists()


def test_file_that_came_while_others_were_copied_is_in_the_backup(
    take: Callable[[], Manifest], add_track: AddTrack, battle: Path, forest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The snapshot of the database has its row already."""
    monkeypatch.setattr(taking, "_ROWS_AT_ONCE", 1)
    tracks = [add_track(battle)]
    copy_to = database.copy_to

    def one_more_track_first(folder: Path) -> Path:
        tracks.append(add_track(forest))
        return copy_to(folder)

    monkeypatch.setattr(database, "copy_to", one_more_track_first)
    manifest = take()
    assert {track.audio_file.stored_name for track in tracks if track.audio_file} == set(manifest.of_kind("audio"))
    assert manifest.counts["tracks"] == 2


@needs_sqlite
def test_old_databases_log_is_not_applied_to_the_one_put_back(tmp_path: Path) -> None:
    """A site that was killed leaves its last writes beside the database, in the log."""
    live, killed, snapshot = tmp_path / "live.sqlite3", tmp_path / "killed.sqlite3", tmp_path / "snapshot.sqlite3"
    with closing(sqlite3.connect(live, isolation_level=None)) as running:
        running.execute("PRAGMA journal_mode=WAL")
        running.execute("CREATE TABLE song (title TEXT)")
        running.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        running.execute("INSERT INTO song VALUES ('of the old database')")
        for rest in ("", "-wal", "-shm"):
            shutil.copy(f"{live}{rest}", f"{killed}{rest}")
    with closing(sqlite3.connect(snapshot, isolation_level=None)) as copy:
        copy.execute("CREATE TABLE song (title TEXT)")
        copy.execute("INSERT INTO song VALUES ('of the backup')")
    database._put_back_sqlite(snapshot, killed)
    with closing(sqlite3.connect(killed)) as restored:
        assert restored.execute("SELECT title FROM song").fetchall() == [("of the backup",)]
