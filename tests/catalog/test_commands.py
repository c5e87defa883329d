"""The commands, as an operator types them."""

import logging
import shutil
import sqlite3
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ
from rest_framework.test import APIClient

from catalog.management.commands import import_music
from catalog.models import ApiKey, Job, Track
from catalog.services.tasks import accepting, work
from tests.commands import said
from tests.rows import make_check, make_track


def test_key_is_alone_on_the_last_line_and_works(owner: User) -> None:
    text = said("create_api_key", "owner").splitlines()[-1]
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    assert client.post("/api/v1/fingerprint/add", {}, format="json").status_code == 422


@pytest.mark.parametrize(
    ("arguments", "tier", "limit"),
    [
        ([], "free", None),
        (["--tier", "paid"], "paid", None),
        (["--tier", "custom", "--per-minute", "7"], "custom", 7),
        (["--per-minute", "7"], "custom", 7),
    ],
)
def test_key_tiers(owner: User, arguments: list[str], tier: str, limit: int | None) -> None:
    said("create_api_key", "owner", *arguments)
    key = ApiKey.objects.get()
    assert (key.tier, key.custom_per_minute) == (tier, limit)


@pytest.mark.parametrize("moment", ["2020-01-01", "2020-01-01T10:00:00", "2020-01-01T10:00:00+02:00"])
def test_key_expiry(owner: User, moment: str) -> None:
    said("create_api_key", "owner", "--expires", moment)
    expiry = ApiKey.objects.get().expires_at
    assert expiry is not None
    assert expiry < timezone.now()


@pytest.mark.parametrize(
    "arguments",
    [
        ["nobody"],
        ["owner", "--tier", "custom"],
        ["owner", "--tier", "free", "--per-minute", "5"],
        ["owner", "--per-minute", "0"],
        ["owner", "--per-minute", "-3"],
        ["owner", "--expires", "tomorrow"],
        ["owner", "--expires", "2020-13-45"],
    ],
)
def test_key_refusals_make_nothing(owner: User, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        said("create_api_key", *arguments)
    assert ApiKey.objects.count() == 0


@pytest.fixture
def folder(tmp_path: Path, battle: Path, forest: Path) -> Path:
    """A folder with two recordings, one below another folder, and things that are not music."""
    shutil.copy(battle, tmp_path / "one.ogg")
    (tmp_path / "below").mkdir()
    shutil.copy(forest, tmp_path / "below" / "two.mp3")
    (tmp_path / "broken.mp3").write_bytes(b"this is not music" * 100)
    (tmp_path / "notes.txt").write_text("not even by its name", encoding="utf-8")
    return tmp_path


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)  # the statistics of rows that are rolled back would stay
def test_import_says_what_was_skipped_and_why(folder: Path, owner: User) -> None:
    text = said("import_music", str(folder), owner="owner")
    assert "2 imported, 0 already known, 1 skipped." in text
    assert "broken.mp3: " in text
    assert "notes.txt" not in text
    assert set(Track.objects.values_list("title", flat=True)) == {"one", "two"}
    assert Job.objects.count() == 0


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)  # the statistics of rows that are rolled back would stay
def test_import_goes_on_where_it_stopped(folder: Path, owner: User) -> None:
    said("import_music", str(folder), owner="owner", add=True)
    text = said("import_music", str(folder), owner="owner", add=True, check=True)
    assert "0 imported, 2 already known, 1 skipped." in text
    assert Track.objects.count() == 2
    assert Job.objects.filter(task_name=Job.Name.ADD).count() == 2
    assert Job.objects.filter(task_name=Job.Name.CHECK).count() == 2
    assert OrmQ.objects.count() == 4


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)  # the statistics of rows that are rolled back would stay
def test_import_leaves_the_log_as_it_was(folder: Path, owner: User) -> None:
    before = logging.getLogger().level
    said("import_music", str(folder), owner="owner")
    assert logging.getLogger().level == before != logging.WARNING


@pytest.mark.slow
@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own")
@pytest.mark.django_db(transaction=True)
def test_import_ends_with_statistics_of_what_was_filled(folder: Path, owner: User) -> None:
    empty_before = planned_rows("catalog_match")
    assert planned_rows("catalog_track") <= 0
    said("import_music", str(folder), owner="owner")
    assert planned_rows("catalog_track") == 2
    assert planned_rows("catalog_match") == empty_before, "what is noted as empty is planned so"
    make_track(owner)
    said("import_music", str(folder), owner="owner")
    assert planned_rows("catalog_track") == 2, "nothing was imported"


def planned_rows(table: str) -> float:
    """Return how many rows PostgreSQL takes a table to have: not above 0 where it has not looked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [table])
        return float(cursor.fetchone()[0])


def test_import_refuses_what_is_no_folder(owner: User, tmp_path: Path) -> None:
    for arguments in ([str(tmp_path / "none")], [str(tmp_path)]):
        with pytest.raises(CommandError):
            said("import_music", *arguments, owner="owner")


def test_import_needs_an_owner(folder: Path, db: None) -> None:
    with pytest.raises(CommandError, match="account"):
        said("import_music", str(folder))


@pytest.fixture
def indexed_track(add_track: Callable[..., Track], battle: Path) -> Track:
    """A track in the index."""
    track = add_track(battle)
    job = accepting.accept_job(track=track, owner=track.owner, task_name=Job.Name.ADD)
    work.run(job.pk)
    return track


@pytest.mark.slow
def test_rebuild_then_check_in_words(indexed_track: Track, battle: Path, forest: Path) -> None:
    assert "has 1 tracks" in said("rebuild_index")
    text = said("check_music", str(battle))
    assert "duplicate: battle-music" in text
    assert str(indexed_track.music_id) in text
    assert "no match in the index" in said("check_music", str(forest))


def test_check_music_refusals(db: None, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"no music" * 50)
    for path in (tmp_path / "none.mp3", broken):
        with pytest.raises(CommandError):
            said("check_music", str(path))


@pytest.mark.slow
@pytest.mark.skipif(connection.vendor != "sqlite", reason="the limit is SQLite's")
def test_waiting_for_more_tasks_than_a_query_takes(owner: User) -> None:
    jobs = [make_check(make_track(owner)) for _ in range(600)]
    Job.objects.filter(pk=jobs[-1].pk).update(status=Job.Status.FAILURE, error="No sound.")
    connection.ensure_connection()
    before = connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 550)
    output = StringIO()
    try:
        import_music.Command(stdout=output)._wait([job.pk for job in jobs])
    finally:
        connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, before)
    assert "599 tasks done, 1 failed." in output.getvalue()
    assert "No sound." in output.getvalue()
