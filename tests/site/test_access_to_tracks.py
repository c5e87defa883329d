"""An account's tracks and tasks are open to its own keys, and its audio to staff who may look at tracks."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from rest_framework.test import APIClient

from catalog.models import Job, Track
from catalog.services.tasks import accepting
from tests.site.strangers import strangers

pytestmark = pytest.mark.django_db


def test_another_accounts_key_finds_nothing(
    outsider_api: APIClient, owner: User, add_track: Callable[..., Track], battle: Path
) -> None:
    track = add_track(battle)
    job = accepting.accept_job(track=track, owner=owner, task_name=Job.Name.CHECK)
    for call in ("add", "check"):
        answer = outsider_api.post(f"/api/v1/fingerprint/{call}", {"musicId": str(track.music_id)}, format="json")
        assert answer.status_code == 422
        many = outsider_api.post(f"/api/v1/fingerprint/{call}", {"musicIds": [str(track.music_id)]}, format="json")
        assert many.status_code == 422
    removal = outsider_api.post("/api/v1/fingerprint/remove", {"musicId": str(track.music_id)}, format="json")
    assert removal.status_code == 422
    for path in (f"task/result/{job.task_id}", f"task/result/{job.task_id}/matches", f"music/{track.music_id}"):
        assert outsider_api.get(f"/api/v1/{path}").status_code == 404
    assert outsider_api.patch(f"/api/v1/music/{track.music_id}", {"title": "mine"}, format="json").status_code == 404
    assert outsider_api.delete(f"/api/v1/music/{track.music_id}").status_code == 404
    for path in ("music", "task", "events"):
        assert outsider_api.get(f"/api/v1/{path}").json()["results"] == []
    assert outsider_api.get("/api/v1/key").json()["tracks"] == 0
    assert outsider_api.get(f"/api/v1/task?musicId={track.music_id}").json()["results"] == []
    track.refresh_from_db()
    assert (track.title, track.removed_at) == ("battle-music", None)
    assert Job.objects.count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("range_header", ["", "bytes=0-99", "bytes=-5", "bytes=0-0,2-3"])
@pytest.mark.parametrize("what", ["", "peaks/", "spectrogram.png", "telling.svg"])
def test_nobody_hears_what_is_not_theirs(
    owner: User,
    outsider: User,
    clerk: Client,
    add_track: Callable[..., Track],
    battle: Path,
    what: str,
    range_header: str,
) -> None:
    track = add_track(battle)
    path = f"/catalog/audio/{track.music_id}/{what}"
    headers = {"Range": range_header} if range_header else {}
    for client in [*strangers(owner, outsider).values(), clerk]:
        for answer in (client.get(path, headers=headers), client.head(path, headers=headers)):
            assert answer.status_code in (302, 403, 405)
            assert "Content-Range" not in answer
            assert b"OggS" not in answer.content


def test_those_who_may_hear(desk: Client, reading: Client, add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    for client in (desk, reading):
        answer = client.get(f"/catalog/audio/{track.music_id}/", headers={"Range": "bytes=0-3"})
        assert answer.status_code == 206
        assert b"".join(answer.streaming_content) == b"OggS"


@pytest.fixture
def reading(db: None) -> Client:
    """A member of staff who may look at tracks and no more."""
    user = User.objects.create_user("reading", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_track"))
    client = Client()
    client.force_login(user)
    return client
