"""Scans in the browser: from a filter of the tracks to what was found, and a schedule by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Decision, Match, Scan, ScanSchedule, Track
from catalog.services.audio.analysis import fingerprint_of
from catalog.services.index import log
from tests.browser.conftest import session_of
from tests.browser.watch import wait

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def copies(add_track: Callable[..., Track], battle: Path) -> list[Track]:
    """One recording twice, both in the index, never scanned."""
    tracks = [add_track(battle), add_track(battle)]
    for track in tracks:
        fingerprint_of(track)
        log.record_add(track_id=track.pk)
    return tracks


def test_from_a_filter_to_a_decision(
    page: Page, live_server: LiveServer, copies: list[Track], drain: Callable[[], int]
) -> None:
    page.goto(live_server.url + "/admin/catalog/track/?scanned=never")
    page.get_by_role("link", name="Scan these").click()
    expect(page.get_by_role("heading", name="2 tracks are scanned")).to_be_visible()
    expect(page.get_by_text("scanned: never")).to_be_visible()
    page.get_by_role("button", name="Scan 2 tracks").click()
    expect(page.get_by_text("0 of 2 tracks")).to_be_visible()
    drain()
    expect(page.get_by_text("2 of 2 tracks")).to_be_visible()
    page.get_by_role("link", name="Review them one at a time").click()
    page.get_by_role("button", name="Not a duplicate").click()
    wait(page, Decision.objects.exists, "the decision is stored")
    expect(page.get_by_text("Nothing to review")).to_be_visible()  # or its own way there would end the next one
    page.goto(f"{live_server.url}/catalog/scan/{Scan.objects.get().pk}/")
    expect(page.get_by_role("link", name="not a duplicate")).to_be_visible()
    page.goto(live_server.url + "/admin/catalog/track/?scanned=never")
    expect(page.locator("#result_list tbody tr a.mf-link")).to_have_count(0)


def test_a_schedule_is_made_and_switched_off(page: Page, live_server: LiveServer, copies: list[Track]) -> None:
    page.goto(live_server.url + "/catalog/scan/")
    page.get_by_role("link", name="Schedule a scan of the whole catalog").click()
    page.locator("[name=every]").select_option("week")
    page.locator("[name=weekday]").select_option("6")
    page.locator("[name=at]").fill("04:30")
    page.get_by_role("button", name="Save the schedule").click()
    expect(page.get_by_role("link", name="every Sunday at 04:30")).to_be_visible()
    page.get_by_role("button", name="Switch off: every Sunday at 04:30").click()
    expect(page.get_by_role("button", name="Switch on: every Sunday at 04:30")).to_be_visible()
    assert ScanSchedule.objects.get().next_at is None


def test_without_scripts_a_scan_is_started_read_and_decided(
    browser: Browser, live_server: LiveServer, copies: list[Track], staff: User, drain: Callable[[], int]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([session_of(staff, live_server)])
    page = context.new_page()
    page.goto(live_server.url + "/catalog/scan/new/?scanned=never")
    page.get_by_role("button", name="Scan 2 tracks").click()
    drain()
    page.reload()
    page.get_by_role("link", name="compare").click()
    page.get_by_role("button", name="Not a duplicate").click()
    page.wait_for_load_state("load")
    assert Decision.objects.get().verdict == "different"
    assert Match.objects.count() == 1
    context.close()
