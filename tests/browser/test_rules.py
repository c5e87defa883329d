"""A rule in a browser: made, tried, switched on, looked at and undone, on a desk and on a phone."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Decision, Match
from tests.browser.test_pages import AXE, DARK, OF_COLOURS, WIDER, violations
from tests.browser.watch import Watch
from tests.catalog.rules.conftest import sweep_all, twins

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def judge(page: Page) -> None:
    """Hold a page against what everybody must be able to read, in the light and in the dark, and against a phone."""
    page.evaluate(AXE)
    assert violations(page) == []
    page.evaluate(DARK)
    assert violations(page, *OF_COLOURS) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(WIDER) <= 1
    page.set_viewport_size({"width": 1400, "height": 1000})


@pytest.fixture
def waiting(owner: User) -> list[Match]:
    """Two pairs, one of them of long titles."""
    matches = [twins(owner, digest=letter * 32) for letter in "ab"]
    track = matches[0].query_track
    track.title = "W" * 255
    track.save()
    return matches


def test_from_the_menu_to_an_undo(page: Page, live_server: LiveServer, waiting: list[Match], watch: Watch) -> None:
    watch.expect("/catalog/audio/")  # these rows have no files to play
    page.goto(live_server.url + "/admin/")
    page.get_by_role("link", name="Rules", exact=True).first.click()
    page.get_by_role("link", name="Add rule").last.click()
    page.get_by_label("Kind").select_option("identical")
    page.get_by_role("button", name="Add the rule").click()
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    sweep_all()
    expect(page.get_by_text("The rule would decide 2 pairs")).to_be_visible()  # the page has looked again by itself
    expect(page.locator("tbody tr")).to_have_count(2)
    judge(page)
    assert not Decision.objects.exists()
    page.get_by_role("button", name="Switch on").click()
    page.get_by_role("button", name="Decide the waiting pairs now").click()
    sweep_all()
    expect(page.get_by_text("The rule decided 2 pairs")).to_be_visible()
    judge(page)
    page.reload()
    page.get_by_text("The first 2").click()
    page.get_by_role("link", name="The same audio").last.click()
    expect(page.get_by_text("Rule: identical files decided")).to_be_visible()
    page.go_back()
    page.get_by_label("Undo what this rule decided in").select_option("1")
    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_text("Undone: 2 decisions of this rule")).to_be_visible()
    assert not Decision.objects.filter(undone_at=None).exists()
