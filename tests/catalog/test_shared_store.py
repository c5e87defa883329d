"""Two databases at one store of recordings: neither removes, nor writes beside, what the other one keeps there."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import AudioFile, Deployment, PendingFile, Track
from catalog.services import housekeeping
from catalog.services.audio import store_owner, stored_files
from catalog.services.errors import NotOurStoreError
from fingerprint_site.health import readiness
from tests.commands import said
from tests.rows import remove_for_good

Stored = Callable[[], set[str]]


@pytest.fixture(params=["a folder", pytest.param("a bucket", marks=pytest.mark.slow)])
def stored(request: pytest.FixtureRequest) -> Stored:
    """Use one kind of store, and tell which recordings lie in it."""
    if request.param == "a bucket":
        bucket = request.getfixturevalue("s3")
        return lambda: set(bucket.names())
    folder = Path(settings.AUDIO_DIR)
    return lambda: {str(path.relative_to(folder)) for path in folder.glob("*/*")}


@pytest.fixture
def running_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process be a sweeper that renews the mark, every time it is asked."""
    monkeypatch.setattr(store_owner, "_STARTED_S", 0.0)
    monkeypatch.setattr(store_owner, "RENEWED_EVERY", timedelta(0))


@contextmanager
def another_database() -> Iterator[None]:
    """Be another deployment for a while."""
    ours = Deployment.objects.filter(pk=1).values().first()
    Deployment.objects.all().delete()
    yield
    Deployment.objects.update_or_create(pk=1, defaults=ours)


def tidy_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tidy as in each hour of a day."""
    for hour in range(24):
        monkeypatch.setattr("time.time", lambda hour=hour: 1_800_000_000 + 3600 * hour)
        housekeeping.tidy()


@pytest.mark.slow
def test_tidying_of_another_database_leaves_every_recording(
    stored: Stored,
    add_track: Callable[..., Track],
    recordings: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for path in recordings:
        add_track(path)
    before = stored()
    assert len(before) == len(recordings)
    Track.objects.all().delete()
    AudioFile.objects.all().delete()
    store_owner.take_over()
    monkeypatch.setattr(stored_files, "GIVEN_UP_AFTER", timedelta(hours=-1))
    tidy_a_day(monkeypatch)
    assert stored() == before


def test_another_deployment_neither_writes_nor_removes(
    stored: Stored, add_track: Callable[..., Track], battle: Path, forest: Path, api: APIClient, upload: Callable
) -> None:
    first = add_track(battle)
    before = stored()
    with another_database():
        with pytest.raises(NotOurStoreError, match="another deployment"):
            add_track(forest)
        answer = api.post("/api/v1/music", {"file": upload(forest)}, format="multipart")
        assert (answer.status_code, set(answer.json())) == (503, {"detail"})
        with pytest.raises(NotOurStoreError):
            remove_for_good(first)
        assert stored() == before
        assert PendingFile.objects.get().state == PendingFile.State.REMOVING
    assert stored_files.remove_due() == 1


def test_store_of_nobody_is_claimed_by_the_first_that_comes(stored: Stored, db: None) -> None:
    assert "nobody yet" in said("stored_files", "status")
    store_owner.require()
    assert "this deployment:" in said("stored_files", "status")
    with another_database():
        assert "ANOTHER deployment:" in said("stored_files", "status")


def test_mark_is_renewed_and_believed_meanwhile(
    stored: Stored, db: None, running_for_long: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store_owner.require()
    with monkeypatch.context() as patch:
        patch.setattr(store_owner, "_write", lambda _: None)
        for _ in range(2):
            store_owner.renew()  # killed between the database and the store
    assert store_owner.require() == first
    store_owner.renew()
    second = store_owner.require()
    assert second.token == str(store_owner.this().token) != first.token
    store_owner.renew()
    assert store_owner.require().token not in (first.token, second.token)


def test_copy_of_the_database_is_told_from_the_one_that_wrote_last(
    stored: Stored, db: None, running_for_long: None
) -> None:
    """As a test site that was made from a dump, or an older state that was put back."""
    store_owner.require()
    copied = Deployment.objects.filter(pk=1).values().get()
    for _ in range(2):
        store_owner.renew()
    Deployment.objects.filter(pk=1).update(**copied)
    with pytest.raises(NotOurStoreError):
        store_owner.renew()
    assert "another deployment" in readiness.checks()["uploaded files"]
    assert "This deployment now owns the store" in said("stored_files", "take-over")
    assert readiness.checks()["uploaded files"] == "ok"
    store_owner.renew()


def test_sweeper_that_has_just_started_leaves_the_mark(
    stored: Stored, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_owner, "_STARTED_S", time.monotonic())
    first = store_owner.require()
    Deployment.objects.update(token_at=timezone.now() - 2 * store_owner.RENEWED_EVERY)
    store_owner.renew()
    assert store_owner.require() == first


def test_mark_that_cannot_be_read_is_another_deployments(db: None) -> None:
    for damage in ("", "half", "[]", '{"token": 1}'):
        (settings.AUDIO_DIR / store_owner.MARK).write_text(damage)
        with pytest.raises(NotOurStoreError, match="cannot be read"):
            store_owner.require()


def test_take_over_forgets_uploads_in_writing_and_leaves_their_files(
    stored: Stored, db: None, battle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a database that was put back: they may have become tracks in the meantime."""
    stored_files.place(source=battle, sha256="ab" * 32, suffix=".ogg")
    before = stored()
    assert "1 unfinished uploads were discarded" in said("stored_files", "take-over")
    assert stored_files.remove_due() == 0
    assert stored() == before
    assert said("stored_files", "unknown").split() == sorted(before)
