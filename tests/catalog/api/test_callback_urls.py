"""Callback URLs through the API: the same services as the pages, and the caller's own alone."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient
from standardwebhooks import Webhook

from catalog.models import IdempotentCall
from tests.webhooks.asymmetric import verified
from tests.webhooks.conftest import CHECKED, TASK_ID
from tests.webhooks.receiver import Receiver, reply
from webhooks.models import Attempt, Endpoint, Message
from webhooks.services import endpoint_secret, queue_messages, register_endpoint
from webhooks.services.delivery import claim_message
from webhooks.tasks import deliver_message

URLS = "/api/v1/callback-url"
ODD_HOSTS = (".label.example", "*.label.example", "[v1.a]", "\u24dblocal", "\u2024")  # no host names


@pytest.fixture
def endpoint(owner: User, receiver: Receiver) -> Endpoint:
    """The owner's URL, verified."""
    return register_endpoint(owner=owner, url=receiver.url)


@pytest.fixture
def path(endpoint: Endpoint) -> str:
    """The address of the owner's URL."""
    return f"{URLS}/{endpoint.public_id}"


def sent(owner: User, key: str = "end") -> Message:
    """Make the callback of a task that ended, and deliver it."""
    (message,) = queue_messages(owner=owner, event="check_is_same", event_key=key, subject=TASK_ID, body=CHECKED)
    deliver_message(message.pk)
    message.refresh_from_db()
    return message


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


def test_recover_and_replay_say_first_how_many(
    api: APIClient, owner: User, endpoint: Endpoint, path: str, receiver: Receiver
) -> None:
    since = {"since": (timezone.now() - timedelta(hours=1)).isoformat()}
    sent(owner, "good")
    bad = sent(owner, "bad")
    Message.objects.filter(pk=bad.pk).update(state=Message.State.FAILED, delivered_at=None)
    for call, count in (("recover", 1), ("replay", 2)):
        assert api.get(f"{path}/{call}", since).json() == {"count": count}
    assert api.post(f"{path}/recover", since, format="json").json() == {"count": 1}
    deliver_message(bad.pk)
    assert api.post(f"{path}/replay", since, format="json").json() == {"count": 2}
    for message in Message.objects.all():
        deliver_message(message.pk)
    assert len(receiver.callbacks) == 5
    for wrong in ({}, {"since": "yesterday"}, {"since": "2026-01-01T00:00:00Z", "to": "now"}):
        assert api.post(f"{path}/replay", wrong, format="json").status_code == 422
        assert api.get(f"{path}/recover", wrong).status_code == 422


def test_deliveries_are_filtered_and_paged(api: APIClient, owner: User, endpoint: Endpoint, path: str) -> None:
    messages = [sent(owner, str(number)) for number in range(5)]
    Message.objects.filter(pk=messages[0].pk).update(state=Message.State.FAILED, delivered_at=None, event="match.found")
    newest = [message.message_id for message in reversed(messages)]
    first = api.get(f"{path}/deliveries", {"limit": 3}).json()
    rest = api.get(f"{path}/deliveries", {"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [row["message_id"] for row in first["results"] + rest["results"]] == newest
    assert rest["next_cursor"] is None
    before = messages[1].created_at.isoformat()
    for query in ({"state": "failed"}, {"event": "match.found"}, {"created_before": before}):
        assert [row["message_id"] for row in api.get(f"{path}/deliveries", query).json()["results"]] == [newest[-1]]
    for query in (
        {"state": "lost"},
        {"stat": "failed"},
        {"limit": 0},
        {"cursor": "nothing"},
        {"cursor": "\0"},
        {"event": "\0"},
    ):
        assert api.get(f"{path}/deliveries", query).status_code == 422


def test_content_is_deleted_and_the_record_stays(api: APIClient, owner: User, endpoint: Endpoint, path: str) -> None:
    message = sent(owner)
    of_message = f"{path}/deliveries/{message.message_id}"
    assert api.delete(f"{of_message}/content").status_code == 204
    told = api.get(of_message).json()
    assert (told["body"], told["state"], told["attempts"][0]["status"]) == ("", "delivered", 200)
    assert told["content_deleted_at"] is not None
    assert Attempt.objects.get().request_headers == {}
    (going,) = queue_messages(owner=owner, event="check_is_same", event_key="b", subject=TASK_ID, body=CHECKED)
    assert claim_message(message_pk=going.pk, now=timezone.now())
    busy = api.delete(f"{path}/deliveries/{going.message_id}/content")
    assert busy.status_code == 409
    assert busy["Retry-After"]


def test_pauses_are_told(api: APIClient, owner: User, endpoint: Endpoint, path: str, receiver: Receiver) -> None:
    receiver.behaviour = reply(429, Retry_After="120")
    sent(owner)
    told = api.get(path).json()
    assert (told["state"], told["enabled"]) == ("paused", True)
    assert "fewer calls" in told["reason"]
    assert told["paused_until"] > timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")


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
