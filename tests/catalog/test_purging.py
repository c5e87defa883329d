"""Audio whose time is over goes for good, unless somebody needs it at that very moment."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from catalog.models import AudioFile, Track
from catalog.services.audio import store, stored_files
from catalog.services.tracks import adding, removal
from tests.beside import WITHIN_S, Beside, ended_or_waits
from tests.some import some

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def on_postgresql(transactional_db: None) -> None:
    """SQLite lets one transaction write at a time: there, nobody can be at work on the same row."""
    if connection.vendor != "postgresql":
        pytest.skip("shows on PostgreSQL alone")


def purge() -> int:
    """Purge, and remove the bytes, as later than anything can be brought back."""
    purged = removal.purge_removed(now=timezone.now() + timedelta(hours=settings.REMOVED_KEPT_HOURS + 1))
    stored_files.remove_due()
    return purged


class Gate:
    """Holds one call of a function until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        self._call, self._reached, self._opened = getattr(owner, name), threading.Event(), threading.Event()

        def held(*values: Any, **named: Any) -> Any:
            self._reached.set()
            assert self._opened.wait(WITHIN_S)
            return self._call(*values, **named)

        monkeypatch.setattr(owner, name, held)

    def wait(self) -> None:
        """Return once the call is held."""
        assert self._reached.wait(WITHIN_S)

    def open(self) -> None:
        """Let it go on."""
        self._opened.set()


def all_bytes_are_there(count: int) -> None:
    """Every row has its file, and no file is left over."""
    files = list(AudioFile.objects.filter(tracks__removed_at=None))
    assert len(files) == count
    assert all(store.holds(file.stored_name, size_bytes=file.size_bytes) for file in some(files))
    assert list(stored_files.unknown()) == []


def test_track_brought_back_while_others_are_purged_keeps_its_audio(
    add_track: Callable[..., Track], battle: Path, forest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = add_track(battle), add_track(forest)
    for track in (first, second):
        removal.remove_track(track=track)
    purge_one = removal._purge

    def bring_back_before(track_id: int, *values: Any) -> int:
        if track_id == second.pk:
            removal.restore_track(track=second)
        return purge_one(track_id, *values)

    monkeypatch.setattr(removal, "_purge", bring_back_before)
    assert purge() == 1
    second.refresh_from_db()
    assert second.audio_file is not None
    all_bytes_are_there(1)


def test_known_bytes_are_held_against_a_purge_while_an_upload_relies_on_them(
    on_postgresql: None, add_track: Callable[..., Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    removal.remove_track(track=add_track(battle))
    gate = Gate(monkeypatch, adding, "_new_track")
    upload = Beside(lambda: add_track(battle))
    gate.wait()
    purging = Beside(purge)
    ended_or_waits(purging)
    gate.open()
    upload.end()
    purging.end()
    all_bytes_are_there(1)


def test_bytes_of_a_faster_upload_are_held_against_a_purge(
    on_postgresql: None, add_track: Callable[..., Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = stored_files.place

    def place_after_another(**values: Any) -> str:
        monkeypatch.setattr(stored_files, "place", place)
        removal.remove_track(track=add_track(battle))
        gates.append(Gate(monkeypatch, adding, "_new_track"))
        return place(**values)

    gates: list[Gate] = []
    monkeypatch.setattr(stored_files, "place", place_after_another)
    upload = Beside(lambda: add_track(battle))
    while not gates:
        time.sleep(0.02)
    gates[0].wait()
    purging = Beside(purge)
    ended_or_waits(purging)
    gates[0].open()
    upload.end()
    purging.end()
    all_bytes_are_there(1)


def test_upload_of_bytes_that_a_purge_is_removing_stores_them_anew(
    on_postgresql: None, add_track: Callable[..., Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    removal.remove_track(track=add_track(battle))
    gate = Gate(monkeypatch, AudioFile, "delete")
    purging = Beside(purge)
    gate.wait()
    upload = Beside(lambda: add_track(battle))
    ended_or_waits(upload)
    gate.open()
    purging.end()
    upload.end()
    all_bytes_are_there(1)
