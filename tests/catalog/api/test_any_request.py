"""Requests made from the published schema, valid and broken: no answer of 5xx, and none outside the schema."""

import os
from collections.abc import Iterator
from functools import cache
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from catalog.models import ApiKey
from catalog.services.api_keys import create_key
from fingerprint_site.wsgi import application
from tests.catalog.api.test_schema import CALLS

pytestmark = pytest.mark.slow
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
EACH = int(os.environ.get("SCHEMA_EXAMPLES", "10"))  # valid and as many broken, of each call and kind of key
some = settings(
    max_examples=EACH, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


@schemathesis.serializer("application/offset+octet-stream")
def piece(_: Any, value: Any) -> bytes:
    """A piece of a file is sent as it is."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def closing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The site, whose answers are closed as a web server closes them."""
    answer = application(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()


@cache
def read_schema() -> Any:
    """Return the schema as it is served, read once a run."""
    return schemathesis.openapi.from_wsgi("/api/schema/?format=json", closing)


@pytest.fixture
def openapi(db: None) -> Iterator[Any]:
    """The schema as it is served; requests leave the test's transaction open, as Django's own test client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield read_schema()
    for signal in signals:
        signal.connect(close_old_connections)


def fire(openapi: Any, call: tuple[str, str], headers: dict[str, str], statuses: set[int] | None = None) -> None:
    """Send requests to one call, as the schema wants them and as it does not."""
    operation = openapi[call[0]][call[1]]
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @some
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            answer = case.call(headers=headers)
            case.validate_response(answer, checks=CHECKS)
            assert statuses is None or answer.status_code in statuses

        send()


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_with_a_key(openapi: Any, owner: User, call: tuple[str, str]) -> None:
    key = create_key(owner=owner, tier=ApiKey.Tier.CUSTOM, custom_per_minute=1_000_000)[1]
    fire(openapi, call, {"Authorization": f"Bearer {key}"})


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
@pytest.mark.parametrize("header", ["", "Basic eDp5", "Bearer mfp_00000000_nothing"])
def test_without_a_key(openapi: Any, call: tuple[str, str], header: str) -> None:
    """Broken requests bring a header of their own at times, so that either refusal may come; nothing else does."""
    fire(openapi, call, {"Authorization": header}, {401, 404})


@pytest.mark.parametrize("path", sorted({path for path, _ in CALLS}))
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "trace", "nonsense"])
def test_other_methods(client: Any, db: None, path: str, method: str) -> None:
    path = path.replace("{task_id}", "task_20260402055414_LmxwriSZ").replace("{music_id}", str(UUID(int=7)))
    answer = client.generic(method.upper(), path)
    assert answer.status_code in (401, 405)
    assert answer["Content-Type"] == "application/json"
