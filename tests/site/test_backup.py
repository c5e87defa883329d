"""A backup made beside a running site, put back into an empty folder, finds the duplicates that it knew."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from fingerprint_site.running.altered_copy import make_altered_copy
from tests.site.running import RunningSite, await_true

pytestmark = pytest.mark.cluster
AUDIO = settings.BASE_DIR / "tests" / "audio"
NewDatabase = Callable[[], str | None]


def ended(site: RunningSite, task_id: str) -> dict[str, object]:
    """Wait for a task."""
    api = site.api()
    await_true(lambda: api.result(task_id)["status"] in ("success", "failure"), within_s=60)
    return api.result(task_id)


@pytest.fixture(scope="module")
def taken(
    tmp_path_factory: pytest.TempPathFactory, migrated_database: Callable[[Path], str | None]
) -> Iterator[tuple[RunningSite, Path]]:
    """A running site with two recordings, and a backup that was made while it ran."""
    folder = tmp_path_factory.mktemp("first") / "data"
    site = RunningSite(folder, database_url=migrated_database(folder))
    site.start("--no-demo")
    for name in ("battle-music.ogg", "forest-dance.mp3"):
        task_id = site.api().add(site.api().upload(AUDIO / name)["musicId"])["taskId"]
        assert ended(site, task_id)["status"] == "success"
    backup = folder.parent / "backup"
    made = site.manage("backup", str(backup))
    assert made.returncode == 0, made.stderr
    assert "2 tracks" in made.stdout
    yield site, backup
    if site.process.poll() is None:
        site.stop()


@pytest.fixture
def empty(tmp_path: Path, new_database: NewDatabase) -> RunningSite:
    """Another deployment, with nothing in it."""
    folder = tmp_path / "data"
    folder.mkdir()
    return RunningSite(folder, database_url=new_database())


def test_restored_site_knows_the_duplicate(taken: tuple[RunningSite, Path], empty: RunningSite, tmp_path: Path) -> None:
    first, backup = taken
    (empty.folder / "secrets_key").write_text("of another database")
    done = empty.manage("restore", str(backup))
    assert done.returncode == 0, done.stderr
    assert (empty.folder / "secrets_key").read_text() == (first.folder / "secrets_key").read_text()
    assert (empty.folder / "secrets_key").stat().st_mode & 0o077 == 0
    [replaced] = empty.folder.glob("secrets_key.before-*")
    assert replaced.read_text() == "of another database"
    assert has_statistics(empty) in ("True", "SQLite")
    again = empty.manage("restore", str(backup))
    assert again.returncode != 0
    assert "not empty" in again.stderr
    assert empty.manage("restore", str(backup), "--overwrite").returncode == 0
    copy = tmp_path / "copy.mp3"
    make_altered_copy(source=AUDIO / "battle-music.ogg", target=copy)
    empty.start("--no-demo")
    try:
        api = empty.api()
        result = ended(empty, api.check(api.upload(copy)["musicId"])["taskId"])["result"]
        assert isinstance(result, dict)
        assert (result["is_duplicate"], result["matched_musicname"]) == (True, "battle-music")
        running = empty.manage("restore", str(backup), "--overwrite")
        assert "Stop it first" in running.stderr
    finally:
        empty.stop()


def has_statistics(site: RunningSite) -> str:
    """Return whether PostgreSQL knows what the columns of tracks hold; a backup does not say."""
    ask = "SELECT count(*) > 0 FROM pg_stats WHERE tablename = 'catalog_track'"
    code = f"""
from django.db import connection
cursor = connection.cursor()
if connection.vendor == "postgresql":
    cursor.execute("{ask}")
    print(cursor.fetchone()[0])
else:
    print("SQLite")
"""
    return site.manage("shell", "-v", "0", "-c", code).stdout.strip()


def test_damaged_backup_changes_nothing(taken: tuple[RunningSite, Path], empty: RunningSite, tmp_path: Path) -> None:
    backup = tmp_path / "damaged"
    shutil.copytree(taken[1], backup)
    stored = next(path for path in (backup / "audio").rglob("*") if path.is_file())
    stored.write_bytes(stored.read_bytes()[:-1] + b"x")
    done = empty.manage("restore", str(backup))
    assert done.returncode != 0
    assert f"{stored.relative_to(backup)} is missing or damaged" in done.stderr
    assert not list((empty.folder / "audio").rglob("*.*"))
    stored.unlink()
    assert empty.manage("restore", str(backup)).returncode != 0


def test_backup_of_another_kind_is_refused(taken: tuple[RunningSite, Path], empty: RunningSite, tmp_path: Path) -> None:
    backup = tmp_path / "other"
    shutil.copytree(taken[1], backup)
    content = json.loads((backup / "manifest.json").read_text())
    (backup / "manifest.json").write_text(json.dumps(content | {"database": "oracle"}))
    assert "is from oracle" in empty.manage("restore", str(backup)).stderr
    (backup / "manifest.json").write_text(json.dumps(content | {"format": 2}))
    assert "format 2" in empty.manage("restore", str(backup)).stderr
    (backup / "manifest.json").write_text(json.dumps(content | {"files": {"../data/secret_key": [1, "x"]}}))
    assert "not below" in empty.manage("restore", str(backup)).stderr
    (backup / "manifest.json").unlink()
    assert "no complete backup" in empty.manage("restore", str(backup)).stderr


def test_backup_never_writes_over_what_is_there(taken: tuple[RunningSite, Path], tmp_path: Path) -> None:
    site, _ = taken
    (tmp_path / "precious").write_text("keep")
    refused = site.manage("backup", str(tmp_path))
    assert refused.returncode != 0
    assert "not empty" in refused.stderr
    assert (tmp_path / "precious").read_text() == "keep"
    assert "inside the data folder" in site.manage("backup", str(site.folder / "backup")).stderr
    around = site.manage("backup", str(site.folder.parent), "--overwrite")
    assert "which this site uses" in around.stderr
    assert (site.folder / "secrets_key").exists()
    assert site.manage("backup", str(tmp_path), "--overwrite", "--without-audio").returncode == 0
    content = json.loads((tmp_path / "manifest.json").read_text())
    assert not [name for name in content["files"] if name.startswith("audio/")]
    assert not (tmp_path / "precious").exists()


def recordings_in(site: RunningSite) -> set[str]:
    """Name the stored files."""
    return {str(path.relative_to(site.folder / "audio")) for path in (site.folder / "audio").glob("*/*")}


def imported(site: RunningSite, folder: Path, *names: str) -> str:
    """Take some of the recordings into a site that does not run; return what was printed."""
    folder.mkdir(exist_ok=True)
    for name in names:
        shutil.copy(AUDIO / name, folder)
    done = site.manage("import_music", str(folder))
    return done.stdout + done.stderr


def test_older_state_leaves_newer_files_and_names_them(
    taken: tuple[RunningSite, Path], empty: RunningSite, tmp_path: Path
) -> None:
    backup = taken[1]
    assert empty.manage("restore", str(backup)).returncode == 0
    before = recordings_in(empty)
    assert "1 imported" in imported(empty, tmp_path / "music", "boss-attack.ogg")
    [newer] = recordings_in(empty) - before
    done = empty.manage("restore", str(backup), "--overwrite")
    assert done.returncode == 0, done.stderr
    assert recordings_in(empty) == {*before, newer}
    assert empty.manage("stored_files", "unknown").stdout.split() == [newer]


def test_store_of_another_deployment_is_taken_over_only_when_that_is_said(
    taken: tuple[RunningSite, Path], empty: RunningSite, tmp_path: Path, new_database: NewDatabase
) -> None:
    backup = taken[1]
    assert empty.manage("restore", str(backup)).returncode == 0
    folder = tmp_path / "second"
    folder.mkdir()
    (folder / "audio").symlink_to(empty.folder / "audio")
    second = RunningSite(folder, database_url=new_database())
    refused = second.manage("restore", str(backup), "--overwrite")
    assert refused.returncode != 0
    assert "add --take-over" in refused.stderr
    assert "1 imported" in imported(empty, tmp_path / "music", "boss-attack.ogg"), "the first one works on"
    assert second.manage("restore", str(backup), "--overwrite", "--take-over").returncode == 0
    assert "1 imported" in imported(second, tmp_path / "other", "mountain.mp3")
    before = recordings_in(empty)
    assert "another deployment" in imported(empty, tmp_path / "third", "palace.mp3")
    assert "ANOTHER deployment:" in empty.manage("stored_files", "status").stdout
    assert recordings_in(empty) == before
