"""Whatever bytes arrive, the answer is one of the contract's, never a 500, and nothing unsigned is stored."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.webhooks import signed
from tests.webhooks.conftest import CHECKED, TASK_ID
from webhooks.contract import callback_errors
from webhooks.models import Received, Refused, Source

pytestmark = pytest.mark.slow
URL = "/webhooks/incoming/label/"
RELAXED = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
fields = ["task_id", "task_name", "status", "result", "completed_at", "error", "challenge", "type"]
mutated = st.dictionaries(st.sampled_from(fields) | st.text(max_size=8), values, max_size=4).map(
    lambda changes: CHECKED | changes
)
# What WSGI can hand over: latin-1, without line breaks.
header_text = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\x00"), max_size=60)
header_names = st.sampled_from(
    ["X-Mippia-Timestamp", "X-Mippia-Signature", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"]
)


def _post(body: bytes, headers: dict[str, str]) -> int:
    client = Client(enforce_csrf_checks=True)
    status: int = client.generic("POST", URL, body, "application/json", headers=headers).status_code
    return status


@RELAXED
@given(body=st.binary(max_size=300), headers=st.dictionaries(header_names, header_text))
def test_any_bytes_with_any_headers(source: tuple[Source, str], body: bytes, headers: dict[str, str]) -> None:
    assert _post(body, headers) in {401, 422}
    assert not Received.objects.exists()


@RELAXED
@given(headers=st.dictionaries(header_names, header_text, min_size=1))
def test_a_good_body_with_malformed_signatures(source: tuple[Source, str], headers: dict[str, str]) -> None:
    good = signed.mippia(source[1], TASK_ID) | signed.standard(source[1], signed.dumps(CHECKED))
    assert _post(signed.dumps(CHECKED), good | headers) == 401
    assert not Received.objects.exists()


@RELAXED
@given(body=mutated | values)
def test_a_signed_body_of_any_shape(source: tuple[Source, str], body: Any) -> None:
    """Signed by the source itself: stored exactly where it is of the contract."""
    raw = json.dumps(body).encode()
    headers = signed.standard(source[1], raw, message_id=f"m{Received.objects.count()}")
    before = Received.objects.count()
    status = _post(raw, headers)
    of_contract = isinstance(body, dict) and not callback_errors(body)
    if of_contract:
        assert status == 200
        assert Received.objects.count() == before + 1
    else:
        assert status in {200, 422}
        assert Received.objects.count() == before


def test_refusals_with_unspeakable_field_names_are_stored(source: tuple[Source, str]) -> None:
    raw = b'{"\\ud800\\u0000": 1, "status": "\\udfff"}'
    assert _post(raw, signed.standard(source[1], raw)) == 422
    assert "status" in Refused.objects.get().detail


@pytest.mark.parametrize("title", ["\\ud800", "\\u0000", "\\u2028", "</script>"])
def test_titles_of_any_text_are_stored(source: tuple[Source, str], title: str) -> None:
    raw = json.dumps(CHECKED).replace("Summer Breeze", title).encode()
    assert _post(raw, signed.standard(source[1], raw)) == 200
    assert Received.objects.get().body == raw.decode()
