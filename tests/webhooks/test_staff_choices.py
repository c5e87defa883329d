"""The page of a URL: what it asked for, its own headers, its pause in words, and addresses that are refused at once."""

import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.webhooks.conftest import CHOICES
from tests.webhooks.receiver import Receiver
from tests.webhooks.test_staff_endpoints import words_of
from webhooks.models import Endpoint, Message
from webhooks.services import add_endpoint, change_endpoint, endpoint_secret, public_keys
from webhooks.services.account_urls import remove_url
from webhooks.services.custom_headers import headers_of
from webhooks.tasks import deliver_message

ADD = "/admin/webhooks/endpoint/add/"
PRIVATE = "private or reserved address"


def page_of(endpoint: Endpoint) -> str:
    """Return the address of a URL's page."""
    return f"/admin/webhooks/endpoint/{endpoint.pk}/change/"


def errors_of(answer: Any) -> dict[str, list[str]]:
    """Return the form's errors."""
    return {name: [str(text) for text in texts] for name, texts in answer.context["adminform"].form.errors.items()}


def test_choices_are_stored_and_shown(
    desk: Client, account: User, receiver: Receiver, django_capture_on_commit_callbacks: Any
) -> None:
    chosen: dict[str, Any] = {
        "owner": account.pk,
        "name": "Rights department",
        "url": receiver.url,
        "events": ["check_is_same", "match.found"],
        "body_format": "full",
        "scheme": "ed25519",
        "headers": "Authorization: Bearer very-hidden-pass\nX-Tenant: label-7",
        "description": "For the nightly import",
    }
    with django_capture_on_commit_callbacks(execute=True):
        answer = desk.post(ADD, chosen)
    endpoint = Endpoint.objects.get()
    assert endpoint_secret(endpoint=endpoint) in answer.content.decode()
    assert (endpoint.events, endpoint.body_format, endpoint.name) == (
        ["check_is_same", "match.found"],
        "full",
        "Rights department",
    )
    assert headers_of(endpoint) == {"Authorization": "Bearer very-hidden-pass", "X-Tenant": "label-7"}
    assert receiver.requests[-1].headers["x-tenant"] == "label-7"
    page = desk.get(page_of(endpoint)).content.decode()
    assert public_keys(endpoint)[0] in page
    assert str(endpoint.public_id) in page
    assert "Authorization: ••••••" in page
    assert "very-hidden-pass" not in page
    assert "Rights department" in desk.get("/admin/webhooks/endpoint/").content.decode()
    assert "Rights department" in desk.get("/admin/webhooks/endpoint/?q=RIGHTS").content.decode()


def test_new_url_has_the_contracts_events_unless_others_are_chosen(desk: Client) -> None:
    form = desk.get(ADD).context["adminform"].form
    assert form["events"].value() == ["add_audio_in_index", "check_is_same"]


def test_masked_header_keeps_its_value_and_a_line_that_is_gone_is_gone(desk: Client, endpoint: Endpoint) -> None:
    change_endpoint(endpoint=endpoint, headers={"X-Key": "the-old-one", "X-Gone": "gone-soon"})
    form = CHOICES | {"url": endpoint.url, "headers": "X-Key: ••••••\nX-New: new"}
    assert desk.post(page_of(endpoint), form).status_code == 302
    endpoint.refresh_from_db()
    assert headers_of(endpoint) == {"X-Key": "the-old-one", "X-New": "new"}


@pytest.mark.slow
@pytest.mark.parametrize("line", ["Transfer-Encoding: chunked", "no colon", "X-Odd: ••••••", "A: 1\na: 2", "X-A: é"])
def test_headers_that_cannot_be_sent_are_a_form_error(desk: Client, endpoint: Endpoint, line: str) -> None:
    answer = desk.post(page_of(endpoint), CHOICES | {"url": endpoint.url, "headers": line})
    assert list(errors_of(answer)) == ["headers"]
    endpoint.refresh_from_db()
    assert endpoint.sealed_headers == ""


def test_choices_change_without_a_challenge(desk: Client, endpoint: Endpoint, receiver: Receiver) -> None:
    form = CHOICES | {"url": endpoint.url, "events": ["match.found"], "name": "other"}
    desk.post(page_of(endpoint), form)
    endpoint.refresh_from_db()
    assert (endpoint.events, endpoint.name, endpoint.is_deliverable) == (["match.found"], "other", True)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "url", ["http://10.1.2.3/hook", "http://[::1]/", "http://169.254.169.254/", "http://localhost:1/", "http://127.1/"]
)
def test_a_private_address_is_refused_in_the_form(desk: Client, account: User, url: str) -> None:
    answer = desk.post(ADD, CHOICES | {"owner": account.pk, "url": url})
    assert PRIVATE in errors_of(answer)["url"][0]
    assert "was added" not in answer.content.decode()
    assert not Endpoint.objects.exists()


def test_a_host_that_is_no_name_is_refused_in_the_form(desk: Client, account: User) -> None:
    answer = desk.post(ADD, CHOICES | {"owner": account.pk, "url": "http://*.label.example/"})
    assert errors_of(answer) == {"url": ["The URL's host is not a host name."]}


@pytest.mark.slow
def test_removed_url_can_be_looked_at_and_not_changed(desk: Client, account: User, endpoint: Endpoint) -> None:
    remove_url(endpoint=endpoint, now=timezone.now())
    page = desk.get(page_of(endpoint)).content.decode()
    assert "The account removed this URL." in page
    assert 'name="url"' not in page
    assert desk.post(page_of(endpoint), CHOICES | {"url": "https://label.example/"}).status_code == 403
    verify_again = f"/admin/webhooks/endpoint/{endpoint.pk}/verify_again/"
    answer = desk.post(verify_again, {"_form_submitted": "True"}, follow=True)
    assert "Not verified: The account removed this URL." in answer.content.decode()


def test_a_name_that_leads_to_a_private_address_is_refused_in_the_form(
    desk: Client, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of its addresses is enough. The name is looked up while no transaction is open."""
    depth = len(connection.savepoint_ids)
    seen = []

    def look_up(host: str, *args: Any, **kwargs: Any) -> Any:
        seen.append((host, len(connection.savepoint_ids)))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("93.184.216.34", "10.0.0.7")]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    answer = desk.post(page_of(endpoint), CHOICES | {"url": "https://inside.example/hook"})
    assert PRIVATE in errors_of(answer)["url"][0]
    assert seen == [("inside.example", depth)]
    endpoint.refresh_from_db()
    assert endpoint.candidate_url == ""


def test_a_name_that_is_unknown_now_is_stored_and_not_verified(desk: Client, account: User) -> None:
    desk.post(ADD, CHOICES | {"owner": account.pk, "url": "https://nobody.invalid/hook"})
    assert Endpoint.objects.get().verified_at is None


def test_one_more_than_the_limit_and_the_same_again_are_form_errors(
    desk: Client, account: User, endpoint: Endpoint, settings: Any
) -> None:
    form = CHOICES | {"owner": account.pk, "url": endpoint.url}
    assert "already" in errors_of(desk.post(ADD, form))["url"][0]
    settings.WEBHOOK_MAX_URLS = 1
    assert "limit" in errors_of(desk.post(ADD, form | {"url": "https://label.example/"}))["url"][0]
    assert Endpoint.objects.count() == 1


def test_pauses_are_told_in_words_with_what_to_do(desk: Client, endpoint: Endpoint) -> None:
    url, now = page_of(endpoint), timezone.now()
    Endpoint.objects.update(paused_until=now + timedelta(minutes=5), pause_reason="throttled")
    page = words_of(desk, url)
    assert "asked for fewer calls" in page
    assert "Nothing is sent until" in page
    assert "Then one callback is tried" in page
    Endpoint.objects.update(pause_reason="failing")
    assert "20 or more attempts failed in a row." in words_of(desk, url)
    Endpoint.objects.update(paused_until=now - timedelta(seconds=1))
    page = words_of(desk, url)
    assert "being tried" in page
    assert "The next callback that is due tries the URL." in page
    assert "being tried" in words_of(desk, "/admin/webhooks/endpoint/")


def test_callback_that_waits_for_the_end_of_a_pause_says_so(
    desk: Client, endpoint: Endpoint, send: Callable[..., Message]
) -> None:
    message = send()
    Endpoint.objects.update(paused_until=timezone.now() + timedelta(minutes=5, seconds=1), pause_reason="throttled")
    page = words_of(desk, f"/admin/webhooks/message/{message.pk}/change/")
    assert "Its URL is paused." in page
    assert ">in 5 min<" in page


def test_replay_shows_the_count_before(desk: Client, endpoint: Endpoint, send: Callable[..., Message]) -> None:
    deliver_message(send().pk)
    url = f"/admin/webhooks/endpoint/{endpoint.pk}/replay/"
    assert "the last hour: 1" in desk.get(url).content.decode()
    page = desk.post(url, {"_form_submitted": "True", "since": "1"}, follow=True).content.decode()
    assert "1 callback is sent again." in page
    assert Message.objects.get().state == Message.State.PENDING


def test_content_is_deleted_from_the_page_of_a_callback(
    desk: Client, endpoint: Endpoint, send: Callable[..., Message]
) -> None:
    message = send()
    deliver_message(message.pk)
    url = f"/admin/webhooks/message/{message.pk}"
    assert "Summer Breeze" in desk.get(f"{url}/change/").content.decode()
    page = desk.post(f"{url}/delete_content/", {"_form_submitted": "True"}, follow=True).content.decode()
    assert "The content was deleted" in page
    assert "Summer Breeze" not in page
    assert "curl" not in page
    page = desk.post(f"{url}/send_again/", {"_form_submitted": "True"}, follow=True).content.decode()
    assert "not sent: its content was deleted" in page


def test_urls_of_an_account_are_listed_each_with_its_state(desk: Client, account: User, endpoint: Endpoint) -> None:
    add_endpoint(owner=account, url="https://label.example/second", name="second")
    page = desk.get("/admin/webhooks/endpoint/").content.decode()
    for word in ("second", "healthy", "not verified"):
        assert word in page
