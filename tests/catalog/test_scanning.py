"""Scans of the catalog: each track once, whoever dies, and never a callback."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_q.models import OrmQ

from catalog.engine import IndexUnavailable
from catalog.models import Job, Match, Scan, Track
from catalog.scans import scanning
from catalog.scans.scanning import scan_stretch, sweep_scan
from catalog.scans.starting import cancel_scan, resume_scan, start_scan
from catalog.services.audio.analysis import fingerprint_of
from catalog.services.decisions import decide
from catalog.services.errors import CatalogError, NotReachableError
from catalog.services.index import log
from catalog.services.tracks.removal import remove_track
from queueing.stopping import WorkerStopped
from tests.rows import make_track
from webhooks.models import Message

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def twins(add_track: Callable[..., Track], owner: User, battle: Path) -> tuple[Track, Track]:
    """The same recording twice, both in the index, and never checked."""
    both = add_track(battle), add_track(battle)
    for track in both:
        fingerprint_of(track)
        log.record_add(track_id=track.pk)
    return both


def the_scan() -> Scan:
    """Return the newest scan as it stands."""
    return Scan.objects.latest("pk")


def test_finds_each_pair_once_without_tasks_or_callbacks(
    twins: tuple[Track, Track], staff: User, drain: Callable[[], int]
) -> None:
    start_scan(started_by=staff)
    drain()
    scan = the_scan()
    assert (scan.status, scan.total, scan.searched, scan.failed, scan.found) == ("done", 2, 2, 0, 1)
    match = Match.objects.get()
    assert {match.query_track, match.reference_track} == set(twins)
    assert (match.scan, match.job, match.verdict) == (scan, None, "duplicate")
    assert not Job.objects.exists()
    assert not Message.objects.exists()
    assert scan.ended_at is not None


def test_a_second_scan_finds_nothing_new(twins: tuple[Track, Track], staff: User, drain: Callable[[], int]) -> None:
    start_scan(started_by=staff)
    drain()
    decide(one=twins[0], other=twins[1], verdict="different", keeper=None, decided_by=staff)
    start_scan(started_by=staff)
    drain()
    assert the_scan().found == 0
    assert Match.objects.count() == 1


def test_one_at_a_time(owner: User, staff: User) -> None:
    make_track(owner)
    start_scan(started_by=staff)
    with pytest.raises(CatalogError, match="already running"):
        start_scan(started_by=staff)
    assert OrmQ.objects.count() == 1


def test_an_empty_catalog_is_not_scanned(staff: User) -> None:
    with pytest.raises(CatalogError, match="empty"):
        start_scan(started_by=staff)


def test_a_file_that_cannot_be_analysed_is_told_and_passed(owner: User, staff: User, drain: Callable[[], int]) -> None:
    track = make_track(owner, title="No bytes")
    start_scan(started_by=staff)
    drain()
    scan = the_scan()
    assert (scan.status, scan.searched, scan.failed) == ("done", 0, 1)
    assert scan.failures == [
        {"track": track.pk, "title": "No bytes", "error": "The stored file is missing: upload the track again."}
    ]


def test_cancelled_and_resumed_where_it_was(
    twins: tuple[Track, Track], staff: User, drain: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "STRETCH_S", 0.0)
    scan = start_scan(started_by=staff)
    scan_stretch(scan.pk)
    assert cancel_scan(scan=scan)
    assert not cancel_scan(scan=scan)
    drain()
    assert (the_scan().status, the_scan().searched, the_scan().done_track) == ("cancelled", 1, twins[0].pk)
    assert resume_scan(scan=scan)
    assert not resume_scan(scan=scan)
    drain()
    assert (the_scan().status, the_scan().searched) == ("done", 2)


def test_a_track_in_work_when_it_was_cancelled_is_looked_for_again(
    twins: tuple[Track, Track], staff: User, monkeypatch: pytest.MonkeyPatch, drain: Callable[[], int]
) -> None:
    scan = start_scan(started_by=staff)
    search = scanning.process_index.find

    def cancelled_meanwhile(*args: object, **values: object) -> object:
        cancel_scan(scan=scan)
        return search(*args, **values)

    monkeypatch.setattr(scanning.process_index, "find", cancelled_meanwhile)
    scan_stretch(scan.pk)
    assert (the_scan().searched, Match.objects.count()) == (0, 0)
    monkeypatch.undo()
    resume_scan(scan=scan)
    drain()
    assert (the_scan().status, the_scan().searched, the_scan().found) == ("done", 2, 1)


def test_another_worker_holds_it(twins: tuple[Track, Track], staff: User) -> None:
    scan = start_scan(started_by=staff)
    Scan.objects.update(lease_token=uuid.uuid4(), lease_until=timezone.now() + timedelta(minutes=1))
    OrmQ.objects.all().delete()
    scan_stretch(scan.pk)
    assert the_scan().searched == 0
    assert not OrmQ.objects.exists(), "and the chain of the second worker ends"


def test_a_dead_workers_scan_goes_on(twins: tuple[Track, Track], staff: User, drain: Callable[[], int]) -> None:
    start_scan(started_by=staff)
    OrmQ.objects.all().delete()
    assert not sweep_scan()
    Scan.objects.update(lease_token=uuid.uuid4(), lease_until=timezone.now() - timedelta(seconds=1))
    assert sweep_scan()
    assert not sweep_scan()
    drain()
    assert the_scan().status == "done"


def test_a_lost_queue_entry_is_made_up_for(twins: tuple[Track, Track], staff: User, drain: Callable[[], int]) -> None:
    start_scan(started_by=staff)
    OrmQ.objects.all().delete()
    Scan.objects.update(queued_at=timezone.now() - timedelta(minutes=1))
    assert sweep_scan()
    drain()
    assert the_scan().status == "done"


def test_a_track_that_kills_its_worker_is_left_out(twins: tuple[Track, Track], staff: User) -> None:
    scan = start_scan(started_by=staff)
    Scan.objects.update(trying=twins[0].pk, tries=3)
    scan_stretch(scan.pk)
    assert (the_scan().status, the_scan().searched, the_scan().failed) == ("done", 1, 1)
    assert "stopped at every attempt" in the_scan().failures[0]["error"]


def test_an_unforeseen_error_is_tried_again(
    twins: tuple[Track, Track], staff: User, drain: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = start_scan(started_by=staff)
    search = scanning.process_index.find
    monkeypatch.setattr(scanning.process_index, "find", lambda *_, **__: 1 / 0)
    scan_stretch(scan.pk)
    assert (the_scan().tries, the_scan().searched, the_scan().lease_token) == (1, 0, None)
    monkeypatch.setattr(scanning.process_index, "find", search)
    drain()
    assert the_scan().searched == 0, "a little later"
    Scan.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert sweep_scan()
    drain()
    assert (the_scan().status, the_scan().searched, the_scan().failed) == ("done", 2, 0)


def test_tracks_removed_or_added_meanwhile(
    twins: tuple[Track, Track], add_track: Callable[..., Track], forest: Path, staff: User, drain: Callable[[], int]
) -> None:
    start_scan(started_by=staff)
    remove_track(track=twins[0])
    add_track(forest)
    drain()
    assert (the_scan().status, the_scan().searched, the_scan().found) == ("done", 1, 0)


def raising(error: BaseException) -> Callable[..., object]:
    """Return a search that only raises."""

    def search(*args: object, **values: object) -> object:
        raise error

    return search


@pytest.mark.parametrize("error", [NotReachableError("It does not answer."), IndexUnavailable("It is being made.")])
def test_a_store_or_an_index_that_does_not_answer_is_waited_for(
    twins: tuple[Track, Track], staff: User, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    scan = start_scan(started_by=staff)
    OrmQ.objects.all().delete()
    monkeypatch.setattr(scanning.process_index, "find", raising(error))
    for _ in range(5):
        scan_stretch(scan.pk)
    assert (the_scan().status, the_scan().failed, the_scan().tries, the_scan().lease_token) == ("running", 0, 0, None)
    assert not OrmQ.objects.exists(), "the sweeper offers it again, later"
    assert not sweep_scan()
    Scan.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert sweep_scan()


@pytest.mark.parametrize(("locked", "offered"), [(timedelta(0), False), (timedelta(minutes=10), True)])
def test_behind_many_entries_it_is_offered_where_those_were_taken(
    twins: tuple[Track, Track], staff: User, locked: timedelta, *, offered: bool
) -> None:
    start_scan(started_by=staff)
    OrmQ.objects.bulk_create(OrmQ(key="fingerprint", payload="", lock=timezone.now() + locked) for _ in range(250))
    Scan.objects.update(queued_at=timezone.now() - timedelta(minutes=1))
    assert sweep_scan() is offered


def test_a_worker_that_is_told_to_stop_hands_it_on(
    twins: tuple[Track, Track], staff: User, monkeypatch: pytest.MonkeyPatch, drain: Callable[[], int]
) -> None:
    scan = start_scan(started_by=staff)
    OrmQ.objects.all().delete()
    with monkeypatch.context() as patched:
        patched.setattr(scanning.process_index, "find", raising(WorkerStopped()))
        with pytest.raises(WorkerStopped):
            scan_stretch(scan.pk)
    assert (the_scan().searched, the_scan().tries, the_scan().lease_token) == (0, 0, None)
    drain()
    assert (the_scan().status, the_scan().found) == ("done", 1)
