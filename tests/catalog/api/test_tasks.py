"""Tasks through the API: ownership, bad bodies, and the way to the end."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from catalog.models import Job, Track
from catalog.services.tasks.accepting import accept_job
from tests.conftest import client_of
from tests.some import some

CALLS = ["/api/v1/fingerprint/add", "/api/v1/fingerprint/check"]


@pytest.fixture
def track(owner: User) -> Track:
    """A track of the owner's."""
    return Track.objects.create(owner=owner, title="Song")


@pytest.mark.parametrize("url", CALLS)
def test_foreign_track_is_422(outsider_api: APIClient, track: Track, url: str) -> None:
    response = outsider_api.post(url, {"musicId": str(track.music_id)}, format="json")
    assert response.status_code == 422
    assert response.json()["errors"] == {"musicId": ["You have no track with this musicId."]}
    assert Job.objects.count() == 0


@pytest.mark.parametrize("url", CALLS)
def test_key_of_staff_opens_their_own_tracks_only(staff: User, owner: User, track: Track, url: str) -> None:
    """What staff may see is for the pages to ask their permissions about; a key asks for none."""
    job = accept_job(track=track, owner=owner, task_name=Job.Name.CHECK)
    call = client_of(staff)
    assert call.post(url, {"musicId": str(track.music_id)}, format="json").status_code == 422
    assert call.get(f"/api/v1/task/result/{job.task_id}").status_code == 404
    mine = Track.objects.create(owner=staff, title="Mine")
    assert call.post(url, {"musicId": str(mine.music_id)}, format="json").status_code == 200


@pytest.mark.parametrize("url", CALLS)
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"musicId": ""},
        {"musicId": None},
        {"musicId": 5},
        {"musicId": []},
        {"musicId": "nope"},
        {"musicId": str(uuid.uuid4())},
        {"musicId": "\x00"},
        [],
        "text",
        None,
    ],
)
def test_bad_body_is_422(api: APIClient, url: str, body: object) -> None:
    response = api.post(url, body, format="json")
    assert response.status_code == 422, response.content
    assert set(response.json()) == {"detail", "errors"}
    assert all(isinstance(texts, list) and some(texts) for texts in some(response.json()["errors"].values()))


@pytest.mark.parametrize("url", CALLS)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[" * 60_000, b'{"musicId": NaN}', b"x" * 70_000, b'{"musicId": "\\ud800"}']
)
def test_malformed_json_is_422(api: APIClient, url: str, body: bytes) -> None:
    response = api.generic("POST", url, body, content_type="application/json")
    assert response.status_code == 422, response.content


@pytest.mark.parametrize("url", CALLS)
def test_wrong_content_type_is_422(api: APIClient, track: Track, url: str) -> None:
    assert api.post(url, {"musicId": str(track.music_id)}, format="multipart").status_code == 422


def test_anothers_task_is_404(outsider_api: APIClient, api: APIClient, track: Track) -> None:
    task_id = api.post(CALLS[1], {"musicId": str(track.music_id)}, format="json").json()["taskId"]
    assert api.get(f"/api/v1/task/result/{task_id}").status_code == 200
    assert outsider_api.get(f"/api/v1/task/result/{task_id}").status_code == 404


@pytest.mark.parametrize(
    "task_id", ["x", "task_1_2", "task_20260402055414_AbCdEfGh", "%00", "task_20260402055414_Ab%00CdEfG"]
)
def test_unknown_task_is_404(api: APIClient, task_id: str) -> None:
    response = api.get(f"/api/v1/task/result/{task_id}")
    assert response.status_code == 404
    assert set(response.json()) == {"detail"}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_whole_way_through_the_queue(api: APIClient, upload: Callable, battle: Path, drain: Callable[[], int]) -> None:
    """Upload, add, upload again, check: through django-q's own pusher, worker and monitor."""
    first, second = (
        api.post("/api/v1/music", {"file": upload(battle)}, format="multipart").json()["musicId"] for _ in range(2)
    )
    added = api.post(CALLS[0], {"musicId": first}, format="json").json()["taskId"]
    assert api.get(f"/api/v1/task/result/{added}").json() == {"task_id": added, "status": "pending"}
    drain()
    assert api.get(f"/api/v1/task/result/{added}").json()["status"] == "success"
    checked = api.post(CALLS[1], {"musicId": second}, format="json").json()["taskId"]
    drain()
    result = api.get(f"/api/v1/task/result/{checked}").json()["result"]
    assert result == {"is_duplicate": True, "matched_music_id": first, "matched_musicname": "battle-music"}
