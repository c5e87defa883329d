"""Jobs: claimed once, counted before the work, ended once, never lost."""

import os
import signal
import time
import uuid
import wave
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from catalog.models import Fingerprint, IndexOperation, Job, Match, Track
from catalog.services.tasks import accepting, leasing, sweeping, work
from catalog.services.tracks import removal
from queueing import stopping
from queueing.stopping import WorkerStopped
from tests.rows import stored_path

PAST = timedelta(hours=1)


@pytest.fixture
def job(owner: User) -> Job:
    """A pending job of a track without a file."""
    return accepting.accept_job(
        track=Track.objects.create(owner=owner, title="Song"), owner=owner, task_name=Job.Name.CHECK
    )


def lose(job: Job, *, attempts: int) -> None:
    """Leave the job as a worker that was killed leaves it."""
    Job.objects.filter(pk=job.pk).update(
        status="processing", attempts=attempts, lease_token=uuid.uuid4(), lease_until=timezone.now() - PAST
    )


def test_queue_entry_commits_with_the_job(owner: User) -> None:
    track = Track.objects.create(owner=owner, title="Song")
    with transaction.atomic():
        accepting.accept_job(track=track, owner=owner, task_name=Job.Name.ADD)
        assert OrmQ.objects.count() == 1
        transaction.set_rollback(True)
    assert Job.objects.count() == OrmQ.objects.count() == 0


def test_claimed_by_one(job: Job) -> None:
    held = leasing.claim(job.pk)
    assert held is not None
    assert held.attempts == 1
    assert leasing.claim(job.pk) is None


def test_lost_lease_can_be_claimed(job: Job) -> None:
    lose(job, attempts=1)
    held = leasing.claim(job.pk)
    assert held is not None
    assert held.attempts == 2


def test_late_worker_changes_nothing(job: Job) -> None:
    late = leasing.claim(job.pk)
    assert late is not None
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - PAST)
    assert leasing.claim(job.pk) is not None
    assert not leasing.end_in_failure(late, error="too late")
    assert not leasing.renew(late)
    job.refresh_from_db()
    assert job.status == "processing"


def test_out_of_attempts_is_not_claimed(job: Job) -> None:
    lose(job, attempts=3)
    assert leasing.claim(job.pk) is None


def test_sweeper_offers_a_lost_job_again(job: Job) -> None:
    OrmQ.objects.all().delete()
    lose(job, attempts=1)
    assert sweeping.sweep_jobs() == 1
    job.refresh_from_db()
    assert job.status == "pending"
    assert OrmQ.objects.count() == 1
    assert sweeping.sweep_jobs() == 0


def test_sweeper_ends_a_job_out_of_attempts(job: Job) -> None:
    lose(job, attempts=3)
    assert sweeping.sweep_jobs() == 1
    job.refresh_from_db()
    assert job.status == "failure"
    assert "stopped at every attempt" in job.error


def test_sweeper_leaves_live_jobs_alone(job: Job) -> None:
    leasing.claim(job.pk)
    assert sweeping.sweep_jobs() == 0


def test_forgotten_pending_job_is_offered_again(job: Job) -> None:
    OrmQ.objects.all().delete()
    Job.objects.filter(pk=job.pk).update(queued_at=timezone.now() - PAST)
    assert sweeping.sweep_jobs() == 1
    assert OrmQ.objects.count() == 1


def fill_queue(*, until: timedelta = timedelta(0)) -> None:
    """Queue more entries than the sweeper adds to; taken ones are locked until some time."""
    OrmQ.objects.bulk_create(OrmQ(key="fingerprint", payload="", lock=timezone.now() + until) for _ in range(250))


def test_behind_a_long_queue_only_what_it_does_not_have_is_offered(job: Job) -> None:
    fill_queue()
    Job.objects.filter(pk=job.pk).update(queued_at=timezone.now() - PAST)
    assert sweeping.sweep_jobs() == 0
    lose(job, attempts=1)
    assert sweeping.sweep_jobs() == 1


def test_next_entry_of_a_queue_is_found_by_an_index(db: None) -> None:
    """django-q's own migrations make none; one that remakes the table would lose ours."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, OrmQ._meta.db_table)
    assert any(one["index"] and one["columns"] == ["key", "lock"] for one in found.values())


def test_entries_that_a_killed_cluster_had_taken_are_no_long_queue(job: Job) -> None:
    fill_queue(until=timedelta(minutes=10))
    Job.objects.filter(pk=job.pk).update(queued_at=timezone.now() - PAST)
    assert sweeping.sweep_jobs() == 1


def test_released_job_waits_and_is_offered_behind_a_long_queue(job: Job) -> None:
    fill_queue()
    held = leasing.claim(job.pk)
    assert held is not None
    leasing.release(held, detail="the database was away")
    assert sweeping.sweep_jobs() == 0
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert sweeping.sweep_jobs() == 1


def test_postponed_job_waits_and_is_offered_behind_a_long_queue(job: Job) -> None:
    fill_queue()
    held = leasing.claim(job.pk)
    assert held is not None
    leasing.postpone(held, detail="the index is away")
    assert sweeping.sweep_jobs() == 0
    Job.objects.filter(pk=job.pk, lease_until__isnull=False).update(lease_until=timezone.now() - timedelta(seconds=1))
    Job.objects.filter(pk=job.pk).update(queued_at=timezone.now() - PAST)
    assert sweeping.sweep_jobs() == 1


@pytest.mark.parametrize("status", ["pending", "processing"])
def test_job_of_a_clock_that_was_set_back_is_offered_again(job: Job, status: str) -> None:
    OrmQ.objects.all().delete()
    ahead = timezone.now() + PAST
    if status == "processing":
        lose(job, attempts=1)
        Job.objects.filter(pk=job.pk).update(lease_until=ahead)
    else:
        Job.objects.filter(pk=job.pk).update(queued_at=ahead)
    assert sweeping.sweep_jobs() == 1


def test_queue_entry_of_a_clock_that_was_set_back_is_freed(job: Job) -> None:
    OrmQ.objects.update(lock=timezone.now() + 24 * PAST)
    sweeping.sweep_jobs()
    assert OrmQ.objects.get().lock <= timezone.now()


def test_stopped_worker_hands_its_job_back(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        os.kill(os.getpid(), stopping.HAND_BACK_SIGNAL)

    before = signal.getsignal(stopping.HAND_BACK_SIGNAL)
    monkeypatch.setattr(work.analysis, "fingerprint_of", stopped)
    OrmQ.objects.all().delete()
    try:
        stopping.hand_back_when_told()
        with pytest.raises(WorkerStopped):
            work.run(job.pk)
    finally:
        signal.signal(stopping.HAND_BACK_SIGNAL, before)
    job.refresh_from_db()
    assert (job.status, job.attempts, job.lease_token) == ("pending", 0, None)
    assert OrmQ.objects.count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_lease_is_renewed_again_after_the_database_was_away(
    job: Job, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOB_LEASE_SECONDS = 0.3
    asked: list[bool] = []

    def flaky(held: Job) -> bool:
        asked.append(True)
        if len(asked) == 1:
            raise OperationalError("the database system is starting up")
        return True

    monkeypatch.setattr(work.leasing, "renew", flaky)
    monkeypatch.setattr(work.analysis, "fingerprint_of", lambda *_, **__: time.sleep(0.5))
    work.run(job.pk)
    assert len(asked) > 1


def test_status_and_times_must_agree(job: Job) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(status="success")


def test_unexpected_error_is_tried_again_then_ended(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(work.analysis, "fingerprint_of", broken)
    for expected in ("pending", "pending", "failure"):
        work.run(job.pk)
        job.refresh_from_db()
        assert job.status == expected
    assert job.attempts == 3
    assert "ZeroDivisionError" in job.detail["last_error"]
    assert "ZeroDivision" not in job.error


def test_removed_track_fails_in_words(job: Job) -> None:
    work.run(job.pk)
    job.refresh_from_db()
    assert job.status == "failure"
    assert "removed" in job.error


def test_missing_file_fails_in_words(owner: User, add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    stored_path(track).unlink()
    job = accepting.accept_job(track=track, owner=owner, task_name=Job.Name.ADD)
    work.run(job.pk)
    job.refresh_from_db()
    assert job.status == "failure"
    assert "missing" in job.error


def done(track: Track, name: str) -> Job:
    """Run a job to its end in this process."""
    job = accepting.accept_job(track=track, owner=track.owner, task_name=name)
    work.run(job.pk)
    job.refresh_from_db()
    return job


def test_add_twice_is_one_fingerprint_and_one_operation(add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    assert [done(track, Job.Name.ADD).status for _ in range(2)] == ["success", "success"]
    assert Fingerprint.objects.count() == 1
    assert IndexOperation.objects.count() == 1


@pytest.mark.slow
def test_check_needs_no_add_and_never_matches_itself(add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    assert done(track, Job.Name.CHECK).result == {
        "is_duplicate": False,
        "matched_music_id": None,
        "matched_musicname": None,
    }
    done(track, Job.Name.ADD)
    assert done(track, Job.Name.CHECK).result["is_duplicate"] is False


@pytest.mark.slow
def test_check_finds_the_same_bytes_of_another_account(
    add_track: Callable[..., Track], outsider: User, battle: Path
) -> None:
    reference = add_track(battle, by=outsider)
    done(reference, Job.Name.ADD)
    job = done(add_track(battle), Job.Name.CHECK)
    assert job.result == {
        "is_duplicate": True,
        "matched_music_id": str(reference.music_id),
        "matched_musicname": "battle-music",
    }
    match = Match.objects.get()
    assert match.verdict == "duplicate"
    assert match.query_coverage > 0.9
    assert abs(match.offset_s) < 0.1
    assert match.relation == "identical"


@pytest.mark.slow
def test_other_song_is_not_found(add_track: Callable[..., Track], battle: Path, forest: Path) -> None:
    done(add_track(forest), Job.Name.ADD)
    assert done(add_track(battle), Job.Name.CHECK).result["is_duplicate"] is False


@pytest.mark.slow
def test_removed_track_is_not_found(add_track: Callable[..., Track], battle: Path) -> None:
    reference = add_track(battle)
    done(reference, Job.Name.ADD)
    query = add_track(battle)
    assert done(query, Job.Name.CHECK).result["is_duplicate"] is True
    removal.remove_track(track=reference)
    assert done(query, Job.Name.CHECK).result["is_duplicate"] is False


@pytest.mark.slow
def test_sequences_have_no_gap_that_a_reader_could_skip(
    add_track: Callable[..., Track], recordings: list[Path]
) -> None:
    for path in recordings[:3]:
        done(add_track(path), Job.Name.ADD)
    assert list(IndexOperation.objects.values_list("sequence", flat=True)) == [1, 2, 3]


@pytest.mark.slow
def test_too_short_file_fails_in_words(add_track: Callable[..., Track], tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(os.urandom(16_000))
    job = done(add_track(path), Job.Name.ADD)
    assert job.status == "failure"
    assert "at least 3 s" in job.error
    assert IndexOperation.objects.count() == 0
