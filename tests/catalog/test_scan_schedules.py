"""Scans that start by themselves: at the time, one at once, a missed run once, for somebody who may."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from catalog.models import Scan, ScanSchedule
from catalog.scans import schedules
from catalog.scans.duties import DUTIES
from catalog.scans.schedules import next_run, save_schedule, start_due, switch_schedule
from catalog.scans.starting import start_scan
from catalog.services.errors import CatalogError
from tests.rows import make_track

pytestmark = pytest.mark.django_db(transaction=True)
MONDAY_0300 = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)


def make_schedule(by: User, **values: Any) -> ScanSchedule:
    """Store a schedule that is due, unless told otherwise."""
    usual: dict[str, Any] = {
        "asked": "", "every": "day", "weekday": 0, "at": time(3, 0), "is_on": True, "schedule": None, "set_by": by,
    }  # fmt: skip
    due = values.pop("due", timedelta(hours=1))
    schedule = save_schedule(**(usual | values))
    if due is not None and schedule.is_on:
        ScanSchedule.objects.filter(pk=schedule.pk).update(next_at=timezone.now() - due)
    schedule.refresh_from_db()
    return schedule


def end_scans() -> None:
    """End what runs."""
    Scan.objects.filter(status="running").update(status="done", ended_at=timezone.now())


@pytest.mark.parametrize(
    ("every", "weekday", "at", "after", "expected"),
    [
        ("day", 0, time(3), MONDAY_0300, MONDAY_0300 + timedelta(days=1)),
        ("day", 0, time(3), MONDAY_0300 - timedelta(seconds=1), MONDAY_0300),
        ("week", 0, time(3), MONDAY_0300, MONDAY_0300 + timedelta(days=7)),
        ("week", 6, time(23, 30), MONDAY_0300, datetime(2026, 12, 6, 23, 30, tzinfo=UTC)),
    ],
)
def test_next_run(every: str, weekday: int, at: time, after: datetime, expected: datetime) -> None:
    assert next_run(every=every, weekday=weekday, at=at, after=after) == expected


def test_a_day_of_the_clocks_turn_has_one_run(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    timezone.deactivate()
    runs, after = [], datetime(2026, 10, 24, 0, 0, tzinfo=UTC)
    for _ in range(3):
        after = next_run(every="day", weekday=0, at=time(2, 30), after=after)
        runs.append(timezone.localtime(after).strftime("%d %H:%M"))
    assert runs == ["24 02:30", "25 02:30", "26 02:30"]


def test_a_due_schedule_starts_one_scan_and_moves_on(owner: User, staff: User) -> None:
    make_track(owner)
    schedule = make_schedule(staff, asked="added=7", due=timedelta(days=9))
    assert start_due() == 1
    scan = Scan.objects.get()
    schedule.refresh_from_db()
    assert (scan.schedule, scan.asked, scan.started_by, scan.total) == (schedule, "added=7", staff, 1)
    assert (schedule.last_scan, schedule.refusal) == (scan, "")
    assert schedule.next_at is not None
    assert timezone.now() < schedule.next_at <= timezone.now() + timedelta(days=1)
    end_scans()
    assert start_due() == 0, "nine missed runs are caught up once"


def test_none_is_due_and_none_is_on(owner: User, staff: User) -> None:
    make_track(owner)
    make_schedule(staff, due=None)
    switch_schedule(schedule=make_schedule(staff), is_on=False)
    assert start_due() == 0
    assert not Scan.objects.exists()


def test_one_at_once_and_the_next_at_its_end(owner: User, staff: User) -> None:
    make_track(owner)
    start_scan(started_by=staff)
    first, second = make_schedule(staff, due=timedelta(hours=2)), make_schedule(staff)
    assert start_due() == 0
    for schedule in (first, second):
        end_scans()
        assert start_due() == 1
        assert Scan.objects.latest("pk").schedule == schedule
    assert OrmQ.objects.count() == 3


def test_two_sweepers_start_one_scan(owner: User, staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    make_track(owner)
    make_schedule(staff)
    order_of = schedules.order_of

    def and_another_sweeper(asked: str) -> object:
        monkeypatch.setattr(schedules, "order_of", order_of)
        assert start_due() == 1
        end_scans()  # so that it is the schedule's row, and no running scan, that keeps the second from starting
        return order_of(asked)

    monkeypatch.setattr(schedules, "order_of", and_another_sweeper)
    assert start_due() == 0
    assert Scan.objects.count() == 1


def test_a_scan_that_staff_start_at_the_same_moment_goes_first(
    owner: User, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_track(owner)
    schedule = make_schedule(staff)
    order_of = schedules.order_of

    def and_staff(asked: str) -> object:
        start_scan(started_by=staff)
        return order_of(asked)

    monkeypatch.setattr(schedules, "order_of", and_staff)
    assert start_due() == 0
    before = schedule.next_at
    schedule.refresh_from_db()
    assert (schedule.next_at, schedule.last_at) == (before, None), "it stays due"


def test_nothing_to_scan_is_said_and_the_next_one_is_not_held_up(owner: User, staff: User) -> None:
    make_track(owner)
    empty = make_schedule(staff, asked="artist=nobody", due=timedelta(hours=2))
    make_schedule(staff)
    assert start_due() == 1
    empty.refresh_from_db()
    assert "leaves no track" in empty.refusal
    assert empty.next_at is not None
    assert empty.next_at > timezone.now()


@pytest.mark.parametrize("loses", ["permission", "account"])
def test_runs_only_for_somebody_who_may(owner: User, reader: User, loses: str) -> None:
    make_track(owner)
    if loses == "account":
        reader.user_permissions.set(Permission.objects.filter(codename__endswith="_scan"))
    schedule = make_schedule(reader)
    User.objects.filter(pk=reader.pk).update(is_active=loses != "account")
    assert start_due() == 0
    schedule.refresh_from_db()
    assert "reader may not start scans any more" in schedule.refusal


def test_a_time_of_a_clock_that_was_set_back_is_mended(owner: User, staff: User) -> None:
    make_track(owner)
    schedule = make_schedule(staff, due=-timedelta(days=400))
    assert start_due() == 0
    schedule.refresh_from_db()
    assert schedule.next_at is not None
    assert schedule.next_at <= timezone.now() + timedelta(days=1)


def test_switching_on_does_not_catch_up(owner: User, staff: User) -> None:
    make_track(owner)
    schedule = make_schedule(staff)
    assert switch_schedule(schedule=schedule, is_on=False)
    assert not switch_schedule(schedule=schedule, is_on=False)
    assert switch_schedule(schedule=schedule, is_on=True)
    assert start_due() == 0


def test_there_is_a_limit(staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "MOST_SCHEDULES", 1)
    schedule = make_schedule(staff)
    with pytest.raises(CatalogError, match="1 schedules already"):
        make_schedule(staff)
    make_schedule(staff, schedule=schedule, every="week")


def test_the_sweeper_does_it() -> None:
    duty: Callable[[], object] = next(duty.do for duty in DUTIES if duty.name == "start scheduled scans")
    assert duty is start_due
