"""The page of the duplicate scan: what it tells, and who may do what."""

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import Match, Scan
from catalog.selectors import scans
from catalog.services.decisions import decide
from catalog.services.tracks.removal import remove_track
from tests.catalog.test_scan_schedules import make_schedule
from tests.rows import make_match, make_track

PAGE = "/catalog/scan/"
NEW = "/catalog/scan/new/"


def page_of(scan: Scan) -> str:
    """Return the address of a scan's own page."""
    return reverse("catalog:scan_one", args=[scan.pk])


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
    assert "Scan the whole catalog" in desk.get(PAGE).content.decode()
    answer = desk.post(reverse("catalog:scan_start"), follow=True)
    assert "0 of 1 tracks" in answer.content.decode()
    scan = Scan.objects.get()
    assert answer.redirect_chain == [(page_of(scan), 302)]
    assert (scan.started_by, scan.asked, scan.words) == (staff, "", "")
    assert "already running" in desk.post(reverse("catalog:scan_start"), follow=True).content.decode()


def test_progress(desk: Client, staff: User) -> None:
    make_scan(staff, found=12)
    page = desk.get(PAGE).content.decode()
    for words in ("100 of 400 tracks", 'max="400', 'value="100', "2 min", "hx-get", "Stop"):
        assert words in page, words


def test_cancel_and_go_on(desk: Client, staff: User) -> None:
    scan = make_scan(staff)
    assert "Resume" in desk.post(reverse("catalog:scan_cancel", args=[scan.pk]), follow=True).content.decode()
    assert (
        "changed in the meantime"
        in desk.post(reverse("catalog:scan_cancel", args=[scan.pk]), follow=True).content.decode()
    )
    assert "cancel-scan" in desk.post(reverse("catalog:scan_resume", args=[scan.pk]), follow=True).content.decode()


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
    page = desk.get(page_of(make_scan(staff, **ended(failures=[failure])))).content.decode()
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


def queries_of(desk: Client, address: str) -> int:
    """Open a page and count what it asks the database."""
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(address).status_code == 200
    return len(queries)


def test_no_query_for_each_row(desk: Client, staff: User) -> None:
    make_schedule(staff, asked=f"owner__id__exact={staff.pk}")
    make_scan(staff, **ended())
    make_scan(staff)
    queries_of(desk, PAGE)
    with_two = queries_of(desk, PAGE)
    for _ in range(5):
        make_scan(staff, **ended())
        make_schedule(staff, asked=f"owner__id__exact={staff.pk}")
    assert queries_of(desk, PAGE) == with_two


def test_no_query_for_each_result(desk: Client, staff: User, owner: User) -> None:
    scan = make_scan(staff, **ended())
    found(scan, owner, count=2)
    queries_of(desk, page_of(scan))
    with_two = queries_of(desk, page_of(scan))
    found(scan, owner, count=6)
    for match in scan.matches.all()[:3]:
        one, other = match.query_track, match.reference_track
        decide(one=one, other=other, verdict="same", keeper=one, decided_by=staff)
    assert queries_of(desk, page_of(scan)) == with_two


def found(scan: Scan, owner: User, *, count: int) -> list[Match]:
    """Store pairs that a scan found."""
    rows = [make_match(make_track(owner), make_track(owner)) for _ in range(count)]
    Match.objects.filter(pk__in=[row.pk for row in rows]).update(job=None, scan=scan)
    return rows


def test_older_scans_are_further_pages(desk: Client, staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "SCANS_A_PAGE", 2)
    rows = [make_scan(staff, **ended()) for _ in range(5)]
    seen, address = [], PAGE
    for _ in range(3):
        page = desk.get(address).context["page"]
        seen += [scan.pk for scan in page.scans]
        address = f"{PAGE}?older={page.older}"
    assert seen == [scan.pk for scan in reversed(rows)]
    assert page.older == 0
    assert "Newest scans" in desk.get(f"{PAGE}?older={rows[3].pk}").content.decode()


def test_what_a_scan_found_in_pages(desk: Client, staff: User, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "RESULTS_A_PAGE", 2)
    scan = make_scan(staff, **ended())
    make_match(make_track(owner), make_track(owner))  # found by a check
    rows = found(scan, owner, count=3)
    first = desk.get(page_of(scan))
    second = desk.get(f"{page_of(scan)}?after={first.context['page'].after}")
    assert [row.match for answer in (first, second) for row in answer.context["page"].rows] == rows
    assert second.context["page"].after == 0
    assert "3 waiting pairs as a list" in first.content.decode()
    assert f"/admin/catalog/waitingpair/?scan={scan.pk}" in first.content.decode()


def test_a_decision_and_a_removed_track_are_said(desk: Client, staff: User, owner: User) -> None:
    scan = make_scan(staff, **ended())
    decided, gone = found(scan, owner, count=2)
    one, other = decided.query_track, decided.reference_track
    decide(one=one, other=other, verdict="different", keeper=None, decided_by=staff)
    remove_track(track=gone.query_track)
    page = desk.get(page_of(scan)).content.decode()
    assert "not a duplicate" in page
    assert "a track was removed" in page
    assert "to-review" not in page, "none of them waits"


def test_review_of_one_scan(desk: Client, staff: User, owner: User) -> None:
    make_match(make_track(owner), make_track(owner))  # older: it would come first
    scan = make_scan(staff, **ended())
    (pair,) = found(scan, owner, count=1)
    page = desk.get(f"/catalog/review/?scan={scan.pk}", follow=True).content.decode()
    assert f"/catalog/review/{pair.query_track_id}/{pair.reference_track_id}/decide/" in page
    empty = make_scan(staff, **ended())
    page = desk.get(f"/catalog/review/?scan={empty.pk}", follow=True).content.decode()
    assert "No pair of this scan is waiting" in page


def test_the_count_comes_first(desk: Client, staff: User, owner: User) -> None:
    make_track(owner, artist="Ünal")
    make_track(owner)
    make_scan(staff, **ended())
    assert not Scan.objects.filter(status="running").exists()
    page = desk.get(NEW, {"artist": "ünal", "o": "3", "state": "removed"}).content.decode()
    for words in ("Scan 1 track", "artist: ünal", "is scanned", "At the pace of the last scan"):
        assert words in page, words
    assert "0 tracks are scanned" in desk.get(NEW, {"artist": "nobody"}).content.decode()
    assert "Scan 2 tracks" in desk.get(NEW).content.decode()


def test_start_of_a_filter(desk: Client, owner: User) -> None:
    wanted = make_track(owner, artist="Ünal")
    make_track(owner)
    page = desk.post(reverse("catalog:scan_start"), {"asked": "artist=%C3%BCnal"}, follow=True).content.decode()
    assert "0 of 1 tracks" in page
    assert "artist: ünal" in page
    assert Scan.objects.get().track_ids == [wanted.pk]


@pytest.mark.parametrize("asked", ["title__icontains=x", "artist=nobody", "artist=" + "x" * 300])
def test_a_filter_that_cannot_be_scanned_stores_nothing(desk: Client, owner: User, asked: str) -> None:
    make_track(owner)
    page = desk.post(reverse("catalog:scan_start"), {"asked": asked}, follow=True).content.decode()
    assert "filter" in page
    assert not Scan.objects.exists()
    assert desk.get(f"{NEW}?{asked}").status_code in (200, 302)


def test_the_track_list_leads_to_a_scan_of_what_it_shows(desk: Client, reading_desk: Client, owner: User) -> None:
    make_track(owner)
    page = desk.get("/admin/catalog/track/?added=7").content.decode()
    assert "/catalog/scan/new/?added=7" in page
    assert "/catalog/scan/new/" not in reading_desk.get("/admin/catalog/track/").content.decode()


def test_a_long_recording_is_watched(desk: Client, staff: User) -> None:
    scan = make_scan(staff, progress={"title": "<b>Mix", "done_s": 600, "total_s": 3600, "found": 7})
    page = desk.get(page_of(scan)).content.decode()
    assert "&lt;b&gt;Mix" in page
    assert "10:00 of 1:00:00" in page
    assert "7 recordings so far" in page


@pytest.mark.parametrize(
    "address", ["/catalog/scan/7/", "/catalog/scan/schedules/7/", "/catalog/scan/999999999999999999/"]
)
def test_none_of_that_number(desk: Client, address: str) -> None:
    assert desk.get(address).status_code == 404
