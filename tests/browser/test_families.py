"""A family as staff decided it: in the list, on each of its tracks, and no longer red."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Track
from catalog.services.decisions import decide as decide_pair
from staff.display import NOTHING
from tests.browser.watch import Watch
from tests.rows import make_copy, make_match, make_track

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = "/admin/catalog/track/"


@pytest.fixture(autouse=True)
def without_files(watch: Watch) -> None:
    """These rows have no files to play."""
    watch.expect("/catalog/audio/")


def decide(page: Page, live_server: LiveServer, one: Track, other: Track, name: str) -> None:
    """Open a pair and press a button of its bar."""
    page.goto(f"{live_server.url}/catalog/review/{one.pk}/{other.pk}/")
    page.get_by_role("toolbar", name="Decision").get_by_role("button", name=name).click()
    expect(page.get_by_role("link", name="Look again")).to_be_visible()


def cell(page: Page, track: Track, column: str) -> Locator:
    """Return a track's cell in the list."""
    row = page.locator("#result_list tbody tr", has=page.locator(f"a[href='{track.get_absolute_url()}']").first)
    return row.filter(has=page.get_by_role("button", name=f"Play {track.title}")).locator(f".field-{column}")


def test_a_family_is_a_column_and_a_table_and_no_longer_red(page: Page, live_server: LiveServer, owner: User) -> None:
    first, copy, live = (make_track(owner, title=title) for title in ("The first", "The copy", "Live in Bonn"))
    make_copy(copy, first)
    make_match(live, first)
    page.goto(live_server.url + LIST)
    expect(cell(page, copy, "verdict").locator(".mf-bad")).to_have_text("content_copyduplicate")
    expect(cell(page, copy, "family")).to_have_text(NOTHING)
    page.goto(live_server.url + copy.get_absolute_url())
    expect(page.locator("#track-work .mf-bad")).not_to_have_count(0)
    expect(page.locator("#track-family")).to_have_count(0)

    decide(page, live_server, copy, first, "Same, keep B")
    decide(page, live_server, live, first, "another version")

    page.goto(live_server.url + LIST)
    expect(cell(page, first, "family")).to_contain_text("the one to keep")
    expect(cell(page, first, "family")).to_contain_text("1 other copy, 1 version")
    expect(cell(page, copy, "family")).to_contain_text("copy of The first")
    expect(cell(page, copy, "verdict")).to_contain_text("duplicate, settled")
    expect(page.locator("#result_list .mf-bad")).to_have_count(0)
    cell(page, copy, "family").get_by_role("link", name="The first").click()
    family = page.locator("#track-family")
    expect(family.locator("tr")).to_have_count(3)
    for number, words in enumerate((("the one to keep", "The first (this track)"), ("a copy", "The copy"),
                                    ("another version", "Live in Bonn"))):  # fmt: skip
        for said in words:
            expect(family.locator("tr").nth(number)).to_contain_text(said)
    family.get_by_role("link", name="The copy").click()
    expect(page.locator("#track-family")).to_contain_text("The copy (this track)")
    expect(page.locator("#track-work .mf-bad")).to_have_count(0)


def test_decisions_that_contradict_each_other_are_settled_by_a_choice(
    page: Page, live_server: LiveServer, owner: User, staff: User
) -> None:
    one, two, three = (make_track(owner, title=title) for title in ("One", "Two", "Three"))
    for kept, lost in ((one, two), (two, three), (three, one)):
        decide_pair(one=kept, other=lost, verdict="same", keeper=kept, decided_by=staff)
    page.goto(live_server.url + "/catalog/copies-to-remove/")
    page.get_by_role("row", name="Two").get_by_role("link", name="Choose the one to keep").click()
    expect(page.get_by_text("no copy is the one to keep")).to_be_visible()
    page.get_by_role("button", name="Keep this one: “Three”").click()
    expect(page.get_by_text("“Three” is the one to keep: 1 decision changed.")).to_be_visible()
    page.goto(live_server.url + "/catalog/copies-to-remove/")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody tr td:nth-child(4)")).to_have_text(["Three", "Three"])
    expect(page.locator("[data-label=why]")).to_contain_text(["staff decided", "staff decided"])
    page.get_by_role("button", name="Remove all 2…").click()
    expect(page.locator("[data-label=why]")).to_contain_text(["staff decided", "staff decided"])
    expect(page.get_by_role("button", name="Remove 2 tracks")).to_be_visible()
