"""Every lease and every wait of the service: taken once, lost when its holder dies, and not waited for for ever."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from catalog.engine import IndexBusy
from catalog.models import IndexLease, Job, Scan
from catalog.scans import scanning, starting
from catalog.services.index import lease
from catalog.services.tasks import accepting, leasing, sweeping
from queueing import queue_health
from queueing.models import QueueHeartbeat
from tests.rows import make_track

AHEAD = timedelta(hours=6)  # the clock was so far ahead when the time was written
pytestmark = pytest.mark.django_db(transaction=True)


def scan_of(staff: User, owner: User) -> Scan:
    """Start a scan of one track."""
    make_track(owner)
    return starting.start_scan(started_by=staff)


def test_a_scan_of_a_clock_that_was_set_back_is_claimed(owner: User, staff: User) -> None:
    scan = scan_of(staff, owner)
    Scan.objects.update(lease_token=uuid.uuid4(), lease_until=timezone.now() + AHEAD)
    assert scanning.sweep_scan(), "its holder is gone: it is offered again"
    Scan.objects.update(lease_token=uuid.uuid4(), lease_until=timezone.now() + AHEAD)
    scanning.scan_stretch(scan.pk)
    assert Scan.objects.get().status == "done"


def test_a_scan_queued_by_a_clock_that_was_set_back_is_offered(owner: User, staff: User) -> None:
    scan_of(staff, owner)
    Scan.objects.update(queued_at=timezone.now() + AHEAD)
    assert scanning.sweep_scan()


def test_an_index_lease_of_a_clock_that_was_set_back_is_taken(tmp_path: Path) -> None:
    with lease.held(tmp_path):
        pass
    IndexLease.objects.update(token=uuid.uuid4(), until=timezone.now() + AHEAD)
    with lease.held(tmp_path):
        assert IndexLease.objects.get().until < timezone.now() + AHEAD / 2


def test_an_index_lease_that_is_held_is_not_taken(tmp_path: Path) -> None:
    with lease.held(tmp_path), pytest.raises(IndexBusy), lease.held(tmp_path):
        pass


def test_a_job_of_a_clock_that_was_set_back_does_not_count_as_work(owner: User) -> None:
    """Else a queue that is stuck would be taken for one at long work, and never be replaced."""
    long_ago = timezone.now() - timedelta(hours=1)
    QueueHeartbeat.objects.create(cluster="fingerprint", sent_at=long_ago, answered_at=long_ago - AHEAD)
    job = accepting.accept_job(track=make_track(owner), owner=owner, task_name=Job.Name.ADD)
    assert leasing.claim(job.pk)
    assert not queue_health.is_stuck(cluster="fingerprint"), "one job is at work"
    Job.objects.update(lease_until=timezone.now() + AHEAD)
    assert queue_health.is_stuck(cluster="fingerprint")


@pytest.mark.parametrize("claim", [leasing.claim, leasing.take_over])
def test_a_late_worker_renews_and_ends_nothing(owner: User, claim: Callable[[int], Job | None]) -> None:
    job = accepting.accept_job(track=make_track(owner), owner=owner, task_name=Job.Name.ADD)
    late = leasing.claim(job.pk)
    assert late
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert claim(job.pk)
    assert not leasing.renew(late)
    assert not leasing.end_in_failure(late, error="late")
    assert sweeping.sweep_jobs() == 0
