"""Two copies added and checked at the same moment by different workers: exactly one finds the other, always."""

import os
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from catalog.engine import Answer, Fingerprinter
from catalog.engine.search import find as find_module
from catalog.models import AudioFile, Fingerprint, Job, Match, Track
from catalog.services.index import log, of_account
from catalog.services.index.searching import CaughtUpIndex
from catalog.services.tasks import accepting, work
from catalog.services.tracks import removal
from tests.alterations import sound

pytestmark = pytest.mark.slow
ROUNDS = 200
WHOLE_ROUNDS = int(os.environ.get("WHOLE_ROUNDS", "5"))  # with the whole search, which takes a second of two cores
CUT_S = 8


@pytest.fixture(scope="module")
def song() -> bytes:
    """A fingerprint of a few seconds of music: the search, not the analysis, is what runs 400 times."""
    samples = sound(Path(__file__).parent.parent / "audio" / "battle-music.ogg")
    return Fingerprinter.of_samples(samples[: CUT_S * 16_000]).to_bytes()


@pytest.fixture
def copy_of_song(owner: User, song: bytes) -> Callable[[str], Track]:
    """A track with its own file and the same fingerprint."""

    def make(name: str) -> Track:
        audio_file = AudioFile.objects.create(
            sha256=f"{name:0>64}",
            stored_name=f"{name}.gone",
            size_bytes=1,
            duration_s=CUT_S,
            sample_rate_hz=1,
            channels=1,
        )
        Fingerprint.objects.create(
            audio_file=audio_file, version=log.CURRENT_VERSION, data=song, size_bytes=1, duration_s=CUT_S
        )
        return Track.objects.create(owner=owner, audio_file=audio_file, title=name)

    return make


class Workers:
    """Threads with a database connection and an index each, as worker processes have."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._own = threading.local()
        monkeypatch.setattr(of_account, "process_index", self)

    def find(self, *arguments: Any, **options: Any) -> Answer:
        """Search in this worker's own index."""
        if not hasattr(self._own, "index"):
            self._own.index = CaughtUpIndex()
        return self._own.index.find(*arguments, **options)

    def run_at_once(self, job_ids: list[int]) -> None:
        """Each job in a worker of its own, begun together."""
        barrier = threading.Barrier(len(job_ids))

        def run(job_id: int) -> None:
            barrier.wait()
            work.run(job_id)
            connections.close_all()

        threads = [threading.Thread(target=run, args=(job_id,)) for job_id in job_ids]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("rounds", "whole"), [(ROUNDS, False), (WHOLE_ROUNDS, True)])
def test_exactly_one_of_two_copies_finds_the_other_each_time(
    copy_of_song: Callable[[str], Track],
    monkeypatch: pytest.MonkeyPatch,
    rounds: int,
    whole: bool,
) -> None:
    workers = Workers(monkeypatch)
    if not whole:  # only what is equal to the last level is looked for: the index, its log and the jobs are all real
        monkeypatch.setattr(find_module, "search", lambda *_: [])
    for number in range(rounds):
        pair = [copy_of_song(f"{number}{side}") for side in "ab"]
        names = (Job.Name.ADD, Job.Name.CHECK)
        asked = [
            accepting.accept_job(track=track, owner=track.owner, task_name=name) for track in pair for name in names
        ]
        workers.run_at_once([job.pk for job in asked])
        checks = list(Job.objects.filter(pk__in=[job.pk for job in asked], task_name=Job.Name.CHECK))
        assert [job.status for job in checks] == ["success", "success"]
        assert sum(job.result["is_duplicate"] for job in checks) == 1, number
        for track in pair:
            removal.remove_track(track=track)


def checked(track: Track) -> bool:
    """Check a track to the end and tell whether a duplicate was found."""
    job = accepting.accept_job(track=track, owner=track.owner, task_name=Job.Name.CHECK)
    work.run(job.pk)
    job.refresh_from_db()
    return bool(job.result["is_duplicate"])


def added(track: Track) -> Job:
    """Add a track to the end."""
    job = accepting.accept_job(track=track, owner=track.owner, task_name=Job.Name.ADD)
    work.run(job.pk)
    return job


def test_a_later_check_is_compared_with_all_others(copy_of_song: Callable[[str], Track]) -> None:
    first, second = copy_of_song("1"), copy_of_song("2")
    added(first)
    added(second)
    assert checked(second)
    assert checked(first)


def test_a_check_before_its_worker_comes_to_the_add_puts_the_track_in(copy_of_song: Callable[[str], Track]) -> None:
    first, second = copy_of_song("1"), copy_of_song("2")
    waiting = [
        accepting.accept_job(track=track, owner=track.owner, task_name=Job.Name.ADD) for track in (first, second)
    ]
    assert not checked(first)
    assert checked(second)
    assert log.place_of(first.pk) == 1
    for job in waiting:
        work.run(job.pk)
    assert log.last_sequence() == 2


def test_a_check_without_an_add_puts_nothing_in(copy_of_song: Callable[[str], Track]) -> None:
    track = copy_of_song("1")
    assert not checked(track)
    assert log.place_of(track.pk) is None


def test_the_pair_is_not_left_to_a_check_that_failed(copy_of_song: Callable[[str], Track]) -> None:
    first, second = copy_of_song("1"), copy_of_song("2")
    added(first)
    added(second)
    other = accepting.accept_job(track=second, owner=second.owner, task_name=Job.Name.CHECK)
    assert not checked(first)  # the other is still to come, and will find it
    Job.objects.filter(pk=other.pk).update(status="failure", completed_at=timezone.now() + timedelta(days=1), error="x")
    assert checked(first)


def test_a_removal_in_the_middle_of_a_check_is_in_no_verdict(
    copy_of_song: Callable[[str], Track], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = copy_of_song("1"), copy_of_song("2")
    added(first)
    search = of_account.process_index.find

    def remove_meanwhile(*arguments: Any, **options: Any) -> Answer:
        found = search(*arguments, **options)
        assert [match.track_id for match in found.matches] == [first.pk]
        removal.remove_track(track=first)
        return found

    monkeypatch.setattr(of_account.process_index, "find", remove_meanwhile)
    assert not checked(second)


def test_a_check_whose_lease_was_lost_leaves_the_other_workers_matches(
    copy_of_song: Callable[[str], Track], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = copy_of_song("1"), copy_of_song("2")
    added(first)
    job = accepting.accept_job(track=second, owner=second.owner, task_name=Job.Name.CHECK)
    search = of_account.process_index.find
    found: list[object] = []

    def end_elsewhere_meanwhile(*arguments: object, **options: object) -> Answer:
        monkeypatch.setattr(of_account.process_index, "find", search)
        Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        work.run(job.pk)
        found.extend(Match.objects.values_list("pk", flat=True))
        return Answer((), is_complete=True, effort="known")

    monkeypatch.setattr(of_account.process_index, "find", end_elsewhere_meanwhile)
    work.run(job.pk)
    job.refresh_from_db()
    assert job.result is not None
    assert job.result["is_duplicate"]
    assert found
    assert list(Match.objects.values_list("pk", flat=True)) == found


def test_a_removal_that_is_faster_than_an_add_leaves_nothing_in_the_index(
    copy_of_song: Callable[[str], Track], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL an add waits for the log's lock while the removal that has it commits."""
    track = copy_of_song("1")
    take_number = log._next_sequence

    def remove_meanwhile() -> int:
        monkeypatch.setattr(log, "_next_sequence", take_number)
        removal.remove_track(track=track)
        return take_number()

    monkeypatch.setattr(log, "_next_sequence", remove_meanwhile)
    job = added(track)
    job.refresh_from_db()
    assert job.status == "failure"
    assert log.place_of(track.pk) is None
