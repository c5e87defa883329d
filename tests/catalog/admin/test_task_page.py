"""The page of a task: its steps in time, errors in a person's words with the rest folded, and the list that is live."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from catalog.models import Job, Track
from catalog.selectors.tasks import task_page
from catalog.services.tasks import leasing, sweeping
from catalog.services.tasks.accepting import accept_job
from catalog.services.tasks.leasing import LOST_WORKER
from tests.rows import make_track
from tests.some import some


def page_of(desk: Client, job: Job) -> str:
    """Return the HTML of a task's page."""
    return desk.get(f"/admin/catalog/job/{job.pk}/change/").content.decode()


def words(job: Job) -> list[str]:
    """Return the names of a task's steps."""
    page = task_page(job.pk)
    assert page
    return [stage.word for stage in page.stages]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_steps_of_real_work(
    desk: Client, owner: User, add_track: Callable[..., Track], battle: Path, drain: Callable[[], int]
) -> None:
    track = add_track(battle)
    first, second = (accept_job(track=track, owner=owner, task_name=Job.Name.CHECK) for _ in range(2))
    drain()
    assert words(first) == ["accepted", "started", "decoded", "fingerprint", "searched", "ended"]
    assert words(second) == ["accepted", "started", "fingerprint", "searched", "ended"], "the bytes were known"
    shown = task_page(first.pk)
    assert shown
    assert shown.stages[0].after_s is None
    assert all(stage.after_s is not None and stage.after_s >= 0 for stage in some(shown.stages[1:]))
    assert sum(stage.after_s or 0 for stage in shown.stages) == pytest.approx(shown.took_s, abs=0.05)
    assert "already computed" in page_of(desk, second)


def test_attempts_that_came_to_nothing(desk: Client, owner: User) -> None:
    job = accept_job(track=make_track(owner), owner=owner, task_name=Job.Name.CHECK)
    held = leasing.claim(job.pk)
    assert held
    leasing.release(held, detail="ValueError: the <disk> is full")
    assert words(job) == ["accepted", "started", "attempt failed"]
    page = page_of(desk, job)
    assert "the &lt;disk&gt; is full" in page.split("<details")[1], "folded"
    assert "the &lt;disk&gt;" not in page.split("<details")[0]
    assert "waiting for a worker" in page


def test_an_attempt_whose_worker_died(desk: Client, owner: User) -> None:
    job = accept_job(track=make_track(owner), owner=owner, task_name=Job.Name.CHECK)
    assert leasing.claim(job.pk)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert sweeping.sweep_jobs() == 1
    assert leasing.claim(job.pk)
    assert words(job) == ["accepted", "started", "attempt failed", "started"]
    page = page_of(desk, job)
    assert LOST_WORKER in page
    assert "attempt 2" in page


def test_failure_is_told_to_a_person(desk: Client, owner: User) -> None:
    job = accept_job(track=make_track(owner), owner=owner, task_name=Job.Name.CHECK)
    held = leasing.claim(job.pk)
    assert held
    held.detail = held.detail | {"last_error": "OSError: [Errno 5]"}
    leasing.end_in_failure(held, error="The file could not be read.")
    page = page_of(desk, job)
    assert "The file could not be read." in page.split("<details")[0]
    assert "[Errno 5]" in page.split("<details")[1]
    assert "Run again" in page


def test_the_list_looks_again_by_itself(desk: Client, owner: User) -> None:
    accept_job(track=make_track(owner), owner=owner, task_name=Job.Name.CHECK)
    assert 'hx-get="/admin/catalog/job/?status__exact=pending" hx-trigger="every' in (
        desk.get("/admin/catalog/job/?status__exact=pending").content.decode()
    )


@pytest.mark.django_db
def test_the_path_of_a_page_keeps_the_task_s_id_as_it_is(desk: Client, owner: User) -> None:
    job = accept_job(track=make_track(owner), owner=owner, task_name=Job.Name.CHECK)
    page = page_of(desk, job)
    assert "Task_" not in page
    assert job.task_id in page
    assert "Tasks" in page
