"""Golden bodies: byte for byte what contract.md writes, but for ids and times."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from catalog.models import Job, Track
from catalog.services.tasks import accepting, work
from webhooks.contract import new_task_id

MUSIC_ID = uuid.UUID("6d516670-e81b-49b5-a1f6-465407f84830")
TASK_ID = "task_20260402055414_LmxwriSZ"
ENDED = datetime(2026, 4, 2, 14, 54, 14, 859289, tzinfo=UTC)


@pytest.fixture
def ended_job(owner: User) -> Callable[..., Job]:
    """Store a job that has ended as asked."""

    def make(*, name: str, status: str, result: dict[str, object] | None = None, error: str = "") -> Job:
        track = Track.objects.create(owner=owner, title="Upload")
        return Job.objects.create(
            task_id=TASK_ID,
            task_name=name,
            track=track,
            owner=owner,
            status=status,
            result=result,
            error=error,
            completed_at=ENDED,
        )

    return make


def polled(api: APIClient) -> bytes:
    """Return the bytes of the answer about the task."""
    response = api.get(f"/api/v1/task/result/{TASK_ID}")
    assert response.status_code == 200
    return response.content


def test_music(api: APIClient, upload: Callable, battle: Path) -> None:
    response = api.post("/api/v1/music", {"file": upload(battle)}, format="multipart")
    assert response.status_code == 200
    assert re.fullmatch(
        rb'\{"musicId": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "title": "battle-music", '
        rb'"created_at": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"\}',
        response.content,
    )
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("call", ["add", "check"])
def test_task_accepted(api: APIClient, owner: User, call: str) -> None:
    track = Track.objects.create(owner=owner, title="Upload")
    response = api.post(f"/api/v1/fingerprint/{call}", {"musicId": str(track.music_id)}, format="json")
    assert response.status_code == 200
    assert re.fullmatch(rb'\{"taskId": "task_\d{14}_[A-Za-z0-9]{8}"\}', response.content)


def test_task_id_carries_the_utc_time() -> None:
    assert new_task_id(datetime(2026, 4, 2, 5, 54, 14, tzinfo=UTC)).startswith("task_20260402055414_")


def test_pending(api: APIClient, owner: User) -> None:
    track = Track.objects.create(owner=owner, title="Upload")
    Job.objects.create(task_id=TASK_ID, task_name=Job.Name.ADD, track=track, owner=owner)
    assert polled(api) == b'{"task_id": "task_20260402055414_LmxwriSZ", "status": "pending"}'


def test_processing(api: APIClient, owner: User) -> None:
    track = Track.objects.create(owner=owner, title="Upload")
    Job.objects.create(
        task_id=TASK_ID, task_name=Job.Name.ADD, track=track, owner=owner, status="processing", lease_token=uuid.uuid4()
    )
    assert polled(api) == b'{"task_id": "task_20260402055414_LmxwriSZ", "status": "processing"}'


def test_add_success(api: APIClient, ended_job: Callable[..., Job]) -> None:
    ended_job(name=Job.Name.ADD, status="success")
    assert polled(api) == (
        b'{"task_id": "task_20260402055414_LmxwriSZ", "task_name": "add_audio_in_index", "status": "success", '
        b'"completed_at": "2026-04-02T14:54:14.859289"}'
    )


def test_check_with_a_match(api: APIClient, owner: User, ended_job: Callable[..., Job]) -> None:
    summer = Track.objects.create(owner=owner, title="Summer Breeze", music_id=MUSIC_ID)

    class Found:
        is_duplicate = True
        track_id = summer.pk

    ended_job(name=Job.Name.CHECK, status="success", result=work.verdict([Found()], {summer.pk: summer}))  # type: ignore[list-item]
    assert polled(api) == (
        b'{"task_id": "task_20260402055414_LmxwriSZ", "task_name": "check_is_same", "status": "success", '
        b'"result": {"is_duplicate": true, "matched_music_id": "6d516670-e81b-49b5-a1f6-465407f84830", '
        b'"matched_musicname": "Summer Breeze"}, "completed_at": "2026-04-02T14:54:14.859289"}'
    )


def test_check_without_a_match(api: APIClient, ended_job: Callable[..., Job]) -> None:
    ended_job(name=Job.Name.CHECK, status="success", result=work.verdict([], {}))
    assert polled(api) == (
        b'{"task_id": "task_20260402055414_LmxwriSZ", "task_name": "check_is_same", "status": "success", '
        b'"result": {"is_duplicate": false, "matched_music_id": null, "matched_musicname": null}, '
        b'"completed_at": "2026-04-02T14:54:14.859289"}'
    )


@pytest.mark.parametrize("name", [Job.Name.ADD, Job.Name.CHECK])
def test_failure(api: APIClient, ended_job: Callable[..., Job], name: str) -> None:
    ended_job(name=name, status="failure", error="The file is silent.")
    assert polled(api) == (
        b'{"task_id": "task_20260402055414_LmxwriSZ", "task_name": "' + name.encode() + b'", "status": "failure", '
        b'"completed_at": "2026-04-02T14:54:14.859289", "error": "The file is silent."}'
    )


def test_completed_at_is_in_the_deployments_time_zone(
    api: APIClient, ended_job: Callable[..., Job], settings: object
) -> None:
    settings.TIME_ZONE = "Europe/Paris"  # type: ignore[attr-defined]
    ended_job(name=Job.Name.ADD, status="success")
    assert b'"completed_at": "2026-04-02T16:54:14.859289"' in polled(api)


def test_a_defect_is_told_in_the_apis_shape(api: APIClient, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    track = Track.objects.create(owner=owner, title="Upload")
    monkeypatch.setattr(accepting, "accept_jobs", None)
    api.raise_request_exception = False
    answer = api.post("/api/v1/fingerprint/add", {"musicId": str(track.music_id)}, format="json")
    assert answer.status_code == 500
    assert set(answer.json()) == {"detail"}
    assert "X-RateLimit-Limit" in answer
