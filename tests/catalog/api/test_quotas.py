"""An account keeps no more than it may, and is told so."""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.module_loading import import_string
from pytest_django import Settings
from rest_framework.test import APIClient

from catalog.models import Track, Upload
from catalog.services.tracks.removal import remove_track
from tests.catalog.api.test_idempotency import at_once
from tests.conftest import client_of
from tests.indexed import fingerprint_at

URL = "/api/v1/music"


@pytest.mark.slow
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


@pytest.mark.slow
def test_what_was_removed_is_free_again(
    api: APIClient, owner: User, settings: Settings, upload: Callable, battle: Path
) -> None:
    settings.ACCOUNT_MAX_TRACKS = 1
    api.post(URL, {"file": upload(battle)}, format="multipart")
    remove_track(track=Track.objects.get())
    assert api.post(URL, {"file": upload(battle)}, format="multipart").status_code == 200


@pytest.mark.slow
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


def send_fingerprint(client: APIClient, data: bytes) -> Any:
    """Upload a fingerprint."""
    return client.post("/api/v1/fingerprint", {"fingerprint": SimpleUploadedFile("a.fp", data)}, format="multipart")


def begin(client: APIClient) -> Any:
    """Begin an upload of more than half a megabyte."""
    return client.post("/api/v1/uploads/", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "600000"})


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("limit", "what", "after_checks"),
    [
        ({"ACCOUNT_MAX_TRACKS": 1}, "file", "tracks.adding._probe"),
        ({"ACCOUNT_MAX_TRACKS": 1}, "fingerprint", "tracks.client_fingerprints.clean_text"),
        ({"ACCOUNT_MAX_UNCONFIRMED_HOURS": 40 / 3600}, "fingerprint", "tracks.client_fingerprints.clean_text"),
        ({"ACCOUNT_MAX_OPEN_UPLOADS": 1}, "upload", "uploads.opening.refuse_without_room"),
        ({"ACCOUNT_MAX_MB": 1}, "upload", "uploads.opening.refuse_without_room"),
    ],
)
def test_two_at_once_do_not_get_past_a_limit(
    owner: User,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    battle: Path,
    limit: dict[str, float],
    what: str,
    after_checks: str,
) -> None:
    """Each waits for the other behind its checks, as long as the other can get there."""
    for setting, most in limit.items():
        setattr(settings, setting, most)
    both, name = threading.Barrier(2), f"catalog.services.{after_checks}"
    real = import_string(name)

    def meet(*args: Any, **options: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            both.wait(1)
        return real(*args, **options)

    monkeypatch.setattr(name, meet)
    data = fingerprint_at(battle).to_bytes()
    clients = [client_of(owner) for _ in range(2)]
    calls = {
        "file": lambda: clients.pop().post(
            URL, {"file": SimpleUploadedFile("a.mp3", battle.read_bytes())}, format="multipart"
        ),
        "fingerprint": lambda: send_fingerprint(clients.pop(), data),
        "upload": lambda: begin(clients.pop()),
    }
    answers = at_once(2, calls[what])
    assert sorted(answer.status_code for answer in answers) == [201 if what == "upload" else 200, 422]
    assert Track.objects.count() + Upload.objects.count() == 1
    assert list(Path(settings.UPLOAD_DIR).iterdir()) == []
