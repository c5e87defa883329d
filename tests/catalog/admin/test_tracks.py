"""Tracks in the admin: uploaded, checked, added, removed; each through its service."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from catalog.models import AudioFile, Fingerprint, IndexOperation, Job, Track
from catalog.services.index_log import CURRENT_VERSION, record_add
from catalog.services.removal import purge_removed
from tests.rows import make_match, make_track, remove_for_good, stored_path

ADD = "/admin/catalog/track/add/"


def test_upload(desk: Client, battle: Path, upload: Callable[[Path], SimpleUploadedFile], staff: User) -> None:
    response = desk.post(ADD, {"file": upload(battle), "check": "on", "add": "on"})
    track = Track.objects.get()
    assert response["Location"] == reverse("admin:catalog_track_change", args=[track.pk])
    assert (track.title, track.owner) == ("battle-music", staff)
    assert sorted(Job.objects.values_list("task_name", flat=True)) == ["add_audio_in_index", "check_is_same"]


def test_upload_alone_starts_nothing(desk: Client, battle: Path, upload: Callable[[Path], SimpleUploadedFile]) -> None:
    desk.post(ADD, {"file": upload(battle)})
    assert Track.objects.count() == 1
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("song.mp3", b"<html>not music</html>" * 50, "cannot be read as audio"),
        ("song.mp3", b"", "The file is empty."),
    ],
)
def test_refusal_is_said_beside_the_field(desk: Client, name: str, content: bytes, reason: str) -> None:
    page = desk.post(ADD, {"file": SimpleUploadedFile(name, content)}).content.decode()
    assert reason in page
    assert not Track.objects.exists()
    assert not AudioFile.objects.exists()


def test_no_file(desk: Client) -> None:
    assert "Choose an audio file." in desk.post(ADD, {}).content.decode()


def test_too_large(desk: Client, settings: Settings) -> None:
    settings.MAX_UPLOAD_MB = 1
    large = SimpleUploadedFile("song.wav", b"\0" * (1024 * 1024 + 1))
    assert "larger than the limit of 1 MB" in desk.post(ADD, {"file": large}).content.decode()
    assert not Track.objects.exists()


def test_script_is_answered_in_json(desk: Client, battle: Path, upload: Callable[[Path], SimpleUploadedFile]) -> None:
    headers = {"Accept": "application/json"}
    taken = desk.post(ADD, {"file": upload(battle), "check": "on"}, headers=headers)
    track = Track.objects.get()
    assert taken.json() == {"pk": track.pk, "title": "battle-music", "url": track.get_absolute_url()}
    assert Job.objects.get().task_name == "check_is_same"
    refused = desk.post(ADD, {"file": SimpleUploadedFile("a.mp3", b"no music" * 50)}, headers=headers)
    assert (refused.status_code, Track.objects.count()) == (422, 1)
    assert "cannot be read as audio" in refused.json()["reason"]


@pytest.mark.django_db(transaction=True)
def test_arrivals_tell_what_became_of_each_file(
    desk: Client,
    reading_desk: Client,
    outsider_desk: Client,
    battle: Path,
    upload: Callable[[Path], SimpleUploadedFile],
    drain: Callable[[], int],
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    for _ in range(2):
        desk.post(ADD, {"file": upload(battle), "check": "on", "add": "on"})
    first, second = Track.objects.order_by("pk")
    url = f"/admin/catalog/track/arrivals/?tracks={second.pk},{first.pk},999999,x"
    waiting = desk.get(url).json()["rows"]
    assert [(row["pk"], row["settled"]) for row in waiting] == [(second.pk, False), (first.pk, False)]
    drain()
    with django_assert_max_num_queries(7):
        rows = reading_desk.get(url).json()["rows"]
    assert all(row["settled"] and "in the index" in row["html"] for row in rows)
    assert sum("duplicate</span>" in row["html"] and "battle-music" in row["html"] for row in rows) >= 1
    assert outsider_desk.get(url).status_code == 302
    assert desk.get("/admin/catalog/track/arrivals/").json() == {"rows": []}


def test_page_shows_history(desk: Client, owner: User) -> None:
    track, other = make_track(owner), make_track(owner, title="The other one")
    make_match(track, other)
    page = desk.get(track.get_absolute_url()).content.decode()
    assert "The other one" in page
    assert "The same recording, 6 % faster" in page
    assert str(track.music_id) in page


def test_page_of_a_removed_track(desk: Client, owner: User) -> None:
    track = make_track(owner, audio_file=None, removed_at=timezone.now())
    page = desk.get(track.get_absolute_url()).content.decode()
    assert "Removed from the catalog" in page
    assert "<audio" not in page


@pytest.mark.parametrize("unknown", ["99999", "none"])
def test_unknown_track(desk: Client, unknown: str) -> None:
    assert desk.get(f"/admin/catalog/track/{unknown}/change/").status_code == 302


@pytest.mark.parametrize(("part", "name"), [("check", Job.Name.CHECK), ("add-to-index", Job.Name.ADD)])
def test_start_a_task(desk: Client, owner: User, part: str, name: str) -> None:
    track = make_track(owner)
    desk.post(f"/admin/catalog/track/{track.pk}/{part}/")
    assert Job.objects.get().task_name == name


def test_a_removed_track_starts_no_task(desk: Client, owner: User) -> None:
    track = make_track(owner, audio_file=None, removed_at=timezone.now())
    page = desk.post(f"/admin/catalog/track/{track.pk}/check/", follow=True).content.decode()
    assert "The track was removed" in page
    assert not Job.objects.exists()


@pytest.mark.parametrize("part", ["check", "add-to-index"])
def test_a_link_starts_no_task(desk: Client, owner: User, part: str) -> None:
    track = make_track(owner)
    assert desk.get(f"/admin/catalog/track/{track.pk}/{part}/").status_code == 405
    assert not Job.objects.exists()


def test_removal_says_first_what_goes(desk: Client, add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    record_add(track_id=track.pk)
    page = desk.get(f"/admin/catalog/track/{track.pk}/remove/").content.decode()
    assert "its place in the index" in page
    assert "the audio file (" in page
    track.refresh_from_db()
    assert track.removed_at is None


def test_removal_of_shared_bytes(desk: Client, add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    add_track(battle)
    page = desk.get(f"/admin/catalog/track/{track.pk}/remove/").content.decode()
    assert "not the audio file: 1 other track shares it" in page


@pytest.mark.django_db(transaction=True)
def test_removal(desk: Client, add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    path = stored_path(track)
    assert path.exists()
    desk.post(f"/admin/catalog/track/{track.pk}/remove/")
    track.refresh_from_db()
    assert track.removed_at is not None
    assert path.exists()
    purge_removed(now=timezone.now() + timedelta(hours=25))
    assert not path.exists()


def test_removal_is_undone(desk: Client, add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    Fingerprint.objects.create(
        audio_file=track.audio_file, version=CURRENT_VERSION, data=b"x", size_bytes=1, duration_s=1.0
    )
    record_add(track_id=track.pk)
    page = desk.post(f"/admin/catalog/track/{track.pk}/remove/", follow=True).content.decode()
    assert "Bring it back" in page
    assert IndexOperation.objects.latest("sequence").kind == "remove", "out of the index at once"
    desk.post(f"/admin/catalog/track/{track.pk}/restore/")
    track.refresh_from_db()
    assert track.removed_at is None
    assert IndexOperation.objects.latest("sequence").kind == "add"


def test_nothing_comes_back_once_its_audio_is_gone(desk: Client, add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    remove_for_good(track)
    page = desk.post(f"/admin/catalog/track/{track.pk}/restore/", follow=True).content.decode()
    assert "its audio is gone" in page
    track.refresh_from_db()
    assert track.removed_at is not None


def test_words_can_be_changed(desk: Client, owner: User) -> None:
    track = make_track(owner)
    words = {"title": "Better title", "artist": "A", "album": "B", "isrc": "USRC17607839"}
    desk.post(track.get_absolute_url(), words)
    track.refresh_from_db()
    assert (track.title, track.isrc) == ("Better title", "USRC17607839")


def test_rows_are_never_deleted(desk: Client, owner: User) -> None:
    track = make_track(owner)
    assert desk.post(f"/admin/catalog/track/{track.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Track.objects.exists()


@pytest.mark.parametrize("part", ["check", "add-to-index", "remove", "restore"])
def test_readers_change_nothing(reading_desk: Client, owner: User, part: str) -> None:
    track = make_track(owner)
    assert reading_desk.post(f"/admin/catalog/track/{track.pk}/{part}/").status_code == 403
    assert not Job.objects.exists()
    track.refresh_from_db()
    assert track.removed_at is None


def test_readers_upload_nothing(reading_desk: Client) -> None:
    assert reading_desk.get(ADD).status_code == 403
