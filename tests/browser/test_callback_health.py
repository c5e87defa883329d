"""Callback URLs over time in a browser: seen by anybody, read as a table, and a group of failures sent again."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.test_pages import barred_at
from tests.webhooks.filled import fill_url
from webhooks.models import AttemptCount, Endpoint, Message, StateChange
from webhooks.services.counting import count_attempts

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ALL = "/admin/webhooks/endpoint/over-time/"


@pytest.fixture
def url(owner: User) -> Endpoint:
    """A URL with a day of attempts, and callbacks given up for two causes."""
    endpoint = fill_url(owner, delivered=5, failed=7)
    Message.objects.filter(state="failed").update(cause="timeout")
    Message.objects.filter(state="failed", event_key__in=["5", "6"]).update(cause="redirect")
    now = timezone.now()
    for hours in range(23):
        count_attempts(endpoint_pk=endpoint.pk, now=now - timedelta(hours=hours), took_ms=80 + hours, attempts=9)
    count_attempts(endpoint_pk=endpoint.pk, now=now - timedelta(hours=3), cause="timeout", attempts=12, given_up=5)
    for hours, state in ((30, "healthy"), (4, "paused"), (3, "trying"), (2, "degraded")):
        StateChange.objects.create(endpoint=endpoint, at=now - timedelta(hours=hours), state=state)
    return endpoint


def test_seen_and_read_by_anybody(page: Page, live_server: LiveServer, url: Endpoint) -> None:
    paths = (ALL, f"{ALL}?days=30", f"/admin/webhooks/endpoint/{url.pk}/change/?days=7")
    barred = barred_at(page, *(live_server.url + path for path in paths))
    assert not barred, "\n".join(barred)


def test_the_picture_is_a_table_too(page: Page, live_server: LiveServer, url: Endpoint) -> None:
    page.goto(live_server.url + ALL)
    picture = page.get_by_role("img", name="219 attempts, 12 of them failed; 5 callbacks given up")
    expect(picture).to_be_visible()
    expect(picture.locator(".mf-over-bars g")).to_have_count(23)
    expect(picture.locator(".mf-over-state")).to_have_count(4)
    page.get_by_text("As a table").click()
    expect(page.locator(".mf-details tbody tr")).to_have_count(23)
    expect(page.get_by_role("list", name="Changes of state, newest first").locator("li")).to_have_count(3)
    page.get_by_role("link", name="7 days").click()
    page.wait_for_url("**days=7*")
    expect(page.locator(".mf-over-bars g").first).to_be_attached()


def test_a_group_is_looked_at_and_sent_again(page: Page, live_server: LiveServer, url: Endpoint) -> None:
    page.goto(live_server.url + ALL)
    groups = page.locator("#failures tbody tr")
    expect(groups).to_have_count(2)
    expect(groups.nth(0)).to_contain_text("The receiver did not answer in time")
    expect(groups.nth(0)).to_contain_text("Let the receiver answer first")
    groups.nth(0).get_by_role("link", name="See the 5 callbacks").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(5)
    page.go_back()
    groups.nth(0).get_by_role("link", name="Send again").click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text("Only those of this cause: The receiver did not answer in time.")
    expect(dialog.locator("select option:checked")).to_have_text("all: 5")
    dialog.locator("button[type=submit]").click()
    expect(page.get_by_text("5 callbacks are sent again.")).to_be_visible()
    assert sorted(Message.objects.filter(state="failed").values_list("event_key", flat=True)) == ["5", "6"]


def test_on_a_phone_nothing_is_out_of_sight(page: Page, live_server: LiveServer, url: Endpoint) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(live_server.url + ALL)
    again = page.locator("#failures tbody tr").first.get_by_role("link", name="Send again")
    box = again.bounding_box()
    assert box
    assert box["x"] + box["width"] <= 390
    assert page.locator("#failures .mf-scroll").evaluate("box => box.scrollWidth - box.clientWidth") <= 1


def test_the_response_is_open_at_once(page: Page, live_server: LiveServer, url: Endpoint) -> None:
    lost = Message.objects.filter(state="failed").first()
    assert lost
    lost.attempts.update(response_body="the queue of the receiver is full")
    page.goto(f"{live_server.url}/admin/webhooks/message/{lost.pk}/change/")
    expect(page.get_by_text("the queue of the receiver is full").first).to_be_visible()


def test_nothing_yet(page: Page, live_server: LiveServer, url: Endpoint) -> None:
    AttemptCount.objects.all().delete()
    StateChange.objects.all().delete()
    Message.objects.all().delete()
    page.goto(live_server.url + ALL)
    expect(page.get_by_text("No callbacks were sent in this period.")).to_be_visible()
    expect(page.get_by_text("No callback was given up.")).to_be_visible()
    Endpoint.objects.all().delete()
    page.reload()
    expect(page.get_by_role("heading", name="No callback URLs yet")).to_be_visible()
