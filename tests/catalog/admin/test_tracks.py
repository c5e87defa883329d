"""Tracks in the admin: uploaded, checked, added, removed; each through its service."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from catalog.admin.tracks import TrackAdmin
from catalog.models import AudioFile, Fingerprint, IndexOperation, Job, Track
from catalog.services.audio import stored_files
from catalog.services.decisions import decide
from catalog.services.index.log import CURRENT_VERSION, record_add
from catalog.services.tracks.removal import purge_removed
from staff.admin import large_tables
from tests.rows import make_check, make_match, make_track, remove_for_good, stored_path
from tests.some import some
from webhooks.models import Attempt, Endpoint, Message

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


@pytest.mark.slow
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


@pytest.mark.slow
def test_script_is_answered_in_json(desk: Client, battle: Path, upload: Callable[[Path], SimpleUploadedFile]) -> None:
    headers = {"Accept": "application/json"}
    taken = desk.post(ADD, {"file": upload(battle), "check": "on"}, headers=headers)
    track = Track.objects.get()
    assert taken.json() == {"pk": track.pk, "title": "battle-music", "url": track.get_absolute_url()}
    assert Job.objects.get().task_name == "check_is_same"
    refused = desk.post(ADD, {"file": SimpleUploadedFile("a.mp3", b"no music" * 50)}, headers=headers)
    assert (refused.status_code, Track.objects.count()) == (422, 1)
    assert "cannot be read as audio" in refused.json()["reason"]


@pytest.mark.slow
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
    assert all(row["settled"] and "in the index" in row["html"] for row in some(rows))
    assert [row["duplicate"] for row in rows] == ["content_copy" in row["html"] for row in rows]
    assert sum("the same audio</span>" in row["html"] and "battle-music" in row["html"] for row in rows) >= 1
    assert outsider_desk.get(url).status_code == 302
    assert desk.get("/admin/catalog/track/arrivals/").json() == {"rows": []}


def test_page_shows_history(desk: Client, owner: User) -> None:
    track, other = make_track(owner), make_track(owner, title="The other one")
    make_match(track, other)
    page = desk.get(track.get_absolute_url()).content.decode()
    assert "The other one" in page
    assert "An excerpt, 0:04 to 0:25, sped up 6 %" in page
    assert str(track.music_id) in page


def test_page_tells_where_else_it_is_and_what_was_decided(desk: Client, owner: User, staff: User) -> None:
    track, decided, waiting = (make_track(owner, title=title) for title in ("This", "Decided one", "Waiting one"))
    for _ in range(3):
        make_match(track, decided)
    make_match(waiting, track)
    decide(one=track, other=decided, verdict="version", keeper=None, decided_by=staff)
    page = desk.get(track.get_absolute_url()).content.decode()
    assert page.count(f'id="other-{decided.pk}"') == 1, "found three times, told once"
    assert "this track was checked" in page
    assert "the other track was checked" in page
    assert page.count(">decide</a>") == 1
    assert "another version" in page


def test_page_tells_each_tasks_callback(desk: Client, owner: User) -> None:
    track = make_track(owner)
    now = timezone.now()
    endpoint = Endpoint.objects.create(
        owner=owner, url="https://label.example/hook", sealed_secret="x", verified_at=now
    )
    for number, state in enumerate(("delivered", "pending")):
        job = make_check(track)
        message = Message.objects.create(
            message_id=f"msg_{number}",
            endpoint=endpoint,
            event=job.task_name,
            event_key=job.task_id,
            subject=job.task_id,
            body="{}",
            state=state,
            delivered_at=now if state == "delivered" else None,
            schedule_start=now,
            next_attempt_at=now + timedelta(minutes=4, seconds=30),
            created_at=now,
        )
        Attempt.objects.create(message=message, number=1, started_at=now, url=endpoint.url, status=500, duration_ms=38)
    make_check(track)
    page = desk.get(track.get_absolute_url()).content.decode()
    assert "1 attempt" in page
    assert "in 4 min" in page
    assert '<span class="mf-dim">none</span>' in page


@pytest.mark.slow
def test_page_asks_no_query_for_each_row(desk: Client, owner: User) -> None:
    track = make_track(owner)

    def count() -> int:
        make_match(track, make_track(owner))
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(track.get_absolute_url()).status_code == 200
        return len(queries)

    count()
    with_two = count()
    assert [count() for _ in range(25)] == [with_two] * 25, "whatever there is, and past what is shown"


def test_page_leads_to_all_tasks(desk: Client, owner: User) -> None:
    track = make_track(owner)
    for _ in range(21):
        make_check(track)
    make_check(make_track(owner, title="Another"))
    address = reverse("admin:catalog_job_changelist") + f"?track__id__exact={track.pk}"
    assert address in desk.get(track.get_absolute_url()).content.decode()
    assert "Another" not in desk.get(address).content.decode()


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
    page = desk.get(f"/admin/catalog/track/{track.pk}/{part}/", follow=True)
    assert page.redirect_chain == [(track.get_absolute_url(), 302)]
    assert "Nothing was done yet" in page.content.decode()
    assert not Job.objects.exists()


def test_removal_says_first_what_goes(desk: Client, add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    record_add(track_id=track.pk)
    page = desk.get(f"/admin/catalog/track/{track.pk}/remove/").content.decode()
    assert "its entry in the index" in page
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
    stored_files.remove_due()
    assert not path.exists()


def test_removal_is_undone(desk: Client, add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    Fingerprint.objects.create(
        audio_file=track.audio_file, version=CURRENT_VERSION, data=b"x", size_bytes=1, duration_s=1.0
    )
    record_add(track_id=track.pk)
    page = desk.post(f"/admin/catalog/track/{track.pk}/remove/", follow=True).content.decode()
    assert "Restore</button>" in page
    assert IndexOperation.objects.latest("sequence").kind == "remove", "out of the index at once"
    desk.post(f"/admin/catalog/track/{track.pk}/restore/")
    track.refresh_from_db()
    assert track.removed_at is None
    assert IndexOperation.objects.latest("sequence").kind == "add"


def test_nothing_comes_back_once_its_audio_is_gone(desk: Client, add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    remove_for_good(track)
    page = desk.post(f"/admin/catalog/track/{track.pk}/restore/", follow=True).content.decode()
    assert "its audio was deleted" in page
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("term", "found"),
    [("SUMMER", 1), ("breeze summer", 1), ('"summer breeze"', 1), ('"breeze summer"', 0), ("100%", 1), ("un_er", 0)],
)
def test_words_are_looked_for_in_all_columns_at_once(desk: Client, owner: User, term: str, found: int) -> None:
    make_track(owner, title="Summer", artist="Summer Breeze", album="Under 100%")
    make_track(owner, title="Winter", artist="Nobody", album="1000")
    page = desk.get("/admin/catalog/track/", {"q": term})
    assert page.context["cl"].result_count == found


def test_the_way_back_to_all_rows_is_offered_where_some_are_left_out(desk: Client, owner: User) -> None:
    make_track(owner, title="Summer")
    assert "Show all" not in desk.get("/admin/catalog/track/").content.decode()
    assert "Show all" in desk.get("/admin/catalog/track/?q=winter").content.decode()


def test_a_count_that_stopped_says_so(desk: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_tables, "COUNTED_ROWS", 2)
    monkeypatch.setattr(TrackAdmin, "list_per_page", 1)
    for number in range(3):
        make_track(owner, title=f"Song {number}")
    page = desk.get("/admin/catalog/track/").content.decode()
    assert "2+" in page
