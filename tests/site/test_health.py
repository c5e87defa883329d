"""The health checks: what they say, and that they say no more."""

import shutil
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
