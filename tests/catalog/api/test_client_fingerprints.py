"""`POST /fingerprint`: the contract's upload answer, for a track of which there is no audio."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from catalog.api.openapi import NO_TRACK
from catalog.models import ClientFingerprint, IndexOperation, Job, Track
from catalog.services.index import log as index_log
from catalog.services.tracks.client_fingerprints import add_client_track, confirm
from tests.catalog.api.test_uploads import files_there
from tests.indexed import fingerprint_at
from tests.some import some

URL = "/api/v1/fingerprint"


def send(api: APIClient, data: bytes, name: str = "song.mp3.fp", **fields: str) -> Any:
    """Upload a fingerprint."""
    body = {"fingerprint": SimpleUploadedFile(name, data), **fields}
    return api.post(URL, body, format="multipart")


@pytest.fixture
def data(battle: Path) -> bytes:
    """What the command writes."""
    return fingerprint_at(battle).to_bytes()


def test_answers_as_an_upload_does(api: APIClient, data: bytes) -> None:
    answer = send(api, data)
    assert answer.status_code == 200, answer.content
    assert list(answer.json()) == ["musicId", "title", "created_at"]
    assert answer.json()["title"] == "song"
    assert send(api, data, title="Summer Breeze").json()["title"] == "Summer Breeze"
    assert Track.objects.count() == ClientFingerprint.objects.count() == 2


def test_the_track_says_that_it_has_no_audio(api: APIClient, data: bytes, staff: User) -> None:
    music_id = send(api, data).json()["musicId"]
    told = api.get(f"/api/v1/music/{music_id}").json()
    assert (told["has_audio"], told["confirmed"], told["codec"]) == (False, False, None)
    assert told["duration_s"] == pytest.approx(30.0, abs=0.5)
    assert told["size_bytes"] == len(data)
    confirm(track=Track.objects.get(), by=staff)
    assert api.get("/api/v1/music").json()["results"][0]["confirmed"] is True


def test_a_list_of_them_asks_once(api: APIClient, owner: User, data: bytes) -> None:
    api.get("/api/v1/music")  # notes that the key was used
    counts = []
    for count in (2, 6):
        for _ in range(count):
            add_client_track(owner=owner, data=data, title="x")
        with CaptureQueriesContext(connection) as queries:
            assert api.get("/api/v1/music").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert not any("client_fingerprint" in query["sql"] and '."data"' in query["sql"] for query in some(queries))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_add_and_check_go_through_the_worker(
    api: APIClient, outsider_api: APIClient, data: bytes, battle: Path, upload: Callable, drain: Callable[[], int]
) -> None:
    """Its own account's check finds it; another account's does not, until staff confirm it."""
    ours = send(api, data).json()["musicId"]
    added = api.post(f"{URL}/add", {"musicId": ours}, format="json").json()["taskId"]
    drain()
    assert api.get(f"/api/v1/task/result/{added}").json()["status"] == "success"
    found = {}
    for client in (api, outsider_api):
        heard = client.post("/api/v1/music", {"file": upload(battle)}, format="multipart").json()["musicId"]
        task = client.post(f"{URL}/check", {"musicId": heard}, format="json").json()["taskId"]
        drain()
        found[client] = client.get(f"/api/v1/task/result/{task}").json()["result"]["matched_music_id"]
    assert list(found.values()) == [ours, None]
    assert Job.objects.exclude(status="success").count() == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"no fingerprint", "not a fingerprint"),
        (b"mfp\x01" + bytes(40), "parameters 0"),
        (bytes(3_000_000), "larger than the limit of 2500 kB"),
    ],
)
def test_refused_in_words_with_nothing_left(api: APIClient, content: bytes, words: str) -> None:
    before = files_there()
    answer = send(api, content)
    assert answer.status_code == 422
    assert words in answer.json()["errors"]["fingerprint"][0]
    assert files_there() == before
    assert not Track.objects.exists()


def test_one_that_is_too_large_is_not_read(api: APIClient, settings: Settings) -> None:
    """Also where its size is said by nothing but its bytes."""
    settings.MAX_FINGERPRINT_KB = 16
    assert "16 kB" in send(api, bytes(40 * 1024)).json()["detail"]
    settings.MAX_UPLOAD_MB = 1
    answer = send(api, bytes(1_500_000))
    assert answer.status_code == 422


@pytest.mark.parametrize("body", [{}, {"fingerprint": "text"}, {"title": "alone"}])
def test_without_a_file(api: APIClient, body: dict[str, str]) -> None:
    answer = api.post(URL, body, format="multipart")
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {"fingerprint"}


def test_damaged_ones_make_no_error_of_the_service(api: APIClient, data: bytes) -> None:
    """Every 97th byte turned over, and every length that is too short."""
    for place in range(0, len(data), 997):
        damaged = bytearray(data)
        damaged[place] ^= 0x55
        for tried in (bytes(damaged), data[:place]):
            assert send(api, tried).status_code == 422


def test_an_outdated_one_is_replaced(api: APIClient, outsider_api: APIClient, data: bytes, staff: User) -> None:
    """The track stays: its id, its title, its place in the index. Staff confirm the new one."""
    music_id = send(api, data, title="Mine").json()["musicId"]
    track = Track.objects.get()
    refused = send(api, data, musicId=music_id)
    assert refused.json()["errors"] == {"fingerprint": ["The track with this musicId has no outdated fingerprint."]}
    confirm(track=track, by=staff)
    with transaction.atomic():
        index_log.record_add(track_id=track.pk)
    ClientFingerprint.objects.update(version="1", data=b"old")
    IndexOperation.objects.update(version="1")
    assert send(outsider_api, data, musicId=music_id).json()["errors"] == {"musicId": [NO_TRACK]}
    answer = send(api, data, musicId=music_id)
    assert (answer.status_code, answer.json()["title"]) == (200, "Mine"), answer.content
    made = ClientFingerprint.objects.get()
    assert (made.is_outdated, bytes(made.data), made.confirmed_at) == (False, data, None)
    latest = IndexOperation.objects.order_by("sequence").last()
    assert latest is not None
    assert (latest.kind, latest.version) == (IndexOperation.Kind.ADD, index_log.CURRENT_VERSION)
    assert Track.objects.count() == 1


def test_one_that_is_in_no_index_stays_out(api: APIClient, data: bytes) -> None:
    music_id = send(api, data).json()["musicId"]
    ClientFingerprint.objects.update(version="1")
    assert send(api, data, musicId=music_id).status_code == 200
    assert not IndexOperation.objects.exists()
