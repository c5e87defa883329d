"""The incoming endpoint: a signature that is missing, wrong, old or of another body is refused."""

import re
import time
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.webhooks import signed
from tests.webhooks.conftest import CHECKED, NO_MATCH, TASK_ID
from tests.webhooks.signed import both, call
from webhooks.models import Received, Refused, Source
from webhooks.services import create_source, prune

Held = tuple[Source, str]
YEARS = timedelta(days=800)


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


def test_a_source_that_signed_bodies_long_ago_must_go_on(outside: Client, source: Held) -> None:
    """What the retention took away is not forgotten: else a year of silence would open the door again."""
    assert call(outside, CHECKED, both(source[1], TASK_ID, CHECKED)).status_code == 200
    Received.objects.update(first_seen_at=timezone.now() - YEARS, last_seen_at=timezone.now() - YEARS)
    assert prune() == 1
    assert call(outside, NO_MATCH, signed.mippia(source[1], TASK_ID)).status_code == 401


@pytest.mark.parametrize("kind", ["taken", "again", "without its body's signature", "refused"])
def test_what_came_before_is_not_searched_for_each_callback(outside: Client, source: Held, kind: str) -> None:
    """Each question about the callbacks that are kept goes by a unique key: with 300,000 kept, others took 0.3 s."""
    if kind == "again":
        call(outside, CHECKED, both(source[1], TASK_ID, CHECKED))
    unsigned = kind == "without its body's signature"
    headers = signed.mippia(source[1], TASK_ID) if unsigned else both(source[1], TASK_ID, CHECKED)
    with CaptureQueriesContext(connection) as asked:
        call(outside, CHECKED, {} if kind == "refused" else headers)
    looked = [one["sql"] for one in asked if re.search(r'(FROM|UPDATE) "webhooks_received"', one["sql"])]
    by_key = ('"message_id" =', '"webhooks_received"."id" =')
    assert [sql for sql in looked if not any(key in sql for key in by_key)] == []


def test_the_source_counts_what_came(outside: Client, source: Held) -> None:
    for body, secret in ((CHECKED, source[1]), (CHECKED, source[1]), (NO_MATCH, "wrong")):
        call(outside, body, signed.mippia(secret, TASK_ID))
    row = Source.objects.get()
    assert (row.received_count, row.refused_count, row.signs_bodies) == (1, 1, False)
    assert row.last_received_at == Received.objects.get().last_seen_at
    call(outside, CHECKED, both(source[1], TASK_ID, CHECKED))
    row.refresh_from_db()
    assert (row.received_count, row.signs_bodies) == (2, True)


def test_an_upgrade_takes_what_sources_did_from_the_callbacks_that_are_kept(outside: Client, source: Held) -> None:
    quiet = create_source(slug="quiet")[0]
    call(outside, CHECKED, both(source[1], TASK_ID, CHECKED))
    Source.objects.update(received_count=0, last_received_at=None, signs_bodies=False)
    import_module("webhooks.migrations.0006_remember_what_sources_did").remember(apps, None)
    row = Source.objects.get(pk=source[0].pk)
    assert (row.received_count, row.signs_bodies) == (1, True)
    assert row.last_received_at == Received.objects.get().last_seen_at
    quiet.refresh_from_db()
    assert (quiet.received_count, quiet.last_received_at, quiet.signs_bodies) == (0, None, False)


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
