"""The pages of schedules: made, changed, switched and deleted, by those who may."""

from datetime import time

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from catalog.models import ScanSchedule
from catalog.scans.schedules import start_due
from staff.models import AuditEntry
from tests.catalog.test_scan_schedules import make_schedule
from tests.rows import make_track

pytestmark = pytest.mark.django_db(transaction=True)
ADD = "/catalog/scan/schedules/new/"
FORM = {"every": "week", "weekday": "6", "at": "04:30", "is_on": "on"}


def place(schedule: ScanSchedule, what: str = "") -> str:
    """Return an address of a schedule."""
    return f"/catalog/scan/schedules/{schedule.pk}/{what}"


def test_made_of_a_filter_and_shown(desk: Client, owner: User, staff: User) -> None:
    make_track(owner)
    page = desk.get(f"{ADD}?added=7").content.decode()
    assert "uploaded: last 7 days" in page
    assert "1 track is scanned" in page
    page = desk.post(f"{ADD}?added=7", FORM, follow=True).content.decode()
    schedule = ScanSchedule.objects.get()
    assert (schedule.asked, schedule.when, schedule.set_by) == ("added=7", "every Sunday at 04:30", staff)
    assert schedule.next_at is not None
    assert "every Sunday at 04:30" in page
    assert "uploaded: last 7 days" in page


def test_changed_it_runs_for_whoever_changed_it(desk: Client, reader: User, staff: User) -> None:
    schedule = make_schedule(reader, asked="added=7")
    assert 'value="03:00"' in desk.get(place(schedule)).content.decode()
    desk.post(place(schedule), {**FORM, "every": "day", "is_on": ""})
    schedule.refresh_from_db()
    assert (schedule.asked, schedule.when, schedule.set_by) == ("added=7", "every day at 04:30", staff)
    assert (schedule.is_on, schedule.next_at) == (False, None)


def test_switched_and_deleted(desk: Client, staff: User) -> None:
    schedule = make_schedule(staff)
    assert "Switch on" in desk.post(place(schedule, "switch/"), {"on": "no"}, follow=True).content.decode()
    assert "Switch off" in desk.post(place(schedule, "switch/"), {"on": "yes"}, follow=True).content.decode()
    desk.post(place(schedule, "delete/"))
    assert not ScanSchedule.objects.exists()
    assert AuditEntry.objects.filter(act="scan_schedule_delete").get().object_key == str(schedule.pk)


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong", [{"at": "25:00"}, {"at": ""}, {"every": "year"}, {"weekday": "7"}, {"weekday": "x"}, {"at": "\0"}]
)
def test_a_wrong_form_is_shown_again_and_stores_nothing(desk: Client, wrong: dict[str, str]) -> None:
    answer = desk.post(ADD, FORM | wrong)
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode() or "error" in answer.content.decode()
    assert not ScanSchedule.objects.exists()


def test_a_filter_that_a_scan_does_not_know_is_refused(desk: Client) -> None:
    page = desk.post(f"{ADD}?title__icontains=x", FORM, follow=True).content.decode()
    assert "does not know the filter" in page
    assert not ScanSchedule.objects.exists()


def test_why_a_run_started_nothing_is_said(desk: Client, owner: User, staff: User) -> None:
    make_track(owner)
    make_schedule(staff, asked="artist=nobody")
    start_due()
    page = desk.get("/catalog/scan/").content.decode()
    assert "not started" in page
    assert "The filter leaves no track" in page


@pytest.mark.parametrize("codename", ["add_scan", "change_scan"])
def test_one_permission_is_not_enough(client: Client, reader: User, staff: User, codename: str) -> None:
    schedule = make_schedule(staff)
    reader.user_permissions.add(Permission.objects.get(codename=codename))
    client.force_login(reader)
    for address in (ADD, place(schedule), place(schedule, "switch/"), place(schedule, "delete/")):
        assert client.post(address, FORM).status_code == 403
    assert ScanSchedule.objects.get().at == time(3)
    assert "Switch off" not in client.get("/catalog/scan/").content.decode()
