"""Callback URLs through the API: changed, turned off, removed, and their secrets."""

from typing import Any

from django.contrib.auth.models import User
from rest_framework.test import APIClient
from standardwebhooks import Webhook

from catalog.models import IdempotentCall
from tests.catalog.api.callback_urls import URLS, sent
from tests.webhooks.conftest import CHECKED, TASK_ID
from tests.webhooks.receiver import Receiver, reply
from webhooks.models import Endpoint, Message
from webhooks.services import endpoint_secret, queue_messages


def test_choices_are_changed_all_or_none(api: APIClient, endpoint: Endpoint, path: str, receiver: Receiver) -> None:
    change = {"events": ["match.found"], "name": "new", "headers": {"X-A": "0123456789"}}
    told = api.patch(path, change, format="json").json()
    assert (told["events"], told["name"], told["verified"]) == (["match.found"], "new", True)
    assert len(receiver.requests) == 1, "no challenge where the address stays"
    assert api.patch(path, {"name": "other", "body_format": "xml"}, format="json").status_code == 422
    assert api.patch(path, {"name": "other", "url": "http://10.0.0.1/"}, format="json").status_code == 422
    told = api.patch(path, {"headers": {"X-A": "••••••", "X-B": "b"}}, format="json").json()
    assert (told["name"], told["headers"]) == ("new", {"X-A": "••••••", "X-B": "••••••"})
    assert api.patch(path, {}, format="json").status_code == 422
    sent_headers = api.post(f"{path}/verify").json() and receiver.requests[-1].headers
    assert (sent_headers["x-a"], sent_headers["x-b"]) == ("0123456789", "b")


def test_new_address_stands_beside_the_one_in_use_until_it_answers(
    api: APIClient, endpoint: Endpoint, path: str, receiver: Receiver
) -> None:
    receiver.behaviour = reply(404)
    told = api.patch(path, {"url": receiver.url + "2"}, format="json").json()
    assert (told["url"], told["new_url"], told["verified"]) == (receiver.url, receiver.url + "2", True)
    assert "404" in told["challenge_error"]
    receiver.behaviour = None
    told = api.post(f"{path}/verify").json()
    assert (told["url"], told["new_url"]) == (receiver.url + "2", None)


def test_turned_off_and_on(
    api: APIClient, owner: User, endpoint: Endpoint, path: str, receiver: Receiver, mailoutbox: Any
) -> None:
    told = api.patch(path, {"enabled": False}, format="json").json()
    assert (told["enabled"], told["state"]) == (False, "disabled")
    assert sent(owner).state == Message.State.FAILED
    assert api.post(f"{path}/test").status_code == 422
    receiver.behaviour = reply(500)
    assert api.patch(path, {"enabled": True}, format="json").json()["state"] == "disabled"
    receiver.behaviour = None
    assert api.patch(path, {"enabled": True}, format="json").json()["state"] == "degraded", "one never arrived"
    assert mailoutbox == []


def test_removed_url_is_gone_for_the_account_and_its_history_stays(
    api: APIClient, owner: User, endpoint: Endpoint, path: str, receiver: Receiver
) -> None:
    message = sent(owner)
    assert api.delete(path).status_code == 204
    assert api.get(URLS).json()["results"] == []
    for call in (path, f"{path}/secret", f"{path}/deliveries", f"{path}/deliveries/{message.message_id}"):
        assert api.get(call).status_code == 404
    assert queue_messages(owner=owner, event="check_is_same", event_key="k", subject=TASK_ID, body=CHECKED) == []
    assert Message.objects.get().body
    told = api.post(URLS, {"url": receiver.url}, format="json").json()
    assert told["state"] == "healthy", "the address can be added again"


def test_secrets_are_told_and_rotated_with_an_overlap(
    api: APIClient, owner: User, endpoint: Endpoint, path: str, receiver: Receiver
) -> None:
    first = api.get(f"{path}/secret")
    assert "no-store" in first["Cache-Control"]
    secret = endpoint_secret(endpoint=endpoint)
    assert first.json() == {"secret": secret, "previous_valid_until": None, "public_keys": []}
    second = api.post(f"{path}/rotate").json()
    assert second["secret"] != first.json()["secret"]
    assert second["previous_valid_until"] is not None
    sent(owner)
    for secret in (first.json()["secret"], second["secret"]):
        assert Webhook(secret).verify(receiver.callbacks[0].body, receiver.callbacks[0].headers)


def test_repeated_calls_do_the_work_once_and_store_no_secret(api: APIClient, owner: User, receiver: Receiver) -> None:
    key = {"Idempotency-Key": "one"}
    first = api.post(URLS, {"url": receiver.url}, format="json", headers=key).json()
    again = api.post(URLS, {"url": receiver.url}, format="json", headers=key)
    assert again["Idempotency-Replayed"] == "true"
    assert again.json() == first | {"secret": None}
    assert Endpoint.objects.count() == 1
    path, key = f"{URLS}/{first['id']}", {"Idempotency-Key": "two"}
    rotated = api.post(f"{path}/rotate", headers=key).json()["secret"]
    assert api.post(f"{path}/rotate", headers=key).json()["secret"] is None
    assert endpoint_secret(endpoint=Endpoint.objects.get()) == rotated
    stored = repr(list(IdempotentCall.objects.values()))
    assert first["secret"] not in stored
    assert rotated not in stored


def test_a_secret_that_cannot_be_read_is_no_500(api: APIClient, endpoint: Endpoint, path: str) -> None:
    Endpoint.objects.update(sealed_secret="of another key", sealed_headers="too", scheme="ed25519")
    assert api.get(path).json()["headers"] == {}
    assert api.get(URLS).status_code == 200
    assert api.get(f"{path}/secret").status_code == 422
    assert api.post(f"{path}/verify").json()["challenge_error"]
    kept = api.patch(path, {"headers": {"X-A": "••••••"}}, format="json")
    assert (kept.status_code, list(kept.json()["errors"])) == (422, ["headers"])
    assert api.patch(path, {"headers": {"X-A": "anew"}}, format="json").status_code == 200
