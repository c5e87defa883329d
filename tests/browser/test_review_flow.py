"""The review's queue in the browser: no key is lost, nothing is decided twice, and nothing gets lost with a session."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Decision, Match
from tests.browser.conftest import session_of
from tests.browser.test_review import open_review, settled, times
from tests.browser.watch import Watch, wait
from tests.rows import another_file, make_copy, make_match, make_track

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def many(pair: Match, owner: User) -> list[Match]:
    """Sixteen pairs that wait."""
    file = pair.query_track.audio_file
    assert file
    tracks = [make_track(owner, title=f"Copy {n}", artist="", audio_file=another_file(file)) for n in range(1, 16)]
    return [pair, *(make_match(track, pair.reference_track) for track in tracks)]


def standing() -> int:
    """Return how many decisions there are."""
    return Decision.objects.filter(undone_at=None).count()


def shows(page: Page, words: str) -> None:
    """Wait until the page says something."""
    expect(page.locator("body")).to_contain_text(words)


def test_twelve_presses_are_twelve_decisions(page: Page, live_server: LiveServer, many: list[Match]) -> None:
    open_review(page, live_server)
    page.keyboard.type("n" * 12)
    wait(page, lambda: standing() == 12, "each press decides")
    page.wait_for_timeout(1000)
    assert standing() == 12
    decided = set(Decision.objects.values_list("first_track_id", "second_track_id"))
    assert decided == {tuple(sorted((match.query_track_id, match.reference_track_id))) for match in many[:12]}
    shows(page, "12 decided, 0 skipped, 4 left")


def test_keys_of_several_kinds_keep_their_order(page: Page, live_server: LiveServer, many: list[Match]) -> None:
    open_review(page, live_server)
    page.keyboard.type("bnsv")
    shows(page, "3 decided, 1 skipped, 12 left")
    assert list(Decision.objects.order_by("pk").values_list("verdict", flat=True)) == ["same", "different", "version"]


def test_a_key_that_is_held_down_decides_once(page: Page, live_server: LiveServer, many: list[Match]) -> None:
    open_review(page, live_server)
    for _ in range(5):  # without a release between: the browser says that it repeats
        page.keyboard.down("n")
    page.keyboard.up("n")
    wait(page, lambda: standing() == 1, "one decision")
    page.wait_for_timeout(500)
    assert standing() == 1


def test_a_double_click_decides_once(page: Page, live_server: LiveServer, many: list[Match]) -> None:
    open_review(page, live_server)
    page.get_by_role("button", name="Not a duplicate").dblclick()
    wait(page, lambda: standing() == 1, "one decision")
    page.wait_for_timeout(500)
    assert standing() == 1


def test_what_came_with_the_page_gives_way_to_what_is_said_later(
    page: Page, live_server: LiveServer, many: list[Match]
) -> None:
    open_review(page, live_server)
    page.keyboard.press("p")
    shows(page, "This is the first pair of this session.")
    settled(page)
    page.keyboard.press("n")
    shows(page, "1 decided")
    expect(page.get_by_text("This is the first pair of this session.")).to_have_count(0)


def test_the_last_decision_leads_to_the_end(page: Page, live_server: LiveServer, many: list[Match]) -> None:
    open_review(page, live_server)
    page.keyboard.type("n" * 16)
    shows(page, "Nothing to review")
    assert standing() == 16


def test_undo_takes_the_last_one_back_however_fast_it_comes(
    page: Page, live_server: LiveServer, many: list[Match]
) -> None:
    open_review(page, live_server)
    page.keyboard.type("nnu")
    shows(page, "Undone decisions")
    last = Decision.objects.order_by("pk").last()
    assert last
    assert last.undone_at
    assert standing() == 1


def test_the_way_back(page: Page, live_server: LiveServer, many: list[Match]) -> None:
    open_review(page, live_server)
    page.keyboard.type("ns")
    page.keyboard.press("p")
    page.wait_for_url("**/catalog/review/*/*/")
    shows(page, "Copy 1")
    settled(page)
    page.keyboard.press("p")
    shows(page, "staff decided")
    settled(page)
    page.keyboard.press("c")
    page.wait_for_url("**/catalog/review/")
    shows(page, "1 decided, 1 skipped, 14 left")


def test_a_session_that_ends_keeps_the_decisions(
    page: Page, live_server: LiveServer, many: list[Match], staff: User, watch: Watch
) -> None:
    watch.expect("401")
    open_review(page, live_server)
    page.wait_for_timeout(1500)  # the next pairs are in hand
    page.context.clear_cookies(name="sessionid")
    page.keyboard.type("nn")
    shows(page, "Your session has ended. 2 decisions are not stored yet.")
    assert standing() == 0
    page.get_by_role("link", name="Log in").click()
    page.wait_for_url("**/admin/login/**")
    staff.set_password("a long and quiet word")
    staff.save()
    page.fill("[name=username]", "staff")
    page.fill("[name=password]", "a long and quiet word")
    page.keyboard.press("Enter")
    page.wait_for_url("**/catalog/review/")
    shows(page, "2 decisions were not stored")
    assert standing() == 0, "they wait to be confirmed"
    page.get_by_role("button", name="Store now").click()
    wait(page, lambda: standing() == 2, "both are stored")


def test_a_login_in_another_tab_stops_nothing(
    page: Page, live_server: LiveServer, many: list[Match], staff: User, watch: Watch
) -> None:
    watch.expect("401")  # of what is asked for while nobody is logged in
    staff.set_password("a long and quiet word")
    staff.save()
    page.context.clear_cookies()
    page.context.add_cookies([session_of(staff, live_server)])
    open_review(page, live_server)
    other = page.context.new_page()
    other.goto(live_server.url + "/admin/")
    with other.expect_navigation():
        other.locator("form[action*=logout]").first.evaluate("form => form.submit()")
    other.goto(live_server.url + "/admin/login/")
    other.fill("[name=username]", "staff")
    other.fill("[name=password]", "a long and quiet word")
    other.keyboard.press("Enter")
    other.wait_for_url("**/admin/")
    other.close()
    page.keyboard.type("nn")
    wait(page, lambda: standing() == 2, "the token of the newest login is sent")


def test_without_scripts_a_decision_waits_behind_the_login(
    browser: Browser, live_server: LiveServer, many: list[Match], staff: User
) -> None:
    staff.set_password("a long and quiet word")
    staff.save()
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([session_of(staff, live_server)])
    page = context.new_page()
    page.goto(live_server.url + "/catalog/review/")
    context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Not a duplicate").click()
    page.fill("[name=username]", "staff")
    page.fill("[name=password]", "a long and quiet word")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Your session ended before this decision was stored")).to_be_visible()
    assert standing() == 0
    page.get_by_role("button", name="Confirm “Not a duplicate”").click()
    assert standing() == 1
    context.close()


def test_the_keys_are_shown_and_hidden(page: Page, live_server: LiveServer, many: list[Match]) -> None:
    open_review(page, live_server)
    dialog = page.get_by_role("dialog", name="Keys of this page")
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    page.keyboard.press("n")
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    assert standing() == 0, "no key decides behind the dialog"


@pytest.mark.parametrize("place", ["review", "pair", "group", "match"])
def test_every_page_with_keys_shows_them(page: Page, live_server: LiveServer, pair: Match, place: str) -> None:
    make_copy(make_track(pair.query_track.owner, audio_file=pair.query_track.audio_file), pair.reference_track)
    url = {
        "review": "/catalog/review/",
        "pair": f"/catalog/review/{pair.query_track_id}/{pair.reference_track_id}/",
        "group": f"/catalog/review/group/{pair.query_track_id}/",
        "match": f"/admin/catalog/match/{pair.pk}/change/",
    }[place]
    page.goto(live_server.url + url)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys of this page")
    expect(dialog).to_be_visible()
    shown = {key.lower() for key in dialog.locator("kbd").all_inner_texts()}
    used = page.evaluate("[...document.querySelectorAll('[data-key]')].map(one => one.dataset.key)")
    told = {key for key in used if not key.isdigit()}
    assert told <= shown, told - shown
    assert ("9" in shown) == any(key.isdigit() for key in used)
    assert ("x" in shown) == bool(page.locator("[data-comparison]").count())
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def heard(page: Page) -> Any:
    """Return how loud each recording is played."""
    return page.evaluate("[...document.querySelectorAll('audio[data-side]')].map(audio => audio.volume)")


def test_a_and_b_are_equally_loud(page: Page, live_server: LiveServer, pair: Match) -> None:
    file = pair.reference_track.audio_file
    assert file
    file.refresh_from_db()
    file.peaks = bytes(value // 4 for value in bytes(file.peaks or b""))  # as if it were four times quieter
    file.save()
    open_review(page, live_server)
    assert heard(page) == [1, 1]
    page.wait_for_timeout(500)
    page.keyboard.press("e")
    wait(page, lambda: min(heard(page)) < 0.5, "the louder one is turned down")
    assert max(heard(page)) == 1
    page.keyboard.press("e")
    wait(page, lambda: heard(page) == [1, 1], "and up again")


def test_the_match_is_looped(page: Page, live_server: LiveServer, pair: Match) -> None:
    Match.objects.filter(pk=pair.pk).update(segments=[[2.0, 4.0, 7.12, 9.24, 0.8]])
    open_review(page, live_server)
    page.keyboard.press("l")
    page.keyboard.press(" ")
    seen: list[float] = []
    wait(page, lambda: seen.append(times(page)["a"]) or seen[-1] < max(seen) - 1, "it begins again")
    assert max(seen) < 5
