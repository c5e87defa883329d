"""Recordings of hours: how far their search is, how it is stopped, how long it may take, and what it says then."""

import threading
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django_q.models import OrmQ
from pytest_django import Settings

from catalog.engine import Fingerprinter
from catalog.models import Fingerprint, Job, Match, Track
from catalog.scans.starting import start_scan
from catalog.services.audio.limits import decode_limits
from catalog.services.index.log import CURRENT_VERSION
from catalog.services.tasks import leasing, progress, work
from catalog.services.tasks.accepting import accept_job
from catalog.services.time_limits import attempt_s, decoding_wall_s
from tests.alterations import RATE, sound
from tests.indexed import index_recording
from tests.rows import make_audio_file, make_match, make_track
from webhooks.models import Message

HOUR = 3600.0


def check_of(track: Track) -> Job:
    """Accept a check."""
    return accept_job(track=track, owner=track.owner, task_name=Job.Name.CHECK)


def timeout_of_newest() -> int | None:
    """Return how long the newest entry of the queue may take; None for the usual time."""
    task = OrmQ.objects.order_by("-pk")[0].task
    limit: int | None = task.get("timeout")
    return limit


def page_of(desk: Client, job: Job) -> str:
    """Return the task's page."""
    return desk.get(f"/admin/catalog/job/{job.pk}/change/").content.decode()


def test_limits_grow_with_the_length(settings: Settings) -> None:
    settings.MAX_AUDIO_SECONDS = 6 * 3600
    assert attempt_s(240.0) == attempt_s(None) == settings.JOB_TIMEOUT_SECONDS
    assert decoding_wall_s(HOUR) == settings.DECODE_WALL_SECONDS
    assert decoding_wall_s(6 * HOUR) == 6 * settings.DECODE_WALL_SECONDS
    budget_s = settings.NAMING_CPU_SECONDS_PER_MINUTE * 360
    assert attempt_s(6 * HOUR) > decoding_wall_s(6 * HOUR) + budget_s
    assert decode_limits(6 * HOUR).wall_s == decoding_wall_s(6 * HOUR)
    assert decode_limits(6 * HOUR).max_s == 6 * HOUR


def test_a_claim_of_any_length_is_bounded_by_the_longest(settings: Settings) -> None:
    settings.MAX_AUDIO_SECONDS = 3600
    assert attempt_s(1e9) == attempt_s(HOUR)
    assert decoding_wall_s(1e9) == settings.DECODE_WALL_SECONDS


def test_the_queue_is_told_how_long_a_long_recording_may_take(owner: User, settings: Settings) -> None:
    settings.MAX_AUDIO_SECONDS = 6 * 3600
    check_of(make_track(owner, audio_file=make_audio_file(duration_s=200.0)))
    assert timeout_of_newest() is None
    long = make_track(owner, audio_file=make_audio_file(duration_s=62 * 60.0))
    job = check_of(long)
    assert timeout_of_newest() == attempt_s(62 * 60.0) > 300
    claimed = leasing.claim(job.pk)
    assert claimed
    leasing.hand_back(claimed)
    assert timeout_of_newest() == attempt_s(62 * 60.0), "offered again with as much"


def test_a_scan_that_comes_to_a_long_recording_has_the_time(owner: User, staff: User, settings: Settings) -> None:
    settings.MAX_AUDIO_SECONDS = 6 * 3600
    make_track(owner, audio_file=make_audio_file(duration_s=5 * HOUR))
    start_scan(started_by=staff)
    assert timeout_of_newest() == attempt_s(5 * HOUR)


def test_the_page_says_how_far_a_search_is(desk: Client, owner: User) -> None:
    job = check_of(make_track(owner))
    claimed = leasing.claim(job.pk)
    assert claimed
    assert leasing.note_stage(claimed, "search", progress={"done_s": 720, "total_s": 3720, "found": 9})
    assert "12 of 62 minutes, 9 recordings so far" in page_of(desk, job)
    assert "12 of 62 minutes" in desk.get("/admin/").content.decode()
    leasing.hand_back(claimed)
    again = leasing.claim(job.pk)
    assert again
    assert again.progress == "", "of the attempt that did not end"


def test_progress_is_written_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s, written = [100.0], []
    monkeypatch.setattr(progress.time, "monotonic", lambda: now_s[0])
    tell = progress.Progress(lambda done_s, found: written.append((done_s, found)) or True)
    for step in range(40):
        now_s[0] += 0.1
        tell(step, 1)
    assert 3 <= len(written) <= 4, "of four seconds"


def test_stopped_while_it_waits(desk: Client, owner: User) -> None:
    job = check_of(make_track(owner))
    page = desk.post(f"/admin/catalog/job/{job.pk}/stop/", follow=True).content.decode()
    job.refresh_from_db()
    assert (job.status, job.error) == ("failure", "A member of staff stopped this task.")
    assert "A member of staff stopped this task." in page
    assert 'id="stop-task"' not in page
    work.run(job.pk)
    job.refresh_from_db()
    assert job.status == "failure"
    again = desk.post(f"/admin/catalog/job/{job.pk}/stop/", follow=True).content.decode()
    assert "has ended already" in again


def test_readers_cannot_stop(reading_desk: Client, owner: User) -> None:
    job = check_of(make_track(owner))
    assert 'id="stop-task"' not in page_of(reading_desk, job)
    assert reading_desk.post(f"/admin/catalog/job/{job.pk}/stop/").status_code == 403


@pytest.fixture
def mix(owner: User, recordings: list[Path]) -> Track:
    """Twelve minutes of real music one after the other, fingerprinted, without its file."""
    pieces = [sound(path) for path in recordings]
    samples = np.concatenate(pieces * 10)[: 12 * 60 * RATE]
    fingerprint = Fingerprinter.of_samples(samples)
    data = fingerprint.to_bytes()
    audio_file = make_audio_file(duration_s=fingerprint.duration_s)
    Fingerprint.objects.create(
        audio_file=audio_file,
        version=CURRENT_VERSION,
        data=data,
        size_bytes=len(data),
        duration_s=fingerprint.duration_s,
    )
    return make_track(owner, title="The mix", audio_file=audio_file)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_stopped_in_the_middle_of_a_search(
    mix: Track, owner: User, recordings: list[Path], desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search ends where it next tells how far it is; what it had found is no verdict, and the account is told."""
    for path in recordings[:3]:
        index_recording(owner, path)
    monkeypatch.setattr(progress, "EVERY_S", 0.0)
    job = check_of(mix)
    told: list[str] = []

    def stop_at_the_first_word(held: Job, stage: str, **more: object) -> bool:
        noted = note(held, stage, **more)
        if more and not told:
            told.append(Job.objects.get(pk=job.pk).progress)
            assert desk.post(f"/admin/catalog/job/{job.pk}/stop/").status_code == 302
        return noted

    note = leasing.note_stage
    monkeypatch.setattr(leasing, "note_stage", stop_at_the_first_word)
    thread = threading.Thread(target=lambda: (work.run(job.pk), connections.close_all()))
    thread.start()
    thread.join(timeout=120)
    assert not thread.is_alive()
    job.refresh_from_db()
    assert told[0].startswith("5 of 12 minutes")
    assert job.status == "failure"
    assert job.error.startswith("A member of staff stopped this task after 5 of 12 minutes")
    assert not Match.objects.filter(job=job).exists()
    assert not Message.objects.filter(subject=job.task_id, state="delivered").exists()


@pytest.mark.slow
def test_an_answer_that_the_budget_ended_says_so(
    mix: Track, owner: User, recordings: list[Path], desk: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_recording(owner, recordings[0])
    monkeypatch.setattr("catalog.engine.search.budget.LEAST_CPU_S", 0.0)
    settings.NAMING_CPU_SECONDS_PER_MINUTE = 0.01
    job = check_of(mix)
    work.run(job.pk)
    job.refresh_from_db()
    assert job.status == "success", job.error
    assert job.note == work.ENDED_EARLY
    assert "The time for this search was over" in page_of(desk, job)
    for match in job.matches.all():
        assert match.search_ended_early


def test_a_match_of_such_a_search_says_so(desk: Client, owner: User) -> None:
    match = make_match(make_track(owner, title="The mix"), make_track(owner), search_ended_early=True)
    page = desk.get(f"/admin/catalog/match/{match.pk}/change/").content.decode()
    assert "before all of “The mix” was searched" in page
    complete = make_match(make_track(owner), make_track(owner))
    assert "was searched. There may" not in desk.get(f"/admin/catalog/match/{complete.pk}/change/").content.decode()
