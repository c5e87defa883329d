"""Many checks or adds in one call: for all of the tracks or for none."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ
from pytest_django import Settings
from rest_framework.test import APIClient

from catalog.models import Job, Track
from catalog.services.tracks import removal
from tests.rows import make_track

CALLS = ["/api/v1/fingerprint/add", "/api/v1/fingerprint/check"]


def ids(tracks: list[Track]) -> list[str]:
    """Return their ids as they are sent."""
    return [str(track.music_id) for track in tracks]


@pytest.mark.slow
@pytest.mark.parametrize("url", CALLS)
def test_a_task_each_in_their_order(api: APIClient, owner: User, url: str) -> None:
    tracks = [make_track(owner) for _ in range(100)]
    answer = api.post(url, {"musicIds": ids(tracks)}, format="json")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert list(told) == ["tasks"]
    assert [row["musicId"] for row in told["tasks"]] == ids(tracks)
    jobs = {job.task_id: job for job in Job.objects.select_related("track")}
    assert [jobs[row["taskId"]].track for row in told["tasks"]] == tracks
    assert OrmQ.objects.count() == 100


@pytest.mark.parametrize("url", CALLS)
def test_all_or_none(api: APIClient, owner: User, outsider: User, url: str) -> None:
    good, gone, foreign = make_track(owner), make_track(owner), make_track(outsider)
    removal.remove_track(track=gone)
    for wrong in (gone, foreign):
        answer = api.post(url, {"musicIds": ids([good, wrong])}, format="json")
        assert answer.status_code == 422
        assert answer.json()["errors"] == {"musicIds": [f"You have no track with the musicId {wrong.music_id}."]}
    assert not Job.objects.exists()
    assert not OrmQ.objects.exists()


@pytest.mark.parametrize("url", CALLS)
@pytest.mark.parametrize(
    "body",
    [
        {"musicIds": []},
        {"musicIds": "x"},
        {"musicIds": None},
        {"musicIds": [1]},
        {"musicIds": [None]},
        {"musicIds": ["nope"]},
        {"musicIds": ["\x00"]},
        {"musicIds": [{}]},
        {"musicIds": [str(uuid.UUID(int=1))] * 2},
        {"musicIds": [str(uuid.UUID(int=1))], "musicId": str(uuid.UUID(int=1))},
    ],
    ids=str,
)
def test_bad_batches_are_422(api: APIClient, url: str, body: Any) -> None:
    answer = api.post(url, body, format="json")
    assert answer.status_code == 422, answer.content
    assert set(answer.json()["errors"]) == {"musicIds"} or "musicIds" in str(answer.json()["errors"])
    assert "ErrorDetail" not in answer.json()["detail"]  # words about each item, and not Python's


def test_the_most_is_a_setting(api: APIClient, owner: User, settings: Settings) -> None:
    settings.BATCH_MAX_TRACKS = 2
    tracks = [make_track(owner) for _ in range(3)]
    answer = api.post(CALLS[0], {"musicIds": ids(tracks)}, format="json")
    assert answer.json()["errors"] == {"musicIds": ["Send at most 2 at once."]}
    assert api.post(CALLS[0], {"musicIds": ids(tracks[:2])}, format="json").status_code == 200


def test_a_track_more_costs_no_statement(api: APIClient, owner: User) -> None:
    """The entries of the queue are stored at once. How long a track is goes with its entry; it comes with the track."""
    tracks = [make_track(owner) for _ in range(12)]
    api.post(CALLS[0], {"musicIds": ids(tracks[:2])}, format="json")  # notes that the key was used
    counts = []
    for count in (2, 12):
        with CaptureQueriesContext(connection) as queries:
            assert api.post(CALLS[1], {"musicIds": ids(tracks[:count])}, format="json").status_code == 200
        counts.append(len(queries))
    assert counts[1] == counts[0], counts
