"""The incoming endpoint: what it takes, and whom it knows."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.webhooks import signed
from tests.webhooks.conftest import ADDED, CHECKED, FAILED, NO_MATCH, TASK_ID
from tests.webhooks.signed import both, call
from webhooks.kept_headers import MASK
from webhooks.models import Received, Refused, Source
from webhooks.services import SourceExistsError, create_source, prune, rotate_source_secret, source_secret

Held = tuple[Source, str]


@pytest.mark.parametrize("body", [ADDED, CHECKED, NO_MATCH, FAILED, FAILED | {"task_name": "check_is_same"}])
def test_every_body_of_the_contract_is_stored(outside: Client, source: Held, body: dict[str, Any]) -> None:
    answer = call(outside, body, both(source[1], TASK_ID, body))
    assert (answer.status_code, answer.json()) == (200, {"detail": "Stored."})
    received = Received.objects.get()
    assert json.loads(received.body) == body
    assert (received.task_id, received.event, received.status) == (TASK_ID, body["task_name"], body["status"])
    assert (received.mippia_verified, received.standard_verified) == (True, True)


def test_prune_removes_what_came_long_ago_and_never_again(outside: Client, source: Held, settings: Any) -> None:
    for number in range(3):
        call(outside, ADDED, both(source[1], TASK_ID, ADDED, message_id=f"msg_{number}"))
    oldest, repeated, _ = Received.objects.order_by("pk")
    long_ago = timezone.now() - timedelta(days=settings.WEBHOOK_RECEIVED_RETENTION_DAYS + 1)
    Received.objects.filter(pk=oldest.pk).update(first_seen_at=long_ago, last_seen_at=long_ago)
    Received.objects.filter(pk=repeated.pk).update(first_seen_at=long_ago)
    assert prune() == 1
    assert set(Received.objects.values_list("pk", flat=True)) == {repeated.pk, repeated.pk + 1}


def test_the_same_callback_twice_is_stored_once(outside: Client, source: Held) -> None:
    for detail in ("Stored.", "Received before.", "Received before."):
        assert call(outside, CHECKED, both(source[1], TASK_ID, CHECKED)).json() == {"detail": detail}
    received = Received.objects.get()
    assert received.times_seen == 3
    assert received.last_seen_at > received.first_seen_at


def test_other_ids_are_other_callbacks(outside: Client, source: Held) -> None:
    for number in (1, 2):
        call(outside, CHECKED, both(source[1], TASK_ID, CHECKED, message_id=f"msg_{number}"))
    assert Received.objects.count() == 2


def test_a_peers_own_secret_of_any_text(outside: Client, db: None) -> None:
    create_source(slug="peer", secret="not base64 at all ü")
    headers = signed.mippia("not base64 at all ü", TASK_ID)
    assert call(outside, CHECKED, headers, source="peer").status_code == 200


def test_during_a_rotation_both_secrets_are_accepted(outside: Client, source: Held) -> None:
    new = rotate_source_secret(source=source[0])
    assert source_secret(source=source[0]) == new
    for number, secret in enumerate((source[1], new)):
        assert call(outside, CHECKED, both(secret, TASK_ID, CHECKED, message_id=f"m{number}")).status_code == 200
    Source.objects.update(previous_secret_until=timezone.now() - timedelta(seconds=1))
    assert call(outside, CHECKED, both(source[1], TASK_ID, CHECKED)).status_code == 401


def test_a_slug_is_taken_once(source: Held) -> None:
    with pytest.raises(SourceExistsError):
        create_source(slug="label")


def test_the_challenge_is_answered_without_a_signature(outside: Client, source: Held) -> None:
    answer = call(outside, {"challenge": "abc-123", "type": "url_verification"}, {})
    assert (answer.status_code, answer.json()) == (200, {"challenge": "abc-123"})
    assert answer["Content-Type"] == "application/json"
    assert not Received.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"challenge": "abc", "type": "other"},
        {"challenge": "abc"},
        {"challenge": "abc", "type": "url_verification", "more": 1},
        {"challenge": "", "type": "url_verification"},
        {"challenge": "x" * 257, "type": "url_verification"},
        {"challenge": "line\nbreak", "type": "url_verification"},
        {"challenge": 5, "type": "url_verification"},
        {"challenge": ["abc"], "type": "url_verification"},
    ],
)
def test_what_only_looks_like_a_challenge_is_not_echoed(outside: Client, source: Held, body: Any) -> None:
    assert call(outside, body, {}).status_code == 401


def test_an_unknown_source_is_404(outside: Client, source: Held) -> None:
    answer = call(outside, CHECKED, both(source[1], TASK_ID, CHECKED), source="nobody")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "There is no such source."}
    refused = Refused.objects.get()
    assert (refused.source, refused.slug) == (None, "nobody")


def test_the_address_without_its_slash_is_the_same(outside: Client, source: Held) -> None:
    def send(slug: str, headers: dict[str, str]) -> Any:
        content = json.dumps(CHECKED).encode()
        return outside.post(f"/webhooks/incoming/{slug}", content, "application/json", headers=headers)

    assert send("label", both(source[1], TASK_ID, CHECKED)).json() == {"detail": "Stored."}
    assert send("label", {}).status_code == 401
    assert send("nobody", {}).status_code == 404
    assert list(Refused.objects.order_by("pk").values_list("slug", flat=True)) == ["label", "nobody"]
    source[0].refresh_from_db()
    assert source[0].refused_count == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_405(outside: Client, source: Held, method: str) -> None:
    answer = outside.generic(method, "/webhooks/incoming/label/")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"


def test_only_the_newest_refusals_are_kept_and_all_are_counted(outside: Client, source: Held, settings: Any) -> None:
    settings.WEBHOOK_REFUSED_KEPT = 3
    for number in range(5):
        call(outside, CHECKED | {"status": str(number)}, {})
    call(outside, {}, {}, source="nobody")
    assert Refused.objects.count() == 3
    assert Refused.objects.first().slug == "nobody"
    source[0].refresh_from_db()
    assert source[0].refused_count == 5


@pytest.mark.parametrize("slug", ["x" * 5000, "%00", "%ff", "é", "a%20b", "..%2f"])
def test_odd_slugs_are_404(outside: Client, db: None, slug: str) -> None:
    assert call(outside, CHECKED, {}, source=slug).status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        *("authorization", "proxy-authorization", "cookie", "x-mippia-signature", "webhook-signature"),
        *("x-api-key", "apikey", "api-key", "x-auth-token", "x-auth", "x-gateway-key", "ocp-apim-subscription-key"),
        *("x-amz-security-token", "x-session-id", "x-csrftoken", "x-hub-signature-256", "x-client-secret"),
    ],
)
def test_credentials_of_a_refused_request_are_hidden(outside: Client, source: Held, name: str) -> None:
    call(outside, CHECKED, {name: "private-value-of-a-caller"})
    refused = Refused.objects.get()
    assert refused.headers[name] == MASK
    assert "private-value" not in str(refused.__dict__)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "x-mippia-timestamp", "user-agent", "x-author"])
def test_headers_that_hold_no_credential_are_shown(outside: Client, source: Held, name: str) -> None:
    call(outside, CHECKED, {name: "a-value"})
    assert Refused.objects.get().headers[name] == "a-value"
