"""Requests that were turned away: a list that fits, what came on each page, and a second try at the signature."""

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.webhooks.conftest import CHECKED, TASK_ID
from tests.webhooks.signed import both, call, dumps
from webhooks.models import Refused, Source
from webhooks.services import create_source, rotate_source_secret

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDER = "(list => list.scrollWidth - list.parentElement.clientWidth)(document.querySelector('#result_list'))"


@pytest.fixture
def source(db: None) -> Source:
    return create_source(slug="a-partner-with-a-long-name-in-frankfurt")[0]


def send(source: Source, secret: str, body: object = CHECKED, **headers: str) -> None:
    call(Client(), body, both(secret, TASK_ID, body) | {"User-Agent": "peer/2.1"} | headers, source=source.slug)


@pytest.mark.parametrize("width", [1280, 1440])
def test_the_list_fits(page: Page, live_server: LiveServer, source: Source, width: int) -> None:
    secret = rotate_source_secret(source=source)
    send(source, secret, CHECKED | {f"field_{number}": 1 for number in range(20)})
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(live_server.url + "/admin/webhooks/refused/")
    assert page.evaluate(WIDER) <= 0
    row = page.locator("#result_list tbody tr")
    expect(row.locator("time")).to_be_in_viewport()
    for words in (TASK_ID, "peer/2.1", source.slug):
        expect(row).to_contain_text(words)


def test_what_came_is_shown_and_its_signature_tried_again(page: Page, live_server: LiveServer, source: Source) -> None:
    secret = rotate_source_secret(source=source)
    send(source, "whsec_" + "A" * 43 + "=")
    refused = Refused.objects.get()
    page.goto(f"{live_server.url}/admin/webhooks/refused/{refused.pk}/change/")
    told = page.locator("#main")
    for words in (
        "peer/2.1",
        TASK_ID,
        "webhook-signature: ••••••",
        "x-mippia-signature: ••••••",
        dumps(CHECKED).decode(),
    ):
        expect(told).to_contain_text(words)
    page.click("#try-signature")
    expect(told).to_contain_text("x-mippia-signature is not valid.")
    send(source, secret, CHECKED | {"more": 1})
    page.goto(f"{live_server.url}/admin/webhooks/refused/{Refused.objects.first().pk}/change/")
    page.click("#try-signature")
    expect(told).to_contain_text(
        "Valid with the secret that the source has now: x-mippia-signature and webhook-signature."
    )
