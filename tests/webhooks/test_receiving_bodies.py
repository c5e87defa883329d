"""The incoming endpoint: a body that is not of the contract is refused, whoever signed it."""

import io
from typing import Any

import pytest
from django.test import Client, RequestFactory

from tests.webhooks import signed
from tests.webhooks.conftest import ADDED, CHECKED, FAILED, TASK_ID
from tests.webhooks.signed import both, call
from webhooks.models import Received, Refused, Source
from webhooks.views import incoming

Held = tuple[Source, str]


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
    answer = call(outside, body, both(source[1], TASK_ID, body))
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
    answer = call(outside, body, both(source[1], TASK_ID, body))
    assert answer.status_code == 422
    assert "1 kB" in answer.json()["detail"]
    assert Refused.objects.get().reason == "too_large"


def test_a_chunked_body_is_read_where_the_server_ends_it(outside: Client, source: Held) -> None:
    """As gunicorn hands it over: no length, and a stream that ends."""
    raw = signed.dumps(CHECKED)
    environ = RequestFactory().post("/webhooks/incoming/label/", headers=both(source[1], TASK_ID, raw)).environ
    del environ["CONTENT_LENGTH"]
    environ |= {"wsgi.input": io.BytesIO(raw), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    assert outside.request(**environ).status_code == 200
    assert Received.objects.exists()


def test_a_sender_that_goes_away_half_way_is_422(source: Held) -> None:
    request = RequestFactory().post("/webhooks/incoming/label/", b"{}", content_type="application/json")
    request._stream = FileThatBreaks()
    assert incoming(request, slug="label").status_code == 422


def test_of_a_large_body_no_more_is_read_than_shows_that_it_is(source: Held, settings: Any) -> None:
    settings.WEBHOOK_MAX_BODY_KB = 1
    body = io.BytesIO(bytes(1 << 20))
    request = RequestFactory().post("/webhooks/incoming/label/", b"{}", content_type="application/json")
    request._stream = body
    assert incoming(request, slug="label").status_code == 422
    assert body.tell() == 1025


class FileThatBreaks:
    """The connection is gone."""

    def read(self, size: int) -> bytes:  # noqa: ARG002
        raise OSError
