"""What is old goes, in batches; what is new, waits or is evidence stays."""

import io
from datetime import UTC, timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone
from django_q.models import Failure, Task
from pytest_django import Settings

from catalog.models import ApiKeyDay, BulkWork, Job, Match
from catalog.services import pruning
from catalog.services.api_keys import create_key
from catalog.services.tasks import accepting
from tests.rows import make_check, make_match, make_track
from webhooks.services import retention

LONG_AGO = timedelta(days=5000)


def age(job: Job) -> Job:
    """Let a job that has ended have ended long ago."""
    Job.objects.filter(pk=job.pk).update(completed_at=timezone.now() - LONG_AGO)
    return job


@pytest.fixture
def old(owner: User) -> list[Job]:
    """Five old tasks that found nothing."""
    return [age(make_check(make_track(owner))) for _ in range(5)]


def said(*arguments: str) -> str:
    """Run `prune` and return what it printed."""
    output = io.StringIO()
    call_command("prune", *arguments, stdout=output)
    return output.getvalue()


def test_old_tasks_go_but_evidence_new_and_open_ones_stay(owner: User, old: list[Job]) -> None:
    track = make_track(owner)
    evidence = age(make_match(track, make_track(owner)).job)
    new = make_check(track)
    waiting = accepting.accept_job(track=track, owner=owner, task_name=Job.Name.ADD)
    Job.objects.filter(pk=waiting.pk).update(created_at=timezone.now() - LONG_AGO)
    assert pruning.prune() == 5
    assert set(Job.objects.values_list("pk", flat=True)) == {evidence.pk, new.pk, waiting.pk}
    assert Match.objects.count() == 1
    assert pruning.prune() == 0


def test_batches_do_all_and_a_part_is_kept_when_broken_off(old: list[Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH_ROWS", 2)
    tasks = next(one for one in pruning.RETENTIONS if one.name == "tasks")

    def stop(rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tasks.prune(now=timezone.now(), on_batch=stop)
    assert Job.objects.count() == 3
    batches: list[int] = []
    assert tasks.prune(now=timezone.now(), on_batch=batches.append) == 3
    assert batches == [2, 1]


def test_dry_run_says_and_deletes_nothing(old: list[Job]) -> None:
    assert "tasks: 5 would be deleted (JOB_RETENTION_DAYS)" in said("--dry-run")
    assert Job.objects.count() == 5
    assert "tasks" not in said("--only", "attempts")
    assert Job.objects.count() == 5
    assert "tasks: 5 deleted" in said()
    assert Job.objects.count() == 0


def test_days_are_the_settings(old: list[Job], settings: Settings) -> None:
    settings.JOB_RETENTION_DAYS = 5001
    assert pruning.prune() == 0


def test_old_failures_of_the_queue_and_expired_sessions_go(db: None) -> None:
    now = timezone.now()
    for number, stopped in enumerate((now, now - LONG_AGO)):
        Task.objects.create(id=str(number), name="x", func="x", started=stopped, stopped=stopped, success=False)
    Session.objects.create(session_key="old", session_data="", expire_date=now - timedelta(seconds=1))
    Session.objects.create(session_key="new", session_data="", expire_date=now + timedelta(days=1))
    assert pruning.prune() == 2
    assert Failure.objects.get().id == "0"
    assert Session.objects.get().session_key == "new"


def test_bulk_actions_that_ended_long_ago_go_and_what_undid_them_stays(staff: User, settings: Settings) -> None:
    now = timezone.now()
    made = {"track_ids": [], "total": 0, "asked_by": staff}
    old, new, open_one = (
        BulkWork.objects.create(kind="remove", ended_at=ended_at, **made) for ended_at in (now - LONG_AGO, now, None)
    )
    undoing = BulkWork.objects.create(kind="restore", ended_at=now, undoes=old, **made)
    assert pruning.prune() == 1
    assert set(BulkWork.objects.values_list("pk", flat=True)) == {new.pk, open_one.pk, undoing.pk}


def test_days_of_keys_are_kept_as_the_setting_says(owner: User, settings: Settings) -> None:
    settings.KEY_USE_RETENTION_DAYS = 31
    key, _ = create_key(owner=owner)
    today = timezone.now().astimezone(UTC).date()
    for days in (0, 31, 32):
        ApiKeyDay.objects.create(api_key=key, day=today - timedelta(days=days), calls=5)
    assert pruning.prune() == 1
    assert ApiKeyDay.objects.earliest("day").day == today - timedelta(days=31)
