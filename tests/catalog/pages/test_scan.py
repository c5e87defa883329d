"""The page of the duplicate scan: what it tells, and who may do what."""

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import Scan
from tests.rows import make_track

PAGE = "/catalog/scan/"


def make_scan(user: User, **values: object) -> Scan:
    """Store a scan; a running one unless told otherwise."""
    defaults = {"last_track": 400, "done_track": 100, "total": 400, "searched": 98, "failed": 2, "worked_s": 50.0}
    return Scan.objects.create(started_by=user, **(defaults | values))


def ended(**values: object) -> dict[str, object]:
    """Return the values of a scan that ended."""
    return {"status": "done", "ended_at": timezone.now()} | values


def test_empty_catalog_says_what_to_do(desk: Client) -> None:
    page = desk.get(PAGE).content.decode()
    assert "The catalog is empty" in page
    assert "/admin/catalog/track/add/" in page


def test_start(desk: Client, owner: User, staff: User) -> None:
    make_track(owner)
    assert "Start a scan" in desk.get(PAGE).content.decode()
    page = desk.post(reverse("catalog:scan_start"), follow=True).content.decode()
    assert "0 of 1 tracks" in page
    assert Scan.objects.get().started_by == staff
    assert "already running" in desk.post(reverse("catalog:scan_start"), follow=True).content.decode()


def test_progress(desk: Client, staff: User) -> None:
    make_scan(staff, found=12)
    page = desk.get(PAGE).content.decode()
    for words in ("100 of 400 tracks", 'max="400', 'value="100', "2 min", "hx-get", "Cancel"):
        assert words in page, words


def test_cancel_and_go_on(desk: Client, staff: User) -> None:
    scan = make_scan(staff)
    assert "Resume" in desk.post(reverse("catalog:scan_cancel", args=[scan.pk]), follow=True).content.decode()
    assert (
        "changed in the meantime"
        in desk.post(reverse("catalog:scan_cancel", args=[scan.pk]), follow=True).content.decode()
    )
    assert "Cancel" in desk.post(reverse("catalog:scan_resume", args=[scan.pk]), follow=True).content.decode()


def test_two_do_not_go_on_at_once(desk: Client, staff: User) -> None:
    old = make_scan(staff, **ended(status="cancelled"))
    make_scan(staff)
    assert (
        "Another scan is running"
        in desk.post(reverse("catalog:scan_resume", args=[old.pk]), follow=True).content.decode()
    )


def test_failures_are_told(desk: Client, staff: User, owner: User) -> None:
    track = make_track(owner)
    failure = {"track": track.pk, "title": "<b>Odd", "error": "The file holds only silence."}
    make_scan(staff, **ended(failures=[failure]))
    page = desk.get(PAGE).content.decode()
    assert "&lt;b&gt;Odd" in page
    assert "only silence" in page


def test_readers_watch_only(reading_desk: Client, staff: User, owner: User) -> None:
    make_track(owner)
    scan = make_scan(staff)
    page = reading_desk.get(PAGE).content.decode()
    assert "100 of 400" in page
    assert "cancel-scan" not in page
    for name, args in (("scan_start", []), ("scan_cancel", [scan.pk]), ("scan_resume", [scan.pk])):
        assert reading_desk.post(reverse(f"catalog:{name}", args=args)).status_code == 403
    assert Scan.objects.get().status == "running"


def test_starting_needs_its_permission_alone(reader: User, client: Client, owner: User) -> None:
    make_track(owner)
    reader.user_permissions.add(Permission.objects.get(codename="add_scan"))
    client.force_login(reader)
    client.post(reverse("catalog:scan_start"))
    assert Scan.objects.count() == 1


@pytest.mark.parametrize("name", ["scan_start", "scan_cancel", "scan_resume"])
def test_changes_are_posts_with_the_token(desk: Client, staff: User, name: str) -> None:
    scan = make_scan(staff)
    address = reverse(f"catalog:{name}", args=[] if name == "scan_start" else [scan.pk])
    assert desk.get(address).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(staff)
    assert strict.post(address).status_code == 403


def test_refused(client: Client, outsider_desk: Client) -> None:
    assert client.get(PAGE)["Location"].startswith("/admin/login/")
    assert outsider_desk.get(PAGE).status_code == 403


def test_no_query_for_each_row(desk: Client, staff: User) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(PAGE).status_code == 200
        return len(queries)

    make_scan(staff, **ended())
    make_scan(staff)
    count()
    with_two = count()
    for _ in range(5):
        make_scan(staff, **ended())
    assert count() == with_two
