"""The health checks: what they say, and that they say no more."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import DatabaseError
from django.test import Client
from pytest_django import Settings

from fingerprint_site.health import readiness
from queueing import queue_health


@pytest.fixture
def canaries(db: None, settings: Settings) -> None:
    """Both queues answer."""
    for cluster in settings.QUEUE_CLUSTERS:
        queue_health.send_canary(cluster=cluster)
        queue_health.note_answer(cluster=cluster)


def test_live_asks_no_database() -> None:
    """Without the `db` fixture a query fails the test."""
    response = Client().get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_ready_names_each_piece(canaries: None) -> None:
    response = Client().get("/health/ready")
    assert response.status_code == 200, response.json()
    assert response.json()["status"] == "ok"
    assert list(response.json()["checks"]) == [
        "database",
        "migrations",
        "index",
        "queue fingerprint",
        "queue webhooks",
        "disk",
        "uploaded files",
    ]
    assert "no-cache" in response["Cache-Control"]


def test_not_ready_before_a_canary_came_back(db: None) -> None:
    response = Client().get("/health/ready")
    assert response.status_code == 503
    assert response.json()["checks"]["queue webhooks"].startswith("starting")


def test_not_ready_without_room(canaries: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    response = Client().get("/health/ready")
    assert response.status_code == 503
    assert "uploads are refused" in response.json()["checks"]["disk"]


def test_broken_database_is_said_without_its_words(canaries: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str:
        raise DatabaseError("password=secret host=10.0.0.1")

    monkeypatch.setattr(readiness, "_database", broken)
    response = Client().get("/health/ready")
    assert response.status_code == 503
    assert response.json()["checks"]["database"] == "cannot be read"
    assert b"secret" not in response.content


def test_missing_migration_is_said(canaries: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_migrated", False)
    monkeypatch.setattr(readiness.MigrationExecutor, "migration_plan", lambda *_: ["one"])
    assert "setup_site" in Client().get("/health/ready").json()["checks"]["migrations"]


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_only_read(path: str) -> None:
    assert Client().post(path).status_code == 405


def test_upload_without_room_is_503(api: Client, battle: Path, upload: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    response = api.post("/api/v1/music", {"file": upload(battle)})
    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert "no room" in response.json()["detail"]


def test_full_disk_or_locked_database_is_503(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError  # noqa: PLC0415

    from catalog.api import views  # noqa: PLC0415

    for error in (OSError(28, "No space left on device"), OperationalError("database is locked")):

        def refuse(*args: object, error: Exception = error, **more: object) -> None:
            raise error

        monkeypatch.setattr(views.Track.objects, "present", refuse)
        response = api.post("/api/v1/fingerprint/add", {"musicId": "cd75b87f-cad9-4dfd-a49f-8a2d34408a0e"}, "json")
        assert response.status_code == 503
        assert response["Retry-After"] == "10"
        assert set(response.json()) == {"detail"}
