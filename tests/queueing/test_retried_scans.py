"""Scans that fail wait, say why, and go on where they were."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from catalog.models import Scan
from catalog.scans import scanning, starting
from catalog.services.errors import NotReachableError
from tests.queueing.failing import failing, let_waits_end
from tests.rows import make_track

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_scan_waits_longer_each_time_and_says_why(
    desk: Client, owner: User, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_track(owner)
    scan = starting.start_scan(started_by=staff)
    monkeypatch.setattr(scanning.analysis, "fingerprint_of", failing(NotReachableError("The store is away.")))
    monkeypatch.setattr(scanning, "MOST_WAITS", 4)
    waits = []
    for _ in range(3):
        OrmQ.objects.all().delete()
        scanning.scan_stretch(scan.pk)
        scan.refresh_from_db()
        waits.append(scan.lease_until - timezone.now())
        assert not scanning.sweep_scan(), "it waits"
        scanning.scan_stretch(scan.pk)  # of an entry that came late
        let_waits_end()
        assert scanning.sweep_scan()
    assert waits[2] > 1.9 * waits[1] > 3 * waits[0]
    assert "The scan continues by itself" in desk.get("/catalog/scan/").content.decode()
    scanning.scan_stretch(scan.pk)
    scan.refresh_from_db()
    assert (scan.status, scan.lease_until) == ("failed", None)
    page = desk.get(f"/catalog/scan/{scan.pk}/").content.decode()
    assert "The scan stopped after 4 failed attempts" in page
    assert "The store is away." in page
    assert "Resume" in page
    assert starting.start_scan(started_by=staff), "another may be started"


def test_a_scan_given_up_goes_on_where_it_was(owner: User, staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    make_track(owner)
    scan = starting.start_scan(started_by=staff)
    monkeypatch.setattr(scanning, "MOST_WAITS", 1)
    with monkeypatch.context() as patched:
        patched.setattr(scanning, "next_track", failing(ZeroDivisionError("a bug")))
        scanning.scan_stretch(scan.pk)
    assert Scan.objects.get().error == "ZeroDivisionError: a bug"
    assert starting.resume_scan(scan=scan)
    scanning.scan_stretch(scan.pk)
    scan = Scan.objects.get()
    assert (scan.status, scan.setbacks, scan.error) == ("done", 0, "")


def test_a_track_that_raises_each_time_is_left_out_of_a_scan(
    owner: User, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_track(owner)
    scan = starting.start_scan(started_by=staff)
    monkeypatch.setattr(scanning.analysis, "fingerprint_of", failing(ZeroDivisionError("of this file")))
    for _ in range(4):
        let_waits_end()
        scanning.scan_stretch(scan.pk)
    scan.refresh_from_db()
    assert (scan.status, scan.failed) == ("done", 1)
    assert scan.failures[0]["error"] == "ZeroDivisionError: of this file"
