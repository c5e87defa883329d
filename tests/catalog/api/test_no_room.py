"""A full disk or a busy database: 503, and when to come again."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from django.test import Client

from catalog.models import Track


@pytest.mark.parametrize(
    ("url", "name"), [("/api/v1/music", "file"), ("/api/v1/fingerprint", "fingerprint"), ("/api/v1/uploads/", "")]
)
def test_upload_without_room_is_503(
    api: Client, battle: Path, upload: Callable, monkeypatch: pytest.MonkeyPatch, url: str, name: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "9"}
    response = api.post(url, {name: upload(battle)} if name else {}, headers={} if name else tus)
    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert "not enough disk space" in response.json()["detail"]


def test_full_disk_or_locked_database_is_503(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (OSError(28, "No space left on device"), OperationalError("database is locked")):

        def refuse(*args: object, error: Exception = error, **more: object) -> None:
            raise error

        monkeypatch.setattr(Track.objects, "present", refuse)
        response = api.post("/api/v1/fingerprint/add", {"musicId": "cd75b87f-cad9-4dfd-a49f-8a2d34408a0e"}, "json")
        assert response.status_code == 503
        assert response["Retry-After"] == "10"
        assert set(response.json()) == {"detail"}
