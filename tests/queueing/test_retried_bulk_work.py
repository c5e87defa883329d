"""Bulk actions that fail are tried again later, and hold up none behind them."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from catalog.models import BulkWork, Track
from catalog.services.tracks import bulk_work, removal
from queueing import chunked_work
from queueing.chunked_work import claim_oldest
from queueing.retrying import MOST_TRIES
from tests.queueing.failing import OVER, failing, let_waits_end
from tests.rows import make_track

pytestmark = pytest.mark.django_db(transaction=True)


def begun(kind: str, tracks: list[Track], by: User) -> BulkWork:
    """Ask for something with many tracks."""
    return bulk_work.begin(kind=kind, track_ids=[track.pk for track in tracks], asked_by=by)


def test_a_bulk_action_that_fails_lets_the_next_go_first(
    desk: Client, owner: User, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, next_one = begun("add", [make_track(owner)], staff), begun("check", [make_track(owner)], staff)
    with monkeypatch.context() as patched:
        patched.setitem(bulk_work._DO, BulkWork.Kind.ADD, failing(OperationalError("the table is broken")))
        assert bulk_work.sweep_bulk_work() == 1, "the next one is done"
        waits = []
        for tries in range(1, MOST_TRIES):
            broken.refresh_from_db()
            assert (broken.tries, broken.ended_at) == (tries, None)
            waits.append(broken.lease_until - timezone.now())
            let_waits_end()
            bulk_work.sweep_bulk_work()
    assert waits == sorted(waits)
    assert waits[-1] > timedelta(minutes=4)
    for work in (broken, next_one):
        work.refresh_from_db()
        assert work.ended_at
    page = " ".join(desk.get(f"/admin/catalog/bulkwork/{broken.pk}/change/").content.decode().split())
    assert "The workers gave up after 8 attempts: OperationalError: the table is broken" in page
    assert "given up" in desk.get("/admin/catalog/bulkwork/").content.decode()


def test_a_bulk_action_that_failed_once_goes_on(owner: User, staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    work = begun("add", [make_track(owner)], staff)
    with monkeypatch.context() as patched:
        patched.setitem(bulk_work._DO, BulkWork.Kind.ADD, failing(OperationalError("locked")))
        bulk_work.sweep_bulk_work()
    assert bulk_work.sweep_bulk_work() == 0, "it waits"
    let_waits_end()
    assert bulk_work.sweep_bulk_work() == 1
    work.refresh_from_db()
    assert (work.tries, work.error, work.failed) == (0, "", 0)


def test_a_bulk_action_that_kills_the_sweeper_is_given_up(owner: User, staff: User) -> None:
    deadly, next_one = begun("add", [make_track(owner)], staff), begun("check", [make_track(owner)], staff)
    for _ in range(MOST_TRIES):
        BulkWork.objects.filter(pk=deadly.pk).update(lease_until=timezone.now() - OVER)
        assert claim_oldest(BulkWork.objects.all()) == deadly, "and there it died"
    assert bulk_work.sweep_bulk_work() == 1, "a lease is no lock on those behind it"
    let_waits_end()
    bulk_work.sweep_bulk_work()
    for work in (deadly, next_one):
        work.refresh_from_db()
    assert (deadly.error, bool(deadly.ended_at)) == (chunked_work.LOST, True)


def test_a_track_that_raises_is_told_and_passed(
    desk: Client, owner: User, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good, gone = make_track(owner, title="Bad one"), make_track(owner), make_track(owner)
    work = begun("remove", [bad, good, gone], staff)
    removal.remove_track(track=gone)
    remove = bulk_work._DO[BulkWork.Kind.REMOVE]

    def half_done(asked: BulkWork, track: Track) -> bool:
        removed = remove(asked, track)
        assert track != bad, "no good"
        return removed

    monkeypatch.setitem(bulk_work._DO, BulkWork.Kind.REMOVE, half_done)
    assert bulk_work.sweep_bulk_work() == 1
    work.refresh_from_db()
    assert (work.done, work.failed, work.passed_over, bool(work.ended_at)) == (3, 1, 1, True)
    assert list(Track.objects.present()) == [bad], "what was half done with it is undone"
    page = desk.get(f"/admin/catalog/bulkwork/{work.pk}/change/").content.decode()
    assert "1 failed" in page
    assert "AssertionError: no good" in page
