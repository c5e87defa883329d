"""An account keeps no more than it may, and is told so."""

from collections.abc import Callable
from pathlib import Path

from django.contrib.auth.models import User
from pytest_django import Settings
from rest_framework.test import APIClient

from catalog.models import Track
from catalog.services.tracks.removal import remove_track

URL = "/api/v1/music"


def test_tracks_are_counted_by_account(
    api: APIClient, outsider_api: APIClient, settings: Settings, upload: Callable, battle: Path, forest: Path
) -> None:
    settings.ACCOUNT_MAX_TRACKS = 1
    assert api.post(URL, {"file": upload(battle)}, format="multipart").status_code == 200
    refused = api.post(URL, {"file": upload(forest)}, format="multipart")
    assert refused.status_code == 422
    assert refused.json()["errors"] == {"file": ["The account has reached its limit of 1 tracks. Remove some first."]}
    assert outsider_api.post(URL, {"file": upload(battle)}, format="multipart").status_code == 200
    assert Track.objects.count() == 2


def test_what_was_removed_is_free_again(
    api: APIClient, owner: User, settings: Settings, upload: Callable, battle: Path
) -> None:
    settings.ACCOUNT_MAX_TRACKS = 1
    api.post(URL, {"file": upload(battle)}, format="multipart")
    remove_track(track=Track.objects.get())
    assert api.post(URL, {"file": upload(battle)}, format="multipart").status_code == 200


def test_bytes_are_counted(
    api: APIClient, settings: Settings, upload: Callable, battle: Path, forest: Path, tmp_path: Path
) -> None:
    settings.ACCOUNT_MAX_MB = 1
    assert battle.stat().st_size + 2 * forest.stat().st_size > 1024 * 1024
    for path in (battle, forest):
        assert api.post(URL, {"file": upload(path)}, format="multipart").status_code == 200
    refused = api.post(URL, {"file": upload(forest)}, format="multipart")
    assert refused.status_code == 422
    assert "has used its 1 MB" in refused.json()["detail"]
    assert list(Path(settings.UPLOAD_DIR).iterdir()) == []
