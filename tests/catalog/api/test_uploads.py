"""Uploads: what is taken, what is refused and in which words, and that nothing is left behind."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings
from rest_framework.test import APIClient

from catalog.models import AudioFile, Track
from catalog.services import audio_store, tracks

URL = "/api/v1/music"


def stored_files() -> set[Path]:
    """Return what lies in the store and in the upload folder."""
    return {
        path for folder in (settings.AUDIO_DIR, settings.UPLOAD_DIR) for path in folder.rglob("*") if path.is_file()
    }


def refused(api: APIClient, name: str, content: bytes) -> str:
    """Upload, expect 422 with nothing left behind, and return the reason."""
    before = stored_files()
    response = api.post(URL, {"file": SimpleUploadedFile(name, content)}, format="multipart")
    assert response.status_code == 422, response.content
    assert set(response.json()) == {"detail", "errors"}
    assert stored_files() == before
    assert Track.objects.count() == 0
    assert AudioFile.objects.count() == 0
    reason: str = response.json()["errors"]["file"][0]
    return reason


def test_takes_every_recording(api: APIClient, upload: Callable, recordings: list[Path]) -> None:
    for path in recordings:
        response = api.post(URL, {"file": upload(path)}, format="multipart")
        assert response.status_code == 200, response.content
    file = AudioFile.objects.get(tracks__file_name="battle-music.ogg")
    assert file.codec == "vorbis"
    assert 20 < file.duration_s < 45
    assert file.sample_rate_hz == 44100
    assert file.path.read_bytes() == (recordings[0].parent / "battle-music.ogg").read_bytes()


def test_reads_the_tags(api: APIClient, upload: Callable, battle: Path) -> None:
    api.post(URL, {"file": upload(battle)}, format="multipart")
    track = Track.objects.get()
    assert track.title == "battle-music"
    assert track.artist
    assert track.tags["title"]


def test_same_bytes_are_two_tracks_and_one_file(api: APIClient, upload: Callable, battle: Path) -> None:
    before = stored_files()
    ids = {api.post(URL, {"file": upload(battle)}, format="multipart").json()["musicId"] for _ in range(2)}
    assert len(ids) == 2
    assert AudioFile.objects.count() == 1
    assert len(stored_files() - before) <= 1


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
    assert first.audio_file
    path = first.audio_file.path
    tracks.remove_track(track=first)
    assert path.exists()
    second.refresh_from_db()
    tracks.remove_track(track=second)
    assert AudioFile.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_last_removal_deletes_the_bytes(owner: User, add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    assert track.audio_file
    path = track.audio_file.path
    tracks.remove_track(track=track)
    assert not path.exists()


@pytest.mark.django_db(transaction=True)
def test_last_track_of_the_same_bytes_may_go_while_they_arrive_again(
    owner: User, add_track: Callable[..., Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = add_track(battle)
    stored_track = tracks._stored_track

    def removed_before(**values: Any) -> Track | None:
        tracks.remove_track(track=first)
        return stored_track(**values)

    monkeypatch.setattr(tracks, "_stored_track", removed_before)
    second = add_track(battle)

    assert second.audio_file
    assert second.audio_file.path.exists()
    assert AudioFile.objects.count() == 1


def test_orphans_are_collected_when_old(db: None, battle: Path) -> None:
    audio_store.place(source=battle, name="zz/orphan.ogg")
    path = settings.AUDIO_DIR / "zz/orphan.ogg"
    assert tracks.collect_orphans() == 0
    os.utime(path, (0, 0))
    assert tracks.collect_orphans() == 1
    assert not path.exists()
