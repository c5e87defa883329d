"""The pages of callback URLs in a browser: changed, sent again, and read by anybody on a phone and in the dark."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.test_pages import barred_at
from tests.webhooks.conftest import CHECKED, TASK_ID
from tests.webhooks.receiver import Receiver
from webhooks.models import Endpoint, Message
from webhooks.services import add_endpoint, checked, queue_messages, verify_endpoint
from webhooks.tasks import deliver_message

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = "/admin/webhooks/endpoint/"
CHOICES: dict[str, Any] = {
    "name": "Rights department",
    "events": ["check_is_same", "match.found", "callback_url.disabled"],
    "body_format": "full",
    "scheme": "ed25519",
    "headers": {"X-Api-Key": "gateway-0123456789"},
}


@pytest.fixture
def endpoint(owner: User, receiver: Receiver) -> Endpoint:
    """A URL with every choice made, a callback, and a pause."""
    endpoint = verify_endpoint(endpoint=add_endpoint(owner=owner, url=receiver.url, **checked(**CHOICES)))
    for message in queue_messages(owner=owner, event="check_is_same", event_key="k", subject=TASK_ID, body=CHECKED):
        deliver_message(message.pk)
    Endpoint.objects.update(paused_until=timezone.now() + timedelta(minutes=5), pause_reason="throttled")
    return endpoint


def test_read_by_anybody_and_no_wider_than_a_phone(page: Page, live_server: LiveServer, endpoint: Endpoint) -> None:
    paths = (LIST, f"{LIST}{endpoint.pk}/change/", f"{LIST}add/")
    barred = barred_at(page, *(live_server.url + path for path in paths))
    assert not barred, "\n".join(barred)


def test_a_url_is_given_other_choices(page: Page, live_server: LiveServer, endpoint: Endpoint) -> None:
    page.goto(f"{live_server.url}{LIST}{endpoint.pk}/change/")
    expect(page.get_by_text("asked for fewer calls")).to_be_visible()
    expect(page.locator("#id_headers")).to_have_value("X-Api-Key: ••••••")
    page.get_by_label("another URL was disabled").uncheck()
    page.locator("#id_name").fill("Archive")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile(f"{LIST}$"))
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.events) == ("Archive", ["check_is_same", "match.found"])
    expect(page.locator("#result_list .mf-badge", has_text="paused")).to_be_visible()


def test_everything_is_sent_again_from_a_dialog_that_counts_first(
    page: Page, live_server: LiveServer, endpoint: Endpoint
) -> None:
    page.goto(f"{live_server.url}{LIST}{endpoint.pk}/change/")
    page.locator("li > a:visible", has_text="More").first.click()
    page.locator("nav a:visible", has_text="Send all again").first.click()
    expect(page.locator("#dialog select option").first).to_have_text("the last hour: 1")
    page.locator("#dialog button[type=submit]").click()
    expect(page.get_by_text("1 callback is sent again.")).to_be_visible()
    assert Message.objects.get().state == Message.State.PENDING
