"""The incoming endpoint: a signature that is missing, wrong, old or of another body is refused."""

import time
from typing import Any

import pytest
from django.test import Client

from tests.webhooks import signed
from tests.webhooks.conftest import CHECKED, NO_MATCH, TASK_ID
from tests.webhooks.signed import both, call
from webhooks.models import Received, Refused, Source
from webhooks.services import create_source

Held = tuple[Source, str]


def test_a_peer_with_the_one_signature_only(outside: Client, source: Held) -> None:
    for _ in range(2):
        assert call(outside, CHECKED, signed.mippia(source[1], TASK_ID)).status_code == 200
    received = Received.objects.get()
    assert (received.mippia_verified, received.standard_verified, received.times_seen) == (True, False, 2)
    assert received.message_id.startswith("mippia_")


def test_a_signature_of_the_body_cannot_be_taken_off(outside: Client, source: Held) -> None:
    """The task id's signature covers no body: with the other taken off, any body could be put under it."""
    assert call(outside, CHECKED, both(source[1], TASK_ID, CHECKED)).status_code == 200
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
    answer = call(outside, CHECKED, change(both(source[1], TASK_ID, CHECKED)))
    assert answer.status_code == 401
    assert reason in answer.json()["detail"]
    assert answer.json().keys() == {"detail"}
    assert not Received.objects.exists()
    refused = Refused.objects.get()
    assert (refused.reason, refused.source, refused.detail) == ("signature", source[0], answer.json()["detail"])


def test_a_changed_body_is_401_where_the_body_is_signed(outside: Client, source: Held) -> None:
    headers = both(source[1], TASK_ID, NO_MATCH)
    assert call(outside, CHECKED, headers).status_code == 401


def test_another_sources_secret_is_401(outside: Client, source: Held) -> None:
    other = create_source(slug="other")[1]
    assert call(outside, CHECKED, both(other, TASK_ID, CHECKED)).status_code == 401


@pytest.mark.parametrize("kind", ["mippia", "standard"])
@pytest.mark.parametrize(("away_s", "status"), [(-310, 401), (-290, 200), (290, 200), (310, 401)])
def test_five_minutes_either_way(outside: Client, source: Held, kind: str, away_s: int, status: int) -> None:
    raw, at = signed.dumps(CHECKED), time.time() + away_s
    make = {
        "mippia": lambda: signed.mippia(source[1], TASK_ID, at=at),
        "standard": lambda: signed.standard(source[1], raw, at=at),
    }
    assert call(outside, raw, make[kind]()).status_code == status
