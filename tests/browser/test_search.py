"""The search of everything as a person uses it: by keyboard from any page, on a phone, and without scripts."""

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Match
from tests.browser.conftest import session_of
from tests.browser.test_pages import AXE, DARK, OF_COLOURS, WIDER, violations
from tests.rows import make_check, make_track

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FIELD = "[data-search] input"
FAR_TOO_MUCH = "A title that is far too long for any panel " * 5


def test_from_any_page_by_keys_alone(page: Page, live_server: LiveServer, pair: Match) -> None:
    """On the review too, whose single keys decide."""
    page.goto(live_server.url + "/catalog/review/")
    page.keyboard.press("Control+k")
    field = page.locator(FIELD)
    expect(field).to_be_focused()
    page.keyboard.type("battle")
    panel = page.locator("[data-search-panel]")
    expect(panel.locator("li").first).to_contain_text("Battle")
    expect(panel.locator("li").first).to_contain_text("title")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(panel.locator("a").nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.keyboard.press("Escape")
    expect(field).not_to_be_focused()
    expect(page).to_have_url(re.compile("/catalog/review/$"))


def test_enter_opens_the_first_and_the_list_has_all(page: Page, live_server: LiveServer, owner: User) -> None:
    for number in range(7):
        make_track(owner, title=f"Wave {number}")
    page.goto(live_server.url + "/admin/")
    page.keyboard.press("Meta+k")
    page.keyboard.type("duplicate sc")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/catalog/scan/$"))
    page.wait_for_load_state()
    page.keyboard.press("Control+k")
    page.keyboard.type("wave")
    page.locator("[data-search-panel]").get_by_role("link", name="See all in the list").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(7)


def test_nothing_found_is_said_and_a_lost_session_leads_to_the_login(page: Page, live_server: LiveServer) -> None:
    page.goto(live_server.url + "/admin/")
    page.locator(FIELD).fill("none-such")
    expect(page.locator("[data-search-panel]")).to_contain_text("Nothing that you may view contains “none-such”.")
    page.context.clear_cookies()
    page.locator(FIELD).fill("none")
    expect(page.locator("[data-search-panel]")).to_contain_text("No answer.")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/admin/login/"))


def test_read_by_anybody_and_no_wider_than_the_screen(page: Page, live_server: LiveServer, owner: User) -> None:
    make_check(make_track(owner, title=FAR_TOO_MUCH[:255], artist=FAR_TOO_MUCH[:255]))
    barred: list[str] = []
    for width in (390, 640, 1280, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(live_server.url + "/admin/search/?q=far")
        expect(page.locator("#main .mf-found")).to_have_count(1)
        assert page.evaluate(WIDER) <= 1, width
        page.evaluate(AXE)
        barred += violations(page)
        if width < 1024:
            expect(page.locator(".mf-search-link")).to_be_visible()
            continue
        page.locator(FIELD).fill("far")
        expect(page.locator("[data-search-panel] li").first).to_be_visible()
        assert page.evaluate(WIDER) <= 1, width
        barred += violations(page)
        page.evaluate(DARK)
        barred += violations(page, *OF_COLOURS)
    assert not barred, "\n".join(barred)


def test_without_scripts_it_is_a_form_and_a_page(
    browser: Browser, live_server: LiveServer, staff: User, owner: User
) -> None:
    make_track(owner, title="Blue")
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([session_of(staff, live_server)])
    page = context.new_page()
    page.goto(live_server.url + "/admin/")
    page.locator(FIELD).fill("blue")
    page.locator(FIELD).press("Enter")
    expect(page.locator("#main .mf-found-name")).to_have_text("Blue")
    context.close()
