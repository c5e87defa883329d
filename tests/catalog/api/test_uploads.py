"""Uploads: what is taken, what is refused and in which words, and that nothing is left behind."""

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from pytest_django import Settings
from rest_framework.test import APIClient

from catalog.api.call import call_of
from catalog.models import AudioFile, Track
from catalog.services.audio import store, stored_files
from tests.rows import remove_for_good, stored_path

URL = "/api/v1/music"


def files_there() -> set[Path]:
    """Return which recordings lie in the store, and what lies in the upload folder."""
    found = [*settings.AUDIO_DIR.rglob("*/*"), *settings.UPLOAD_DIR.rglob("*")]
    return {path for path in found if path.is_file()}


def refused(api: APIClient, name: str, content: bytes) -> str:
    """Upload, expect 422 with nothing left behind, and return the reason."""
    before = files_there()
    response = api.post(URL, {"file": SimpleUploadedFile(name, content)}, format="multipart")
    assert response.status_code == 422, response.content
    assert set(response.json()) == {"detail", "errors"}
    assert files_there() == before
    assert Track.objects.count() == 0
    assert AudioFile.objects.count() == 0
    reason: str = response.json()["errors"]["file"][0]
    return reason


@pytest.mark.slow
def test_takes_every_recording(api: APIClient, upload: Callable, recordings: list[Path]) -> None:
    for path in recordings:
        response = api.post(URL, {"file": upload(path)}, format="multipart")
        assert response.status_code == 200, response.content
    file = AudioFile.objects.get(tracks__file_name="battle-music.ogg")
    assert file.codec == "vorbis"
    assert 20 < file.duration_s < 45
    assert file.sample_rate_hz == 44100
    assert stored_path(file.tracks.get()).read_bytes() == (recordings[0].parent / "battle-music.ogg").read_bytes()


def test_reads_the_tags(api: APIClient, upload: Callable, battle: Path) -> None:
    api.post(URL, {"file": upload(battle)}, format="multipart")
    track = Track.objects.get()
    assert track.title == "battle-music"
    assert track.artist
    assert track.tags["title"]


@pytest.mark.slow
def test_same_bytes_are_two_tracks_and_one_file(api: APIClient, upload: Callable, battle: Path) -> None:
    before = files_there()
    ids = {api.post(URL, {"file": upload(battle)}, format="multipart").json()["musicId"] for _ in range(2)}
    assert len(ids) == 2
    assert AudioFile.objects.count() == 1
    assert len(files_there() - before) <= 1


def test_text_named_mp3_is_refused(api: APIClient) -> None:
    reason = refused(api, "page.mp3", b"<html><body>not music</body></html>" * 50)
    assert "mp3, wav, flac" in reason


def test_picture_is_refused(api: APIClient) -> None:
    refused(api, "cover.mp3", b"\x89PNG\r\n\x1a\n" + bytes(500))


def test_empty_file_is_refused(api: APIClient) -> None:
    assert "empty" in refused(api, "nothing.mp3", b"")


def test_over_the_limit_by_its_own_word(api: APIClient, settings: Settings) -> None:
    settings.MAX_UPLOAD_MB = 1
    assert "1 MB" in refused(api, "large.wav", bytes(1024 * 1024 + 70 * 1024))


def test_over_the_limit_while_it_streams(api: APIClient, settings: Settings) -> None:
    settings.MAX_UPLOAD_MB = 1
    assert "1 MB" in refused(api, "large.wav", bytes(1024 * 1024 + 1))


def test_several_files_together_never_grow_over_the_limit(settings: Settings) -> None:
    """The forms for everybody, the login's, read what they are sent before anybody is asked who they are."""
    settings.MAX_UPLOAD_MB = 1
    before = files_there()
    files = {name: SimpleUploadedFile(f"{name}.wav", bytes(700 * 1024)) for name in "ab"}
    request = RequestFactory().post("/admin/login/", files)
    assert list(request.FILES) == ["a"]
    assert call_of(request).upload_too_large
    request.close()
    assert files_there() == before


def test_more_fields_and_files_than_are_taken(api: APIClient) -> None:
    fields = {f"field{number}": "x" for number in range(1001)}
    files = {f"file{number}": SimpleUploadedFile("a.wav", b"x") for number in range(101)}
    large = {f"field{number}": "x" * 600_000 for number in range(2)}
    for body, reason in (
        (fields, "too many fields"),
        (files, "too many files"),
        (large, "fields of the form are too large"),
    ):
        response = api.post(URL, body, format="multipart")
        assert response.status_code == 422
        assert set(response.json()) == {"detail", "errors"}
        assert reason in response.json()["errors"]["body"][0]


@pytest.mark.parametrize("charset", ["idna", "zlib", "punycode", "no-such"])
def test_any_character_set_is_answered(api: APIClient, charset: str) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\n\xff..abc\r\n--x--\r\n'
    response = api.generic("POST", URL, part, content_type=f"multipart/form-data; boundary=x; charset={charset}")
    assert response.status_code == 422


def test_missing_field(api: APIClient) -> None:
    response = api.post(URL, {"other": "x"}, format="multipart")
    assert response.status_code == 422
    assert "file" in response.json()["errors"]


def test_field_as_text(api: APIClient) -> None:
    response = api.post(URL, {"file": "just text"}, format="multipart")
    assert response.status_code == 422


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("text/plain", b"hello"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"garbage"),
        ("", b""),
    ],
)
def test_wrong_content_type_is_422(api: APIClient, content_type: str, body: bytes) -> None:
    response = api.generic("POST", URL, body, content_type=content_type)
    assert response.status_code == 422
    assert set(response.json()) == {"detail", "errors"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Summer Breeze.mp3", "Summer Breeze"),
        ("a.b.c.ogg", "a.b.c"),
        ("../../etc/passwd.ogg", "passwd"),
        ("Größe 東京.ogg", "Größe 東京"),
        ("x" * 400 + ".ogg", "x"),
        ("no ending", "no ending"),
    ],
)
def test_title_is_the_name_without_its_ending(api: APIClient, battle: Path, name: str, title: str) -> None:
    response = api.post(URL, {"file": SimpleUploadedFile(name, battle.read_bytes())}, format="multipart")
    assert response.status_code == 200, response.content
    assert response.json()["title"].startswith(title)


def test_removed_track_takes_its_file_with_the_last_one(
    owner: User, add_track: Callable[..., Track], battle: Path
) -> None:
    first, second = add_track(battle), add_track(battle)
    path = stored_path(first)
    remove_for_good(first)
    assert path.exists()
    second.refresh_from_db()
    remove_for_good(second)
    assert AudioFile.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_last_removal_deletes_the_bytes(owner: User, add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    path = stored_path(track)
    remove_for_good(track)
    assert not path.exists()


@pytest.mark.django_db(transaction=True)
def test_last_track_of_the_same_bytes_may_go_while_they_arrive_again(
    owner: User, add_track: Callable[..., Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = add_track(battle)
    holds = store.holds

    def removed_before(name: str, **values: Any) -> bool:
        remove_for_good(first)
        return holds(name, **values)

    monkeypatch.setattr(store, "holds", removed_before)
    second = add_track(battle)

    assert stored_path(second).exists()
    assert AudioFile.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_last_track_of_the_same_bytes_may_go_after_they_arrived_again(
    owner: User, add_track: Callable[..., Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is gone, its bytes are about to go: what is stored anew meanwhile has another name."""
    first = add_track(battle)
    delete, added = store.delete, []

    def delete_late(name: str) -> None:
        monkeypatch.setattr(store, "delete", delete)
        added.append(add_track(battle))
        delete(name)

    monkeypatch.setattr(store, "delete", delete_late)
    remove_for_good(first)

    assert stored_path(added[0]).exists()


def test_surplus_bytes_of_two_uploads_at_once_are_removed(
    owner: User, add_track: Callable[..., Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files_there()
    place, others = stored_files.place, []

    def place_after_another(**values: Any) -> str:
        monkeypatch.setattr(stored_files, "place", place)
        others.append(add_track(battle))
        return place(**values)

    monkeypatch.setattr(stored_files, "place", place_after_another)
    track = add_track(battle)

    assert track.audio_file == others[0].audio_file
    assert files_there() - before == {stored_path(track)}


def test_lost_bytes_come_back_with_the_next_upload(owner: User, add_track: Callable[..., Track], battle: Path) -> None:
    first = add_track(battle)
    stored_path(first).unlink()
    add_track(battle)
    first.refresh_from_db()
    assert stored_path(first).read_bytes() == battle.read_bytes()


def test_drafts_of_killed_processes_are_removed_when_nobody_can_use_them(db: None, settings: Settings) -> None:
    settings.JOB_TIMEOUT_SECONDS = 7200
    old, young = settings.UPLOAD_DIR / "old.upload", settings.UPLOAD_DIR / "young.upload"
    for path, hours in ((old, 3.1), (young, 2.9)):
        path.write_bytes(b"half")
        then_s = time.time() - 3600 * hours
        os.utime(path, (then_s, then_s))
    assert store.remove_old_drafts() == 1
    assert young.exists()
    young.unlink()


def test_full_disk_is_said_and_nothing_stays(
    api: APIClient, upload: Callable, battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = files_there()
    monkeypatch.setattr("catalog.storages.local.os.fsync", full)
    response = api.post(URL, {"file": upload(battle)}, format="multipart")
    assert response.status_code == 503
    assert response["Retry-After"]
    assert set(response.json()) == {"detail"}
    assert files_there() == before
    assert Track.objects.count() == 0
