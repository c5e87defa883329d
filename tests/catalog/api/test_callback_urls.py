"""Callback URLs through the API: the same services as the pages, and the caller's own alone."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from tests.catalog.api.callback_urls import URLS, sent
from tests.webhooks.asymmetric import verified
from tests.webhooks.receiver import Receiver, reply
from webhooks.models import Endpoint, Message
from webhooks.services import register_endpoint
from webhooks.tasks import deliver_message

ODD_HOSTS = (".label.example", "*.label.example", "[v1.a]", "\u24dblocal", "\u2024")  # no host names


def test_a_filter_that_is_none_is_422_and_not_left_out(api: APIClient, endpoint: Endpoint) -> None:
    assert len(api.get(URLS).json()["results"]) == 1
    answer = api.get(f"{URLS}?state=disabled")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["state"])


def test_a_client_adds_a_url_and_checks_its_callbacks(api: APIClient, owner: User, receiver: Receiver) -> None:
    """The whole round: added, verified, a test that arrives, told among the deliveries."""
    asked = {
        "url": receiver.url,
        "name": "label",
        "events": ["match.found", "add_audio_in_index"],
        "body_format": "full",
        "signature": "ed25519",
        "headers": {"X-Api-Key": "gateway-0123456789"},
    }
    answer = api.post(URLS, asked, format="json")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    told = answer.json()
    assert told["verified"]
    assert (told["state"], told["reason"], told["new_url"]) == ("healthy", "", None)
    assert told["headers"] == {"X-Api-Key": "••••••"}
    assert told["secret"].startswith("whsec_")
    path = f"{URLS}/{told['id']}"
    message_id = api.post(f"{path}/test").json()["message_id"]
    deliver_message(Message.objects.get(message_id=message_id).pk)
    (request,) = receiver.callbacks
    assert verified(told["public_keys"][0], request.body, request.headers)
    assert request.headers["x-api-key"] == "gateway-0123456789"
    (delivery,) = api.get(f"{path}/deliveries").json()["results"]
    assert (delivery["message_id"], delivery["state"]) == (message_id, "delivered")
    assert delivery["attempts"][0]["status"] == 200
    whole = api.get(f"{path}/deliveries/{message_id}").json()
    assert whole["body"].encode() == request.body
    assert whole["attempts"][0]["request_headers"]["X-Api-Key"] == "••••••"
    assert "gateway-0123456789" not in str(whole)
    assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(answer.headers)


def test_a_url_that_does_not_answer_is_stored_with_the_reason(api: APIClient, receiver: Receiver) -> None:
    receiver.behaviour = reply(500)
    told = api.post(URLS, {"url": receiver.url}, format="json").json()
    assert (told["verified"], told["state"]) == (False, "unverified")
    assert "status 500" in told["challenge_error"]
    receiver.behaviour = None
    assert api.post(f"{URLS}/{told['id']}/verify").json()["state"] == "healthy"


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({}, "url"),
        ({"url": 5}, "url"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"url": "http://169.254.169.254/latest"}, "url"),
        ({"url": "http://localhost/"}, "url"),
        ({"url": "ftp://label.example/"}, "url"),
        *(({"url": f"http://{host}/"}, "url") for host in ODD_HOSTS),
        ({"url": "https://user:word@label.example/"}, "url"),
        ({"url": "https://label.example/", "events": []}, "events"),
        ({"url": "https://label.example/", "events": ["x"]}, "events"),
        ({"url": "https://label.example/", "body_format": "xml"}, "body_format"),
        ({"url": "https://label.example/", "signature": "rsa"}, "signature"),
        ({"url": "https://label.example/", "headers": {"Host": "x"}}, "headers"),
        ({"url": "https://label.example/", "headers": {"X-A": 5}}, "headers"),
        ({"url": "https://label.example/", "name": "x" * 101}, "name"),
        ({"url": "https://label.example/", "secret": "short"}, "secret"),
        ({"url": "https://label.example/", "secret": "whsec_" + "!" * 40}, "secret"),
        ({"url": "https://label.example/", "nmae": "x"}, "nmae"),
        ([], "body"),
    ],
)
def test_what_cannot_be_stored_is_422_and_stores_nothing(api: APIClient, body: Any, member: str) -> None:
    answer = api.post(URLS, body, format="json")
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [member]
    assert "ErrorDetail" not in answer.json()["detail"]  # words about each item, and not Python's
    assert not Endpoint.objects.exists()


def test_as_many_as_the_setting_says(api: APIClient, endpoint: Endpoint, settings: Any) -> None:
    settings.WEBHOOK_MAX_URLS = 1
    answer = api.post(URLS, {"url": "https://label.invalid/"}, format="json")
    assert answer.status_code == 422
    assert "limit" in answer.json()["errors"]["url"][0]


def test_no_address_is_there_twice(api: APIClient, endpoint: Endpoint, path: str, receiver: Receiver) -> None:
    receiver.behaviour = reply(404)
    other = api.post(URLS, {"url": receiver.url + "2"}, format="json").json()["id"]
    assert api.patch(path, {"url": receiver.url + "3"}, format="json").json()["new_url"] == receiver.url + "3"
    for taken in (receiver.url, receiver.url + "3"):
        answer = api.patch(f"{URLS}/{other}", {"url": taken, "name": "second"}, format="json")
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["url"])
        assert api.post(URLS, {"url": taken}, format="json").status_code == 422
    assert api.get(f"{URLS}/{other}").json()["name"] == ""
    assert api.patch(path, {"url": receiver.url}, format="json").json()["new_url"] is None


def test_another_accounts_url_is_not_there(outsider_api: APIClient, owner: User, endpoint: Endpoint, path: str) -> None:
    message = sent(owner)
    before = Endpoint.objects.values().get()
    assert outsider_api.get(URLS).json()["results"] == []
    since = {"since": "2026-01-01T00:00:00Z"}
    of_message = f"{path}/deliveries/{message.message_id}"
    for call in (path, f"{path}/secret", f"{path}/deliveries", of_message, f"{path}/recover", f"{path}/replay"):
        assert outsider_api.get(call, since if "re" in call[-7:] else None).status_code == 404, call
    for call in ("verify", "rotate", "test"):
        assert outsider_api.post(f"{path}/{call}").status_code == 404
    for call in ("recover", "replay"):
        assert outsider_api.post(f"{path}/{call}", since, format="json").status_code == 404
    assert outsider_api.patch(path, {"name": "mine"}, format="json").status_code == 404
    assert outsider_api.delete(path).status_code == 404
    assert outsider_api.delete(f"{of_message}/content").status_code == 404
    assert Endpoint.objects.values().get() == before
    message.refresh_from_db()
    assert message.content_deleted_at is None
    own = register_endpoint(owner=User.objects.get(username="outsider"), url=endpoint.url)
    own_path = f"{URLS}/{own.public_id}/deliveries/{message.message_id}"
    assert outsider_api.get(own_path).status_code == 404, "nor by way of one's own URL"
    assert outsider_api.get(f"{URLS}/{own.public_id}/deliveries?cursor={message.message_id}").status_code == 422


@pytest.mark.parametrize("url_id", ["1", "nothing", str(uuid.UUID(int=7)), "x" * 300, "%00", "{}"])
def test_ids_that_are_none_are_404(api: APIClient, endpoint: Endpoint, url_id: str) -> None:
    for call in ("", "/secret", "/deliveries", "/deliveries/x"):
        assert api.get(f"{URLS}/{url_id}{call}").status_code == 404
    assert api.get(f"{URLS}/{endpoint.public_id}/deliveries/{url_id}").status_code == 404


def test_lists_ask_the_database_a_fixed_number_of_times(
    api: APIClient, owner: User, endpoint: Endpoint, path: str, settings: Any
) -> None:
    def asked(url: str) -> int:
        api.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert api.get(url).status_code == 200
        return len(queries)

    sent(owner)
    few = {url: asked(url) for url in (URLS, path, f"{path}/deliveries")}
    for number in range(6):
        sent(owner, str(number))
    for number in range(6):
        twin = {"owner": owner, "sealed_secret": endpoint.sealed_secret, "verified_at": timezone.now()}
        Endpoint.objects.create(url=f"https://label.example/{number}", **twin)
    assert {url: asked(url) for url in few} == few
    assert max(few.values()) <= 8, few


def test_other_methods_are_405_in_json(api: APIClient, endpoint: Endpoint, path: str) -> None:
    for method, url in (("put", path), ("post", path), ("get", f"{path}/verify"), ("delete", URLS)):
        answer = getattr(api, method)(url)
        assert answer.status_code == 405
        assert answer.json()["detail"]
