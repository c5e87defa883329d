"""The incoming endpoint: what it takes, and each thing it turns away."""

import io
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import Client, RequestFactory
from django.utils import timezone

from tests.webhooks import signed
from tests.webhooks.conftest import CHECKED, TASK_ID
from webhooks.models import Received, Refused, Source
from webhooks.services import SourceExistsError, create_source, prune, rotate_source_secret, source_secret
from webhooks.views import incoming

URL = "/webhooks/incoming/label/"
ADDED = {
    "task_id": TASK_ID,
    "task_name": "add_audio_in_index",
    "status": "success",
    "completed_at": "2026-04-02T14:54:14.859289",
}
FAILED = ADDED | {"status": "failure", "error": "The file is not audio."}
NO_MATCH = CHECKED | {"result": {"is_duplicate": False, "matched_music_id": None, "matched_musicname": None}}

Held = tuple[Source, str]


@pytest.fixture
def outside() -> Client:
    """A caller without cookies whose requests go through the CSRF check."""
    return Client(enforce_csrf_checks=True)


def call(client: Client, body: Any, headers: dict[str, str], url: str = URL) -> Any:
    raw = body if isinstance(body, bytes) else signed.dumps(body)
    return client.generic("POST", url, raw, "application/json", headers=headers)


def both(secret: str, body: Any, **kwargs: Any) -> dict[str, str]:
    raw = body if isinstance(body, bytes) else signed.dumps(body)
    return signed.mippia(secret, TASK_ID) | signed.standard(secret, raw, **kwargs)


@pytest.mark.parametrize("body", [ADDED, CHECKED, NO_MATCH, FAILED, FAILED | {"task_name": "check_is_same"}])
def test_every_body_of_the_contract_is_stored(outside: Client, source: Held, body: dict[str, Any]) -> None:
    answer = call(outside, body, both(source[1], body))
    assert (answer.status_code, answer.json()) == (200, {"detail": "Stored."})
    received = Received.objects.get()
    assert json.loads(received.body) == body
    assert (received.task_id, received.event, received.status) == (TASK_ID, body["task_name"], body["status"])
    assert (received.mippia_verified, received.standard_verified) == (True, True)


def test_prune_removes_what_came_long_ago_and_never_again(outside: Client, source: Held, settings: Any) -> None:
    for number in range(3):
        call(outside, ADDED, both(source[1], ADDED, message_id=f"msg_{number}"))
    oldest, repeated, _ = Received.objects.order_by("pk")
    long_ago = timezone.now() - timedelta(days=settings.WEBHOOK_RECEIVED_RETENTION_DAYS + 1)
    Received.objects.filter(pk=oldest.pk).update(first_seen_at=long_ago, last_seen_at=long_ago)
    Received.objects.filter(pk=repeated.pk).update(first_seen_at=long_ago)
    assert prune() == 1
    assert set(Received.objects.values_list("pk", flat=True)) == {repeated.pk, repeated.pk + 1}


def test_the_same_callback_twice_is_stored_once(outside: Client, source: Held) -> None:
    for detail in ("Stored.", "Seen before.", "Seen before."):
        assert call(outside, CHECKED, both(source[1], CHECKED)).json() == {"detail": detail}
    received = Received.objects.get()
    assert received.times_seen == 3
    assert received.last_seen_at > received.first_seen_at


def test_other_ids_are_other_callbacks(outside: Client, source: Held) -> None:
    for number in (1, 2):
        call(outside, CHECKED, both(source[1], CHECKED, message_id=f"msg_{number}"))
    assert Received.objects.count() == 2


def test_a_peer_with_the_one_signature_only(outside: Client, source: Held) -> None:
    for _ in range(2):
        assert call(outside, CHECKED, signed.mippia(source[1], TASK_ID)).status_code == 200
    received = Received.objects.get()
    assert (received.mippia_verified, received.standard_verified, received.times_seen) == (True, False, 2)
    assert received.message_id.startswith("mippia_")


def test_a_signature_of_the_body_cannot_be_taken_off(outside: Client, source: Held) -> None:
    """The task id's signature covers no body: with the other taken off, any body could be put under it."""
    assert call(outside, CHECKED, both(source[1], CHECKED)).status_code == 200
    swapped = CHECKED | {"result": NO_MATCH["result"]}
    answer = call(outside, swapped, signed.mippia(source[1], TASK_ID))
    assert answer.status_code == 401
    assert "webhook-signature is missing" in answer.json()["detail"]
    assert Received.objects.count() == 1
    assert Refused.objects.get().reason == Refused.Reason.SIGNATURE


def test_a_peer_with_the_other_signature_only(outside: Client, source: Held) -> None:
    raw = signed.dumps(CHECKED)
    assert call(outside, raw, signed.standard(source[1], raw)).status_code == 200
    received = Received.objects.get()
    assert (received.mippia_verified, received.standard_verified) == (False, True)


def test_a_peers_own_secret_of_any_text(outside: Client, db: None) -> None:
    create_source(slug="peer", secret="not base64 at all ü")
    headers = signed.mippia("not base64 at all ü", TASK_ID)
    assert call(outside, CHECKED, headers, "/webhooks/incoming/peer/").status_code == 200


def test_during_a_rotation_both_secrets_are_accepted(outside: Client, source: Held) -> None:
    new = rotate_source_secret(source=source[0])
    assert source_secret(source=source[0]) == new
    for number, secret in enumerate((source[1], new)):
        assert call(outside, CHECKED, both(secret, CHECKED, message_id=f"m{number}")).status_code == 200
    Source.objects.update(previous_secret_until=timezone.now() - timedelta(seconds=1))
    assert call(outside, CHECKED, both(source[1], CHECKED)).status_code == 401


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


def _without(headers: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in names}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda _: {}, "no signature"),
        (lambda h: h | {"X-Mippia-Signature": "0" * 64}, "x-mippia-signature"),
        (lambda h: h | {"X-Mippia-Signature": h["X-Mippia-Signature"].upper()}, "x-mippia-signature"),
        (lambda h: h | {"X-Mippia-Signature": "é"}, "x-mippia-signature"),
        (lambda h: _without(h, "X-Mippia-Signature"), "x-mippia-signature"),
        (lambda h: _without(h, "X-Mippia-Timestamp"), "x-mippia-timestamp"),
        (lambda h: h | {"X-Mippia-Timestamp": "nan"}, "x-mippia-timestamp"),
        (lambda h: h | {"X-Mippia-Timestamp": "1e9"}, "x-mippia-timestamp"),
        (lambda h: h | {"X-Mippia-Timestamp": "9" * 400}, "x-mippia-timestamp"),
        (lambda h: h | {"X-Mippia-Timestamp": "-5"}, "x-mippia-timestamp"),
        (lambda h: h | {"Webhook-Signature": "v1,AAAA"}, "webhook-signature"),
        (lambda h: h | {"Webhook-Signature": "v1"}, "webhook-signature"),
        (lambda h: h | {"Webhook-Signature": "v1,a,b,c"}, "webhook-signature"),
        (lambda h: h | {"Webhook-Signature": "v1,=é="}, "webhook-signature"),
        (lambda h: h | {"Webhook-Signature": h["Webhook-Signature"].replace("v1", "v2")}, "webhook-signature"),
        (lambda h: _without(h, "Webhook-Signature"), "webhook-signature"),
        (lambda h: _without(h, "Webhook-Id"), "webhook-id"),
        (lambda h: h | {"Webhook-Id": "another"}, "webhook-signature"),
        (lambda h: h | {"Webhook-Id": "x" * 256}, "webhook-id"),
        (lambda h: h | {"Webhook-Timestamp": "soon"}, "webhook-timestamp"),
        (lambda h: h | {"Webhook-Timestamp": str(int(h["Webhook-Timestamp"]) + 1)}, "webhook-signature"),
    ],
)
def test_a_bad_signature_is_401_even_beside_a_good_one(outside: Client, source: Held, change: Any, reason: str) -> None:
    answer = call(outside, CHECKED, change(both(source[1], CHECKED)))
    assert answer.status_code == 401
    assert reason in answer.json()["detail"]
    assert answer.json().keys() == {"detail"}
    assert not Received.objects.exists()
    refused = Refused.objects.get()
    assert (refused.reason, refused.source, refused.detail) == ("signature", source[0], answer.json()["detail"])


def test_a_changed_body_is_401_where_the_body_is_signed(outside: Client, source: Held) -> None:
    headers = both(source[1], NO_MATCH)
    assert call(outside, CHECKED, headers).status_code == 401


def test_another_sources_secret_is_401(outside: Client, source: Held) -> None:
    other = create_source(slug="other")[1]
    assert call(outside, CHECKED, both(other, CHECKED)).status_code == 401


@pytest.mark.parametrize("kind", ["mippia", "standard"])
@pytest.mark.parametrize(("away_s", "status"), [(-310, 401), (-290, 200), (290, 200), (310, 401)])
def test_five_minutes_either_way(outside: Client, source: Held, kind: str, away_s: int, status: int) -> None:
    raw, at = signed.dumps(CHECKED), time.time() + away_s
    make = {
        "mippia": lambda: signed.mippia(source[1], TASK_ID, at=at),
        "standard": lambda: signed.standard(source[1], raw, at=at),
    }
    assert call(outside, raw, make[kind]()).status_code == status


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (CHECKED | {"extra": 1}, "extra"),
        (CHECKED | {"task_name": "other"}, "task_name"),
        (CHECKED | {"task_name": None}, "task_name"),
        (CHECKED | {"task_name": []}, "task_name"),
        (CHECKED | {"status": "pending"}, "status"),
        (CHECKED | {"status": {}}, "status"),
        (CHECKED | {"completed_at": "2026-04-02T14:54:14.859289Z"}, "completed_at"),
        (CHECKED | {"completed_at": "2026-04-02T14:54:14.859289+00:00"}, "completed_at"),
        (CHECKED | {"completed_at": "2026-04-02T14:54:14"}, "completed_at"),
        (CHECKED | {"completed_at": "2026-13-02T14:54:14.859289"}, "completed_at"),
        (CHECKED | {"completed_at": 5}, "completed_at"),
        (CHECKED | {"error": "but"}, "error"),
        (CHECKED | {"result": None}, "result"),
        (CHECKED | {"result": {"is_duplicate": True}}, "result"),
        (CHECKED | {"result": CHECKED["result"] | {"is_duplicate": "yes"}}, "result.is_duplicate"),
        (CHECKED | {"result": CHECKED["result"] | {"is_duplicate": 1}}, "result.is_duplicate"),
        (CHECKED | {"result": CHECKED["result"] | {"is_duplicate": False}}, "result"),
        (CHECKED | {"result": CHECKED["result"] | {"matched_music_id": "x"}}, "result.matched_music_id"),
        (CHECKED | {"result": CHECKED["result"] | {"matched_musicname": None}}, "result.matched_musicname"),
        (ADDED | {"result": CHECKED["result"]}, "result"),
        (FAILED | {"error": ""}, "error"),
        (FAILED | {"error": 5}, "error"),
        (FAILED | {"result": None}, "result"),
        ({"task_id": TASK_ID}, "task_name"),
    ],
)
def test_a_body_not_of_the_contract_is_422(outside: Client, source: Held, body: dict[str, Any], field: str) -> None:
    answer = call(outside, body, both(source[1], body))
    assert answer.status_code == 422
    assert field in answer.json()["errors"]
    assert not Received.objects.exists()
    assert Refused.objects.get().reason == "body"


@pytest.mark.parametrize("task_id", ["task_1", "", TASK_ID + "x", "task_٢٠٢٦٠٤٠٢٠٥٥٤١٤_LmxwriSZ", 5, None, ["a"]])
def test_a_task_id_not_of_the_contract_is_422(outside: Client, source: Held, task_id: Any) -> None:
    body = CHECKED | {"task_id": task_id}
    raw = signed.dumps(body)
    answer = call(outside, raw, signed.standard(source[1], raw))
    assert answer.status_code == 422
    assert "task_id" in answer.json()["errors"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"5",
        b"{",
        b"\xff\xfe{",
        b"\xef\xbb\xbf{}",
        b'{"task_id": NaN}',
        b'{"task_id": Infinity}',
        b'{"task_id": ' + b"9" * 10000 + b"}",
        b'{"task_id": "a", "task_id": "b"}',
        b'{"a":' * 60000,
        b"[" * 200000,
        b'{"a": "\x00"}',
        b"a=1&b=2",
    ],
    ids=lambda raw: f"{raw[:12]!r}x{len(raw)}",
)
def test_what_is_no_json_object_is_422(outside: Client, source: Held, raw: bytes, settings: Any) -> None:
    settings.WEBHOOK_MAX_BODY_KB = 1024
    answer = call(outside, raw, signed.mippia(source[1], TASK_ID))
    assert answer.status_code == 422
    assert answer.json()["errors"].keys() == {"body"}
    assert not Received.objects.exists()


def test_a_body_past_the_cap_is_422(outside: Client, source: Held, settings: Any) -> None:
    settings.WEBHOOK_MAX_BODY_KB = 1
    body = FAILED | {"error": "x" * 1024}
    answer = call(outside, body, both(source[1], body))
    assert answer.status_code == 422
    assert "1 kB" in answer.json()["detail"]
    assert Refused.objects.get().reason == "too_large"


def test_a_chunked_body_is_read_where_the_server_ends_it(source: Held) -> None:
    """As gunicorn hands it over: no length, and a stream that ends."""
    raw = signed.dumps(CHECKED)
    environ = RequestFactory().post(URL, headers=both(source[1], raw)).environ
    del environ["CONTENT_LENGTH"]
    environ |= {"wsgi.input": io.BytesIO(raw), "wsgi.input_terminated": True}
    assert incoming(WSGIRequest(environ), slug="label").status_code == 200
    assert Received.objects.exists()


def test_a_sender_that_goes_away_half_way_is_422(source: Held) -> None:
    request = RequestFactory().post(URL, b"{}", content_type="application/json")
    request._stream = FileThatBreaks()
    assert incoming(request, slug="label").status_code == 422


class FileThatBreaks:
    """The connection is gone."""

    def read(self, size: int) -> bytes:  # noqa: ARG002
        raise OSError


def test_an_unknown_source_is_404(outside: Client, source: Held) -> None:
    answer = call(outside, CHECKED, both(source[1], CHECKED), "/webhooks/incoming/nobody/")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "There is no such source."}
    refused = Refused.objects.get()
    assert (refused.source, refused.slug) == (None, "nobody")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_405(outside: Client, source: Held, method: str) -> None:
    answer = outside.generic(method, URL)
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"


def test_only_the_newest_refusals_are_kept_and_all_are_counted(outside: Client, source: Held, settings: Any) -> None:
    settings.WEBHOOK_REFUSED_KEPT = 3
    for number in range(5):
        call(outside, CHECKED | {"status": str(number)}, {})
    call(outside, {}, {}, "/webhooks/incoming/nobody/")
    assert Refused.objects.count() == 3
    assert Refused.objects.first().slug == "nobody"
    source[0].refresh_from_db()
    assert source[0].refused_count == 5


@pytest.mark.parametrize("slug", ["x" * 5000, "%00", "%ff", "é", "a%20b", "..%2f"])
def test_odd_slugs_are_404(outside: Client, db: None, slug: str) -> None:
    assert call(outside, CHECKED, {}, f"/webhooks/incoming/{slug}/").status_code == 404
