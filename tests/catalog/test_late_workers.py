"""A worker that lost its task, or whose last write failed: it takes nothing from the next one, and nothing is lost."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, OperationalError
from django.utils import timezone
from django_q.models import OrmQ

from catalog.models import IndexOperation, Job, Track
from catalog.services.tasks import accepting, leasing, sweeping, work
from webhooks.models import Endpoint, Message
from webhooks.secret_box import new_secret, seal

PAST = timedelta(hours=1)
PUT_BACK: dict[str, Callable[[Job], object]] = {
    "hand back": leasing.hand_back,
    "release": lambda job: leasing.release(job, detail="the database was away"),
    "postpone": lambda job: leasing.postpone(job, detail="the index is away"),
    "note": lambda job: leasing.note_stage(job, "search"),
}


@pytest.fixture
def job(owner: User) -> Job:
    """A pending task of a track without a file."""
    return accepting.accept_job(
        track=Track.objects.create(owner=owner, title="Song"), owner=owner, task_name=Job.Name.CHECK
    )


def let_lease_pass(job: Job) -> None:
    """Leave the task as a worker leaves it that renews no more."""
    assert Job.objects.filter(pk=job.pk, lease_until__isnull=False).update(lease_until=timezone.now() - PAST)


def standing(job: Job) -> dict[str, Any]:
    """Return the whole row."""
    return Job.objects.filter(pk=job.pk).values().get()


@pytest.mark.parametrize("way", PUT_BACK)
def test_late_worker_takes_a_task_out_of_nobodys_hands(job: Job, way: str) -> None:
    late = leasing.claim(job.pk)
    assert late is not None
    let_lease_pass(job)
    assert leasing.claim(job.pk) is not None
    OrmQ.objects.all().delete()
    before = standing(job)
    PUT_BACK[way](late)
    assert standing(job) == before
    assert not OrmQ.objects.exists()


@pytest.mark.parametrize("way", PUT_BACK)
def test_late_worker_opens_no_task_that_has_ended(job: Job, way: str) -> None:
    late = leasing.claim(job.pk)
    assert late is not None
    let_lease_pass(job)
    other = leasing.claim(job.pk)
    assert other is not None
    assert leasing.end_in_failure(other, error="It cannot be read.")
    before = standing(job)
    PUT_BACK[way](late)
    assert standing(job) == before


@pytest.mark.parametrize("kind", ["added", "checked", "failed", "given up"])
def test_task_ends_with_its_callback_or_not_at_all(
    owner: User, indexed: Callable[[Path], Track], battle: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The database goes away between the task's end and its callback: the next attempt makes both."""
    Endpoint.objects.create(
        owner=owner, url="https://label.example/hook", sealed_secret=seal(new_secret()), verified_at=timezone.now()
    )
    track = indexed(battle)
    IndexOperation.objects.all().delete()
    if kind == "failed":
        Track.objects.filter(pk=track.pk).update(removed_at=timezone.now())
    job = accepting.accept_job(
        track=track, owner=owner, task_name=Job.Name.CHECK if kind == "checked" else Job.Name.ADD
    )
    if kind == "given up":
        Job.objects.filter(pk=job.pk).update(attempts=2)
        leasing.claim(job.pk)
        let_lease_pass(job)

    def attempt() -> None:
        try:
            sweeping.sweep_jobs() if kind == "given up" else work.run(job.pk)
        except DatabaseError:
            let_lease_pass(job)

    def away(_: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(leasing, "announce_end", away)
        attempt()
    job.refresh_from_db()
    assert not job.has_ended
    assert not IndexOperation.objects.exists()
    attempt()
    job.refresh_from_db()
    assert job.has_ended
    assert Message.objects.filter(subject=job.task_id).count() == 1
