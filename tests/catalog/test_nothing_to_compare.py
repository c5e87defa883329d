"""Recordings that hold nothing to compare: the task ends well, finds nothing, and says why to whoever looks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client

from catalog.models import Job, Match, Track
from catalog.scans import scanning, starting
from catalog.services.audio.analysis import NOTHING_TO_COMPARE
from catalog.services.tasks import accepting, work
from tests.alterations import RATE, write
from tests.commands import said

pytestmark = pytest.mark.slow
TIME = np.arange(6 * RATE) / RATE
SOUNDS = {
    "silence": (0 * TIME, 0 * TIME + 0.1),
    "tones": (0.3 * np.sin(2 * np.pi * 1000 * TIME), 0.3 * np.sin(2 * np.pi * 500 * TIME)),
}


@pytest.fixture(params=SOUNDS)
def two(request: pytest.FixtureRequest, tmp_path: Path, add_track: Callable[..., Track]) -> list[Track]:
    """Two recordings that are not the same, but equal in all that the engine sees."""
    sounds = [sound.astype(np.float32) for sound in SOUNDS[request.param]]
    paths = [write(tmp_path / f"{number}.wav", sound, codec="pcm_s16le") for number, sound in enumerate(sounds)]
    return [add_track(path) for path in paths]


def done(track: Track, task_name: str) -> Job:
    """Ask for a task and do it."""
    job = accepting.accept_job(track=track, owner=track.owner, task_name=task_name)
    work.run(job.pk)
    job.refresh_from_db()
    return job


def test_the_task_ends_well_and_says_that_there_is_nothing_to_compare(two: list[Track]) -> None:
    added, checked = done(two[0], Job.Name.ADD), done(two[1], Job.Name.CHECK)
    nothing = {"is_duplicate": False, "matched_music_id": None, "matched_musicname": None}
    assert (added.status, checked.status, checked.result) == ("success", "success", nothing)
    assert not Match.objects.exists()
    assert added.note == checked.note == NOTHING_TO_COMPARE
    assert set(added.callback_body) == {"task_id", "task_name", "status", "completed_at"}
    assert set(checked.callback_body) == {"task_id", "task_name", "status", "result", "completed_at"}
    again = done(two[1], Job.Name.CHECK)
    assert again.note == NOTHING_TO_COMPARE, "from the stored fingerprint too"


def test_the_pages_say_so(two: list[Track], desk: Client) -> None:
    job = done(two[1], Job.Name.CHECK)
    page = desk.get(f"/admin/catalog/job/{job.pk}/change/").content.decode()
    assert NOTHING_TO_COMPARE in page
    assert "nothing to compare" in desk.get("/admin/catalog/job/").content.decode()
    assert "nothing to compare" in desk.get(f"/admin/catalog/track/{two[1].pk}/change/").content.decode()
    (row,) = desk.get(f"/admin/catalog/track/arrivals/?tracks={two[1].pk}").json()["rows"]
    assert "nothing to compare" in row["html"]


def test_a_scan_passes_them_by(two: list[Track], staff: User) -> None:
    for track in two:
        done(track, Job.Name.ADD)
    scan = starting.start_scan(started_by=staff)
    scanning.scan_stretch(scan.pk)
    scan.refresh_from_db()
    assert (scan.status, scan.searched, scan.failed, scan.found) == ("done", 2, 0, 0)


def test_the_command_says_so(two: list[Track], tmp_path: Path) -> None:
    assert "nothing to compare" in said("check_music", str(tmp_path / "1.wav"))


def test_music_has_no_note(add_track: Callable[..., Track], battle: Path, desk: Client) -> None:
    job = done(add_track(battle), Job.Name.CHECK)
    assert job.note == ""
    assert "nothing to compare" not in desk.get(f"/admin/catalog/job/{job.pk}/change/").content.decode()
