"""Callbacks that never arrived: the overview counts them, the list shows them, their URL does not pass for healthy."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.rows import make_track
from tests.webhooks.filled import fill_url
from webhooks.models import Endpoint, Message

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def url(owner: User) -> Endpoint:
    """A URL that answers now; of its 58 callbacks 7 were given up, of their 72 attempts 51 were accepted."""
    make_track(owner)
    return fill_url(owner, delivered=51, failed=7)


def test_the_overview_counts_them_and_leads_to_them(page: Page, live_server: LiveServer, url: Endpoint) -> None:
    page.goto(live_server.url + "/admin/")
    card = page.locator("#need-callbacks")
    expect(card).to_contain_text("7")
    expect(card).to_contain_text("callbacks failed")
    card.click()
    expect(page.locator("#result_list tbody tr")).to_have_count(7)


def test_their_url_is_degraded_until_they_arrive(page: Page, live_server: LiveServer, url: Endpoint) -> None:
    page.goto(live_server.url + "/admin/webhooks/endpoint/")
    expect(page.locator("#result_list .mf-badge")).to_have_text("reportdegraded")
    page.goto(f"{live_server.url}/admin/webhooks/endpoint/{url.pk}/change/")
    health = page.locator("#endpoint-health")
    expect(health).to_contain_text("7 callbacks of the last 7 days failed in every attempt.")
    expect(health).to_contain_text("88 % of 58")
    expect(health).to_contain_text("71 % of 72")
    Message.objects.filter(state="failed").update(state="delivered", delivered_at=timezone.now())
    page.reload()
    expect(health.locator(".mf-badge").first).to_have_text("check_circlehealthy")
    expect(health).to_contain_text("100 % of 58")
    expect(health).to_contain_text("71 % of 72")


def test_each_attempt_says_in_words_what_went_wrong(page: Page, live_server: LiveServer, url: Endpoint) -> None:
    lost = Message.objects.filter(state="failed").first()
    assert lost
    page.goto(f"{live_server.url}/admin/webhooks/message/{lost.pk}/change/")
    attempts = page.locator(".mf-attempts > li")
    expect(attempts.nth(0)).to_contain_text("Callbacks follow no redirect: set the new address as the callback URL.")
    expect(attempts.nth(1)).to_contain_text("The receiver asks for fewer calls.")


def test_what_is_older_or_of_a_removed_url_asks_for_nobody(page: Page, live_server: LiveServer, url: Endpoint) -> None:
    Message.objects.filter(state="failed").update(created_at=timezone.now() - timedelta(days=8))
    page.goto(live_server.url + "/admin/")
    expect(page.locator("#need-endpoints, #need-callbacks")).to_have_count(0)
