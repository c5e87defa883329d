"""A full disk or a busy database: 503, and when to come again."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from django.test import Client

from catalog.models import Track


def test_upload_without_room_is_503(api: Client, battle: Path, upload: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    response = api.post("/api/v1/music", {"file": upload(battle)})
    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert "no room" in response.json()["detail"]


def test_full_disk_or_locked_database_is_503(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (OSError(28, "No space left on device"), OperationalError("database is locked")):

        def refuse(*args: object, error: Exception = error, **more: object) -> None:
            raise error

        monkeypatch.setattr(Track.objects, "present", refuse)
        response = api.post("/api/v1/fingerprint/add", {"musicId": "cd75b87f-cad9-4dfd-a49f-8a2d34408a0e"}, "json")
        assert response.status_code == 503
        assert response["Retry-After"] == "10"
        assert set(response.json()) == {"detail"}
