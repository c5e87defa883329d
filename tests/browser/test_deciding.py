"""Groups, pieces and scans in the browser, the keyboard's way out of the player, and the review without JavaScript."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Decision, Match, Scan, Track
from catalog.services.audio.analysis import fingerprint_of
from catalog.services.index import log
from tests.browser.conftest import SPEED, START_S, session_of
from tests.browser.test_review import open_review, settled, times
from tests.browser.watch import wait
from tests.rows import make_match, make_track

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS_AGAIN_MS = 5000


def look_again(page: Page) -> None:
    """Let the time pass after which a page looks again; its clock was installed before it was opened."""
    page.clock.fast_forward(LOOKS_AGAIN_MS)


def test_a_group_is_decided_and_taken_back_by_keyboard(
    page: Page, live_server: LiveServer, pair: Match, owner: User
) -> None:
    third = make_track(owner, title="Third", audio_file=pair.query_track.audio_file)
    make_match(third, pair.reference_track)
    open_review(page, live_server)
    page.keyboard.press("g")
    expect(page.get_by_text("3 copies of one recording")).to_be_visible()
    settled(page)
    tracks = sorted([pair.query_track, pair.reference_track, third], key=lambda track: track.pk)
    page.keyboard.press("1")
    expect(page.locator("input[name=keeper]").nth(0)).to_be_checked()
    page.keyboard.press("ArrowDown")
    expect(page.locator("input[name=keeper]").nth(1)).to_be_checked()
    for choice in page.locator("select:visible").all():  # excerpts are preset to "decide later"
        choice.select_option(label="the same recording")
    page.locator("input[name=keeper]").nth(1).focus()
    page.keyboard.press("d")
    expect(page.get_by_text("2 pairs decided together")).to_be_visible()
    standing = Decision.objects.filter(undone_at=None)
    assert {row.verdict for row in standing} == {"same"}
    assert {row.keeper_id for row in standing} <= {tracks[1].pk, None}
    page.get_by_text("Nothing to review").wait_for()
    page.goto(live_server.url + f"/catalog/review/{tracks[0].pk}/{tracks[1].pk}/")
    settled(page)
    page.keyboard.press("u")
    expect(page.get_by_text("2 decisions made together")).to_be_visible()
    assert not standing.all().exists()


def test_the_focus_leaves_the_player_while_nothing_plays(page: Page, live_server: LiveServer, pair: Match) -> None:
    open_review(page, live_server)
    page.locator("[data-act=play]").focus()
    page.keyboard.press("Tab")
    expect(page.locator("[data-act=hear-a]")).to_be_focused()
    assert times(page)["heard"] == "a"
    page.keyboard.press("x")
    wait(page, lambda: times(page)["heard"] == "b", "X switches whatever has the focus")


def test_swapped_pieces_stay_together(page: Page, live_server: LiveServer, pair: Match) -> None:
    middle = START_S + 6 * SPEED
    pieces = [[0.0, 6.0, middle, middle + 6 * SPEED, 0.8], [6.0, 12.0, START_S, middle, 0.8]]
    Match.objects.filter(pk=pair.pk).update(segments=pieces)
    open_review(page, live_server)
    assert times(page)["b"] == pytest.approx(middle, abs=0.1)
    plot = page.locator("svg[data-end]").first
    box = plot.bounding_box()
    assert box
    plot.click(position={"x": box["width"] * 0.75, "y": box["height"] / 2})
    wait(page, lambda: times(page)["a"] == pytest.approx(9.0, abs=0.3), "a click in a plot seeks")
    now = times(page)
    assert now["b"] == pytest.approx(START_S + (now["a"] - 6) * SPEED, abs=0.15)
    page.get_by_text("2 matching segments").wait_for()


def test_the_review_reads_without_javascript(
    browser: Browser, live_server: LiveServer, pair: Match, staff: User
) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([session_of(staff, live_server)])
    page = context.new_page()
    page.goto(live_server.url + "/catalog/review/")
    expect(page.locator("noscript audio").or_(page.locator("audio[controls]")).first).to_be_visible()
    expect(page.locator("svg.mf-pair polygon")).to_have_count(1)
    expect(page.locator("[data-act=play]")).to_be_hidden()
    page.get_by_role("button", name="Not a duplicate").click()
    expect(page.get_by_text("Nothing to review")).to_be_visible()
    assert Decision.objects.get().verdict == "different"
    context.close()


def test_a_scan_is_watched_to_its_end(
    page: Page, live_server: LiveServer, add_track: Callable[..., Track], battle: Path, drain: Callable[[], int]
) -> None:
    for _ in range(2):
        track = add_track(battle)
        fingerprint_of(track)
        log.record_add(track_id=track.pk)
    page.goto(live_server.url + "/catalog/scan/")
    page.get_by_role("button", name="Scan the whole catalog").click()
    expect(page.get_by_text("0 of 2 tracks")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Resume").click()
    drain()
    expect(page.get_by_text("2 of 2 tracks")).to_be_visible()
    expect(page.get_by_role("link", name="1 waiting pair as a list")).to_be_visible()
    assert Scan.objects.get().status == "done"


def test_the_overview_looks_again_and_keeps_the_focus(page: Page, live_server: LiveServer, pair: Match) -> None:
    page.clock.install()
    page.goto(live_server.url + "/admin/")
    link = page.locator("#need-pairs")
    expect(link).to_contain_text("1")
    link.focus()
    make_match(make_track(pair.query_track.owner, audio_file=pair.query_track.audio_file), pair.reference_track)
    look_again(page)
    expect(link).to_contain_text("2", timeout=15_000)
    expect(link).to_be_focused()


def test_a_session_that_ends_leads_to_the_login(page: Page, live_server: LiveServer, pair: Match) -> None:
    page.clock.install()
    page.goto(live_server.url + "/admin/")
    page.context.clear_cookies()
    look_again(page)
    page.wait_for_url("**/login/**")


def test_the_sidebar_counts_again_and_leaves_the_page_alone(page: Page, live_server: LiveServer, pair: Match) -> None:
    page.clock.install()
    page.goto(live_server.url + "/admin/catalog/track/add/")
    count = page.locator("#count-duplicate-review")
    expect(count).to_have_text("1")
    make_match(make_track(pair.query_track.owner, audio_file=pair.query_track.audio_file), pair.reference_track)
    look_again(page)
    expect(count).to_have_text("2", timeout=15_000)
    Match.objects.all().delete()
    look_again(page)
    expect(count).to_be_hidden(timeout=15_000)
    with page.expect_response(lambda answer: "/login/" in answer.url, timeout=15_000):
        page.context.clear_cookies()
        look_again(page)
    page.wait_for_timeout(500)
    assert page.url.endswith("/admin/catalog/track/add/"), "nobody loses what they were doing"


def test_a_click_in_the_fingerprint_seeks(page: Page, live_server: LiveServer, pair: Match) -> None:
    fingerprint_of(pair.reference_track)
    page.goto(live_server.url + pair.reference_track.get_absolute_url())
    page.wait_for_function("() => document.querySelector('audio').readyState >= 1")
    picture = page.locator(".mf-fingerprint")
    box = picture.bounding_box()
    assert box
    picture.click(position={"x": box["width"] / 2, "y": 20})
    seconds = "() => document.querySelector('audio').currentTime / document.querySelector('audio').duration"
    wait(page, lambda: page.evaluate(seconds) == pytest.approx(0.5, abs=0.02), "the middle is the middle")
    expect(page.locator(".mf-head")).to_be_visible()
