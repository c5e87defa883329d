"""Canaries, checkpoints, health and settings checks."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.db.models import F
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from catalog.models import Job, Track
from catalog.services import housekeeping
from catalog.services.index import log
from catalog.services.tasks import accepting, leasing, work
from queueing import queue_health
from queueing.models import QueueHeartbeat
from queueing.queue_health import QueueState
from tests.rows import make_track

CLUSTER = "fingerprint"
LONG_AGO = timedelta(hours=1)


def test_canary_is_sent_once_until_it_is_answered(db: None) -> None:
    assert queue_health.send_canary(cluster=CLUSTER)
    assert not queue_health.send_canary(cluster=CLUSTER)
    assert OrmQ.objects.filter(key=CLUSTER).count() == 1
    queue_health.note_answer(cluster=CLUSTER)
    assert not queue_health.send_canary(cluster=CLUSTER)
    QueueHeartbeat.objects.update(sent_at=timezone.now() - LONG_AGO)
    assert queue_health.send_canary(cluster=CLUSTER)


@pytest.mark.django_db(transaction=True)
def test_canary_comes_back_through_worker_and_monitor(drain: Callable[[], int]) -> None:
    queue_health.send_canary(cluster=CLUSTER)
    drain()
    assert QueueHeartbeat.objects.get().answered_at is not None


def test_unanswered_canary_means_stuck(db: None) -> None:
    assert not queue_health.is_stuck(cluster=CLUSTER)
    queue_health.send_canary(cluster=CLUSTER)
    assert not queue_health.is_stuck(cluster=CLUSTER)
    QueueHeartbeat.objects.update(sent_at=timezone.now() - LONG_AGO)
    assert queue_health.is_stuck(cluster=CLUSTER)
    queue_health.start_over(cluster=CLUSTER)
    assert not queue_health.is_stuck(cluster=CLUSTER)


def test_queue_that_starts_is_given_longer_than_one_that_has_answered(db: None, settings: Settings) -> None:
    queue_health.send_canary(cluster=CLUSTER)
    late = timezone.now() - timedelta(seconds=2 * settings.WATCHDOG_SECONDS)
    QueueHeartbeat.objects.update(sent_at=late)
    assert not queue_health.is_stuck(cluster=CLUSTER)
    assert queue_health.state(cluster=CLUSTER) == QueueState.STARTING
    QueueHeartbeat.objects.update(answered_at=late - timedelta(seconds=1))
    assert queue_health.is_stuck(cluster=CLUSTER)


def test_answer_of_a_clock_that_was_set_back_answers_nothing_new(db: None) -> None:
    ahead = timezone.now() + LONG_AGO
    QueueHeartbeat.objects.create(cluster=CLUSTER, sent_at=ahead, answered_at=ahead)
    queue_health.send_canary(cluster=CLUSTER)
    QueueHeartbeat.objects.update(sent_at=timezone.now() - LONG_AGO)
    assert queue_health.is_stuck(cluster=CLUSTER)


def test_answer_of_a_host_whose_clock_is_behind_is_an_answer(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a queue that is well, and has nothing to do, would be replaced for its clock."""
    queue_health.send_canary(cluster=CLUSTER)
    behind = timezone.now() - timedelta(seconds=1)
    with monkeypatch.context() as patch:
        patch.setattr(queue_health.timezone, "now", lambda: behind)
        queue_health.note_answer(cluster=CLUSTER)
    assert queue_health.state(cluster=CLUSTER) == QueueState.RUNNING
    QueueHeartbeat.objects.update(sent_at=F("sent_at") - LONG_AGO, answered_at=F("answered_at") - LONG_AGO)
    assert not queue_health.is_stuck(cluster=CLUSTER)


def test_work_of_a_host_whose_clock_is_ahead_is_work(db: None) -> None:
    queue_health.send_canary(cluster=CLUSTER)
    ahead = timezone.now() + timedelta(seconds=10)
    QueueHeartbeat.objects.update(sent_at=timezone.now() - LONG_AGO, acknowledged_at=ahead)
    assert not queue_health.is_stuck(cluster=CLUSTER)


def test_canary_of_a_clock_that_was_set_back_is_sent_again(db: None) -> None:
    queue_health.send_canary(cluster=CLUSTER)
    QueueHeartbeat.objects.update(sent_at=timezone.now() + LONG_AGO)
    assert queue_health.send_canary(cluster=CLUSTER)


def test_replaced_queue_is_counted(db: None) -> None:
    queue_health.start_over(cluster=CLUSTER)
    queue_health.start_over(cluster=CLUSTER, replaced_because="it took no task")
    heartbeat = QueueHeartbeat.objects.get()
    assert (heartbeat.replaced_count, heartbeat.replaced_reason) == (1, "it took no task")
    assert heartbeat.replaced_at is not None


def test_state_in_words(db: None) -> None:
    assert queue_health.state(cluster=CLUSTER) == QueueState.STARTING
    queue_health.send_canary(cluster=CLUSTER)
    assert queue_health.state(cluster=CLUSTER) == QueueState.STARTING
    queue_health.note_answer(cluster=CLUSTER)
    assert queue_health.state(cluster=CLUSTER) == QueueState.RUNNING
    QueueHeartbeat.objects.update(sent_at=timezone.now() - LONG_AGO, answered_at=timezone.now() - 2 * LONG_AGO)
    assert queue_health.state(cluster=CLUSTER) == QueueState.STUCK
    queue_health.note_answer(cluster=CLUSTER)
    assert queue_health.state(cluster=CLUSTER) == QueueState.UNWATCHED


def test_monitor_that_acknowledges_nothing_is_stuck(add_track: Callable[..., Track], battle: Path) -> None:
    """Workers end jobs and hold others, and the queue hears of none: busy is no excuse."""
    track = add_track(battle)
    first, second = (accepting.accept_job(track=track, owner=track.owner, task_name=Job.Name.ADD) for _ in range(2))
    work.run(first.pk)
    Job.objects.filter(pk=first.pk).update(completed_at=timezone.now() - timedelta(seconds=30))
    leasing.claim(second.pk)
    queue_health.send_canary(cluster=CLUSTER)
    QueueHeartbeat.objects.update(sent_at=timezone.now() - LONG_AGO)
    assert queue_health.is_stuck(cluster=CLUSTER)


def test_task_that_ended_in_the_future_is_no_sign_of_life(db: None) -> None:
    queue_health.send_canary(cluster=CLUSTER)
    QueueHeartbeat.objects.update(sent_at=timezone.now() - LONG_AGO)
    recent, ahead = timezone.now() - timedelta(seconds=5), timezone.now() + LONG_AGO
    QueueHeartbeat.objects.update(acknowledged_at=ahead)
    assert queue_health.is_stuck(cluster=CLUSTER)
    QueueHeartbeat.objects.update(acknowledged_at=recent)
    assert not queue_health.is_stuck(cluster=CLUSTER)


def test_busy_is_not_stuck(add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    leasing.claim(accepting.accept_job(track=track, owner=track.owner, task_name=Job.Name.ADD).pk)
    queue_health.send_canary(cluster=CLUSTER)
    QueueHeartbeat.objects.update(sent_at=timezone.now() - LONG_AGO)
    assert not queue_health.is_stuck(cluster=CLUSTER)


def test_compaction_runs_in_a_process_of_its_own_when_the_files_are_behind(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []

    class Running:
        def __init__(self, command: list[str], **_options: object) -> None:
            started.append(command)

        def poll(self) -> None:
            """Still at it."""

    monkeypatch.setattr(housekeeping.subprocess, "Popen", Running)
    monkeypatch.setattr(housekeeping, "COMPACT_AFTER_OPERATIONS", 2)
    monkeypatch.setattr(housekeeping, "_compacting", [])
    log.record_add(track_id=make_track(owner).pk)
    assert not housekeeping.compact_when_due()
    log.record_add(track_id=make_track(owner).pk)
    assert housekeeping.compact_when_due()
    assert not housekeeping.compact_when_due()
    assert [command[-2:] for command in started] == [["index", "compact"]]
    housekeeping._compacting[0][1].close()


@pytest.mark.parametrize(
    ("name", "value", "identity"),
    [
        ("MAX_UPLOAD_MB", 0, "site.E002"),
        ("MAX_AUDIO_SECONDS", 86_401, "site.E002"),
        ("JOB_LEASE_SECONDS", 1, "site.E002"),
        ("RATE_LIMIT_FREE", -1, "site.E002"),
        ("FALSE_ACCEPT_LIMIT", 0.0, "site.E002"),
        ("DECODE_WALL_SECONDS", 400, "catalog.E002"),
        ("RATE_LIMIT_PAID", 5, "catalog.W001"),
    ],
)
def test_senseless_settings_are_said(settings: Settings, name: str, value: int, identity: str) -> None:
    assert identity not in {message.id for message in run_checks()}
    setattr(settings, name, value)
    assert identity in {message.id for message in run_checks()}
