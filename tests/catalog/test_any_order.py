"""Jobs under any order of what workers, the sweeper and death can do to them: the state machine's promises."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as site
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Job, Track
from catalog.services.tasks import accepting, leasing
from catalog.services.tasks.sweeping import sweep_jobs
from tests.rows import make_track
from webhooks.models import Endpoint, Message
from webhooks.secret_box import new_secret, seal

WORKERS = 3
STEPS = ["claim", "renew", "release", "hand back", "postpone", "succeed", "fail"]
STEP = st.one_of(
    st.tuples(st.sampled_from(STEPS), st.integers(0, WORKERS - 1)),
    st.tuples(st.sampled_from(["sweep", "a lease runs out", "a wait is over", "clock set back"]), st.just(0)),
)
MAY_FOLLOW = {
    "pending": {"pending", "processing", "failure"},
    "processing": {"pending", "processing", "success", "failure"},
    "success": {"success"},
    "failure": {"failure"},
}


class House:
    """One job and the workers around it, each with the copy of the job that it once claimed."""

    def __init__(self, track: Track, owner: User) -> None:
        self.job_id = accepting.accept_job(track=track, owner=owner, task_name=Job.Name.ADD).pk
        self.held: dict[int, Job] = {}
        self.ended_by: list[Any] = []

    @property
    def row(self) -> Job:
        return Job.objects.get(pk=self.job_id)

    def step(self, what: str, worker: int) -> None:
        """Let it happen."""
        mine = self.held.get(worker)
        if what == "claim":
            claimed = leasing.claim(self.job_id)
            if claimed:
                self.held[worker] = claimed
        elif what == "sweep":
            sweep_jobs()
        elif what in ("a lease runs out", "a wait is over", "clock set back"):
            days = 1 if what == "clock set back" else -1
            Job.objects.filter(pk=self.job_id, lease_until__isnull=False).update(
                lease_until=timezone.now() + timedelta(days=days)
            )
        elif mine:
            self._work(what, mine)

    def _work(self, what: str, mine: Job) -> None:
        if what == "renew":
            leasing.renew(mine)
        elif what == "release":
            leasing.release(mine, detail="an error")
        elif what == "hand back":
            leasing.hand_back(mine)
        elif what == "postpone":
            leasing.postpone(mine, detail="the store")
        elif leasing.end_in_success(mine) if what == "succeed" else leasing.end_in_failure(mine, error="no"):
            self.ended_by.append(mine.lease_token)


@pytest.fixture
def track(owner: User) -> Track:
    """A track of an account that gets callbacks."""
    verified = {"url": "https://label.example/", "verified_at": timezone.now()}
    Endpoint.objects.create(owner=owner, sealed_secret=seal(new_secret()), **verified)
    return make_track(owner)


@pytest.mark.slow
@given(steps=st.lists(STEP, max_size=15))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_events(track: Track, steps: list[tuple[str, int]]) -> None:
    house = House(track, track.owner)
    before = house.row
    for what, worker in steps:
        house.step(what, worker)
        now = house.row
        assert now.status in MAY_FOLLOW[before.status], (what, before.status, now.status)
        assert 0 <= now.attempts <= site.JOB_MAX_ATTEMPTS
        if before.has_ended:
            assert (now.completed_at, now.error, now.result) == (before.completed_at, before.error, before.result)
        before = now
    assert len(house.ended_by) <= 1
    assert Message.objects.filter(subject=before.task_id).count() == (1 if before.has_ended else 0)


@pytest.mark.slow
@given(steps=st.lists(STEP, max_size=10))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_ends_whatever_came_before(track: Track, steps: list[tuple[str, int]]) -> None:
    """Workers that die from here on, each time: the sweeper brings the job to its end, with words and a callback."""
    house = House(track, track.owner)
    for what, worker in steps:
        house.step(what, worker)
    for _ in range(2 * site.JOB_MAX_ATTEMPTS + 2):
        house.step("claim", 0)
        house.step("a lease runs out", 0)
        sweep_jobs()
    row = house.row
    assert row.has_ended
    assert row.error or row.status == Job.Status.SUCCESS
    assert Message.objects.filter(subject=row.task_id).count() == 1
