"""Looks at uploaded files: so many at once, and the others wait."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from catalog.engine import FingerprintError
from catalog.engine.audio import decoder_templates
from catalog.engine.audio.decoding import DecodeLimits
from catalog.models import Track
from catalog.services.audio import looks


@pytest.fixture(autouse=True)
def fresh_turns() -> None:
    """Let no turn be taken by another test."""
    looks._turns.cache_clear()


@pytest.mark.parametrize("at_once", [1, 2])
def test_so_many_looks_at_once_and_no_more(settings: Settings, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """As many looks as may be at once meet each other; one more is let in by none of them before they end."""
    settings.UPLOAD_LOOKS = at_once
    meet, inside = threading.Barrier(at_once), []

    def probe(*_: object, **__: object) -> None:
        inside.append(1)
        meet.wait(10)
        assert not looks._turns(at_once).acquire(blocking=False)
        meet.wait(10)

    monkeypatch.setattr(looks, "probe", probe)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(looks.look, Path("a.mp3")) for _ in range(4)]:
            done.result()
    assert len(inside) == 4


def test_a_file_that_cannot_be_read_gives_its_turn_back(tmp_path: Path) -> None:
    (bad := tmp_path / "a.mp3").write_bytes(b"no audio")
    for _ in range(3):
        with pytest.raises(FingerprintError):
            looks.look(bad)


def test_a_slow_look_ends_before_the_next_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[DecodeLimits] = []
    monkeypatch.setattr(looks, "probe", lambda _, limits: asked.append(limits))
    looks.look(Path("a.mp3"))
    (limits,) = asked
    assert limits.wall_s < looks.AWAITED_S


@pytest.mark.django_db
def test_an_upload_without_a_turn_is_503(api: Client, forest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "AWAITED_S", 0.01)
    with looks._turn():
        answer = api.post("/api/v1/music", {"file": SimpleUploadedFile("a.mp3", forest.read_bytes())})
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert answer.json()["detail"] == "Too many uploads are being looked at. Try again in a moment."
    assert not Track.objects.exists()


@pytest.mark.django_db
def test_uploads_go_on_after_a_decoder_that_died(api: Client, forest: Path) -> None:
    """A look after one whose file could not be read, and after a template that somebody killed."""

    def answer(data: bytes) -> int:
        return api.post("/api/v1/music", {"file": SimpleUploadedFile("a.mp3", data)}).status_code

    assert answer(forest.read_bytes()) == 200
    for template in decoder_templates._free:
        os.kill(template.pid, signal.SIGKILL)
        await_death(template.pid)
    assert [answer(data) for data in (forest.read_bytes(), b"no audio", forest.read_bytes())] == [200, 422, 200]


def await_death(pid: int) -> None:
    """Wait until a child of this process has ended, and leave it to whoever waits for it."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
