"""The transaction that ends a task holds SQLite's one write lock: it asks the database little."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.engine import Answer
from catalog.models import Job, Match, Track
from catalog.services.index import log
from catalog.services.tasks import leasing, work
from catalog.services.tasks.accepting import accept_job
from webhooks.models import Endpoint, Message


@pytest.fixture
def track(owner: User, battle: Path, add_track: Callable[..., Track]) -> Track:
    """A track of an account that takes callbacks."""
    Endpoint.objects.create(owner=owner, url="https://label.example/hook", verified_at=timezone.now())
    return add_track(battle)


def claimed(track: Track, task_name: str) -> Job:
    """Accept a task and take it, as its worker does."""
    job = leasing.claim(accept_job(track=track, owner=track.owner, task_name=task_name).pk)
    assert job
    return job


@pytest.mark.django_db
@pytest.mark.parametrize(("task_name", "most"), [(Job.Name.CHECK, 13), (Job.Name.ADD, 13)])
def test_end_takes_few_statements(track: Track, task_name: str, most: int) -> None:
    log.record_add(track_id=track.pk)
    work._finish_add(claimed(track, Job.Name.ADD))  # the account's first end, and the first add
    job = claimed(track, task_name)
    with CaptureQueriesContext(connection) as asked:
        work._finish_add(job) if task_name == Job.Name.ADD else work._finish_check(
            job, Answer((), is_complete=True, effort="everything")
        )
    job.refresh_from_db()
    assert (job.status, job.end_number) == (Job.Status.SUCCESS, 2)
    assert len(asked) <= most, [query["sql"][:100] for query in asked]
    message = Message.objects.get(event_key=job.task_id)
    assert message.queued_until
    assert message.queued_until > timezone.now()


@pytest.mark.django_db(transaction=True)
def test_the_rows_of_matches_are_made_before_the_lock_is_taken(track: Track, monkeypatch: pytest.MonkeyPatch) -> None:
    """They take most of the time: a worker that waits for a core under the lock stops every other writer."""
    made_under_lock: list[bool] = []

    def made(*_: Any, **__: Any) -> list[Match]:
        made_under_lock.append(connection.in_atomic_block)
        return []

    monkeypatch.setattr(work, "match_rows", made)
    work._finish_check(claimed(track, Job.Name.CHECK), Answer((), is_complete=True, effort="everything"))
    assert made_under_lock == [False]
