"""One's own tracks through the API: list, filter, look, tag, remove."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.api.views import music
from catalog.models import IndexOperation, Job, Track
from catalog.selectors.tracks import with_standing
from catalog.services.index import log
from catalog.services.tracks import removal
from catalog.services.tracks.tagging import MOST_TAGS
from tests.rows import make_check, make_track

NOBODYS = str(uuid.UUID(int=7))
URL = "/api/v1/music"


def titles(answer: Any) -> list[str]:
    """Return the titles of a page."""
    assert answer.status_code == 200, answer.content
    return [row["title"] for row in answer.json()["results"]]


def put_in_index(track: Track) -> None:
    """Write in the log that a track belongs in the index."""
    with transaction.atomic():
        assert log.record_add(track_id=track.pk)


@pytest.fixture
def tracks(owner: User) -> list[Track]:
    """Five tracks, the first one the oldest."""
    return [make_track(owner, title=f"Song {number}") for number in range(5)]


def pages(api: APIClient, query: str) -> list[list[str]]:
    """Read a list to its end."""
    found, cursor = [], ""
    while True:
        answer = api.get(f"{URL}?{query}{cursor}")
        found.append(titles(answer))
        if answer.json()["next_cursor"] is None:
            return found
        cursor = f"&cursor={answer.json()['next_cursor']}"


def test_a_track_says_what_is_known_of_it(api: APIClient, owner: User) -> None:
    track = make_track(owner, title="Café", isrc="DEA123400001", tags={"genre": "Pop"}, file_name="a.mp3")
    put_in_index(track)
    make_check(track, found=make_track(owner))
    told = api.get(f"{URL}/{track.music_id}").json()
    assert told == {
        "musicId": str(track.music_id), "title": "Café", "created_at": told["created_at"], "artist": "Somebody",
        "album": "", "isrc": "DEA123400001", "tags": {"genre": "Pop"}, "file_name": "a.mp3", "duration_s": 30.0,
        "size_bytes": 480_000, "codec": "mp3", "has_audio": True, "confirmed": None, "indexed": True,
        "is_duplicate": True,
    }  # fmt: skip
    assert told["created_at"].endswith("Z")
    assert told in api.get(URL).json()["results"]


def test_pages_hold_each_track_once_whatever_is_added_or_removed_meanwhile(
    api: APIClient, owner: User, tracks: list[Track]
) -> None:
    first = api.get(f"{URL}?limit=2").json()
    assert [row["title"] for row in first["results"]] == ["Song 4", "Song 3"]
    make_track(owner, title="New")
    removal.remove_track(track=tracks[3])  # the row that the cursor names
    second = api.get(f"{URL}?limit=2&cursor={first['next_cursor']}").json()
    assert [row["title"] for row in second["results"]] == ["Song 2", "Song 1"]
    third = api.get(f"{URL}?limit=2&cursor={second['next_cursor']}").json()
    assert [row["title"] for row in third["results"]] == ["Song 0"]
    assert third["next_cursor"] is None


def test_tracks_of_one_moment_are_told_apart(api: APIClient, owner: User, tracks: list[Track]) -> None:
    Track.objects.update(created_at=timezone.now())
    assert pages(api, "limit=2") == [["Song 4", "Song 3"], ["Song 2", "Song 1"], ["Song 0"]]


def test_a_last_page_that_is_full_has_no_other_behind_it(api: APIClient, tracks: list[Track]) -> None:
    assert pages(api, "limit=5") == [[f"Song {number}" for number in (4, 3, 2, 1, 0)]]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=²", "limit=", "cursor=x", "cursor="])
def test_what_is_no_page_is_422(api: APIClient, tracks: list[Track], query: str) -> None:
    answer = api.get(f"{URL}?{query}")
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {query.split("=", maxsplit=1)[0]}


def test_anothers_cursor_is_none(api: APIClient, outsider: User) -> None:
    assert api.get(f"{URL}?cursor={make_track(outsider).music_id}").status_code == 422


def test_filters(api: APIClient, owner: User, tracks: list[Track]) -> None:
    put_in_index(tracks[1])
    make_check(tracks[2], found=tracks[1])
    make_check(tracks[3])
    Track.objects.filter(pk=tracks[0].pk).update(created_at=timezone.now() - timedelta(days=2))
    named = make_track(owner, title="Große STRASSE", artist="Song", isrc="DEA123400001")
    day = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    expected = {
        "title=song": ["Song 4", "Song 3", "Song 2", "Song 1", "Song 0"],
        "title=GROSSE%20stra%C3%9Fe": [named.title],
        "title=x%0Asomebody": [],
        "isrc=de-a12-34-00001": [named.title],
        "indexed=true": ["Song 1"],
        "indexed=false&title=song": ["Song 4", "Song 3", "Song 2", "Song 0"],
        "last_check=duplicate": ["Song 2"],
        "last_check=no_duplicate": ["Song 3"],
        "last_check=never&title=song": ["Song 4", "Song 1", "Song 0"],
        f"created_before={day}": ["Song 0"],
        f"created_after={day}&title=song&limit=100": ["Song 4", "Song 3", "Song 2", "Song 1"],
    }
    assert {query: titles(api.get(f"{URL}?{query}")) for query in expected} == expected


@pytest.mark.parametrize(
    "query",
    [
        "indexed=maybe",
        "last_check=x",
        "created_after=yesterday",
        "isrc=1",
        "titel=Song",
        "title=%00",
        "owner=1",
        "page=2",
    ],
)
def test_a_filter_that_is_none_is_422_and_not_left_out(api: APIClient, tracks: list[Track], query: str) -> None:
    answer = api.get(f"{URL}?{query}")
    assert answer.status_code == 422, answer.content
    assert set(answer.json()["errors"]) == {query.split("=", maxsplit=1)[0]}


def test_a_page_asks_the_database_as_often_for_many_as_for_few(api: APIClient, owner: User) -> None:
    make_track(owner)
    api.get(URL)
    counts = set()
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert api.get(URL).status_code == 200
        counts.add(len(queries))
        for _ in range(5):
            make_check(make_track(owner))
    assert counts == {3}  # the key, its call, the page


@pytest.mark.parametrize(("url", "index"), [(URL, "tracks_of_owner"), ("/api/v1/task", "jobs_of_owner")])
def test_a_page_goes_along_an_index_from_its_cursor(api: APIClient, owner: User, url: str, index: str) -> None:
    """No page sorts or counts: one deep in a large catalog costs what the first one does."""
    for _ in range(5):
        make_check(make_track(owner))
    cursor = api.get(f"{url}?limit=2").json()["next_cursor"]
    with CaptureQueriesContext(connection) as queries:
        assert len(api.get(f"{url}?limit=2&cursor={cursor}").json()["results"]) == 2
    page = queries[-1]["sql"]
    if connection.vendor != "sqlite":
        assert "LIMIT 3" in page  # the planner goes through so few rows without an index
        return
    with connection.cursor() as cursor_of_plan:
        cursor_of_plan.execute(f"EXPLAIN QUERY PLAN {page}")
        plan = [row[3] for row in cursor_of_plan.fetchall()]
    assert f"USING INDEX {index} (owner_id=? AND created_at<?)" in plan[0]
    assert [step for step in plan if "TEMP B-TREE FOR ORDER BY" in step and "SCALAR" not in step][1:] == []


def test_tags_are_set_and_merged(api: APIClient, owner: User) -> None:
    track = make_track(owner, album="Old", tags={"genre": "Pop", "mood": "sad"})
    change = {"title": " Neu ", "isrc": "de-a12-34-00001", "tags": {"mood": None, "label": "X"}}
    answer = api.patch(f"{URL}/{track.music_id}", change, format="json")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["title"], told["isrc"], told["album"]) == ("Neu", "DEA123400001", "Old")
    assert told["tags"] == {"genre": "Pop", "label": "X"}
    assert titles(api.get(f"{URL}?title=neu")) == ["Neu"]  # the folded text went along
    assert api.patch(f"{URL}/{track.music_id}", {"album": "", "isrc": ""}, format="json").json()["isrc"] == ""


BAD = [
    {}, [], "text", None, {"title": ""}, {"title": None}, {"title": 5}, {"title": "x" * 256}, {"title": "a\nb"},
    {"artist": ["x"]}, {"album": "\u202e"}, {"isrc": "12"}, {"tags": []}, {"tags": {"a": 1}}, {"tags": {"": "x"}},
    {"tags": {"x" * 256: "x"}}, {"tags": {"a": "\x00"}}, {"musicId": NOBODYS}, {"title": "a", "owner": 1},
    {"tags": {str(number): "x" for number in range(MOST_TAGS + 1)}},
]  # fmt: skip


@pytest.mark.parametrize("body", BAD, ids=lambda body: str(body)[:40])
def test_bad_tags_are_422_and_change_nothing(api: APIClient, owner: User, body: object) -> None:
    track = make_track(owner, title="Old")
    answer = api.patch(f"{URL}/{track.music_id}", body, format="json")
    assert answer.status_code == 422, answer.content
    assert set(answer.json()) == {"detail", "errors"}
    track.refresh_from_db()
    assert (track.title, track.tags) == ("Old", {})


def test_delete_is_the_removal_of_the_pages(api: APIClient, owner: User) -> None:
    track = make_track(owner)
    put_in_index(track)
    answer = api.delete(f"{URL}/{track.music_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "X-RateLimit-Limit" in answer
    assert IndexOperation.objects.latest("sequence").kind == "remove"
    for call in (api.get, api.delete):
        assert call(f"{URL}/{track.music_id}").status_code == 404
    assert api.patch(f"{URL}/{track.music_id}", {"title": "x"}, format="json").status_code == 404
    assert titles(api.get(URL)) == []
    assert removal.restore_track(track=track)
    assert titles(api.get(URL)) == [track.title]


@pytest.mark.parametrize("music_id", [NOBODYS, "x", "%00", NOBODYS.replace("-", ""), f"{{{NOBODYS}}}"])
def test_a_track_that_is_not_there_is_404(api: APIClient, music_id: str) -> None:
    answer = api.get(f"{URL}/{music_id}")
    assert answer.status_code == 404
    assert set(answer.json()) == {"detail"}


def test_a_track_that_is_removed_while_it_is_read_is_404(
    api: APIClient, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    track = make_track(owner)

    def removed_meanwhile(tracks: QuerySet[Track]) -> QuerySet[Track]:
        removal.remove_track(track=track)
        return with_standing(tracks)

    monkeypatch.setattr(music, "with_standing", removed_meanwhile)
    assert api.get(f"{URL}/{track.music_id}").status_code == 404


def test_taking_out_of_the_index_keeps_the_track(api: APIClient, owner: User) -> None:
    track = make_track(owner)
    body = {"musicId": str(track.music_id)}
    put_in_index(track)
    for was_indexed in (True, False):
        answer = api.post("/api/v1/fingerprint/remove", body, format="json")
        assert answer.json() == body | {"was_indexed": was_indexed}
    assert api.get(f"{URL}/{track.music_id}").json()["indexed"] is False
    assert list(IndexOperation.objects.values_list("kind", flat=True)) == ["add", "out"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_check_does_not_put_back_what_was_taken_out(
    api: APIClient, upload: Callable, battle: Path, drain: Callable[[], int]
) -> None:
    answer = api.post(f"{URL}?then=add", {"file": upload(battle)}, format="multipart").json()
    drain()
    body = {"musicId": answer["musicId"]}
    assert api.post("/api/v1/fingerprint/remove", body, format="json").json()["was_indexed"]
    api.post("/api/v1/fingerprint/check", body, format="json")
    drain()
    assert api.get(f"{URL}/{answer['musicId']}").json()["indexed"] is False


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("then", ["add,check", "check,add", "check", "add,,add", "check&then=add"])
def test_upload_and_tasks_in_one_call(api: APIClient, upload: Callable, battle: Path, then: str) -> None:
    answer = api.post(f"{URL}?then={then}", {"file": upload(battle)}, format="multipart")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    names = list(dict.fromkeys(filter(None, then.replace("&then=", ",").split(","))))
    assert list(told) == ["musicId", "title", "created_at", "taskIds"]
    assert list(told["taskIds"]) == names
    jobs = Job.objects.filter(track__music_id=told["musicId"]).order_by("pk")
    assert [job.task_id for job in jobs] == list(told["taskIds"].values())
    assert [job.get_task_name_display() for job in jobs] == names


@pytest.mark.slow
@pytest.mark.parametrize("then", ["remove", "add check", "ADD"])
def test_unknown_tasks_of_an_upload_are_422_and_store_nothing(
    api: APIClient, upload: Callable, battle: Path, then: str
) -> None:
    answer = api.post(f"{URL}?then={then}", {"file": upload(battle)}, format="multipart")
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {"then"}
    assert not Track.objects.exists()
    assert not Job.objects.exists()
