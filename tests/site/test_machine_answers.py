"""Whatever Django answers by itself where programs call: JSON in the contract's shape, and never about CSRF."""

from typing import Any
from urllib.parse import unquote

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from catalog.api import docs
from fingerprint_site.machine_answers import MachineAnswersMiddleware

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "NONSENSE"]
UNKNOWN = [
    *("/api", "/api/", "/api/nothing", "/api/v1", "/api/v1/", "/api/v1/nothing/here", "/api/v2/music"),
    *("/api/v1/music/", "/api/v1//music", "//api/v1/music", "/api/v1/fingerprint/add/", "/api/v1/task/result/"),
    *("/api/v1/%00", "/api/v1/%ff", "/api/v1/" + "x" * 5000, "/api/docs/x", "/api/schema//"),
    *("/webhooks", "/webhooks/incoming/", "/webhooks/incoming/a/b/", "/health/", "/health/live/"),
]


def strict() -> Client:
    """A program without cookies or tokens, before Django's real CSRF check."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


def assert_told(answer: Any, *statuses: int) -> None:
    """The status is one of these, and the body is the contract's."""
    assert answer.status_code in statuses, (answer.status_code, answer.content[:200])
    assert answer["Content-Type"] == "application/json"
    if answer.request["REQUEST_METHOD"] != "HEAD":
        assert set(answer.json()) == {"detail"}
    assert "CSRF" not in answer.content.decode()


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", UNKNOWN)
def test_unknown_addresses(db: None, path: str, method: str) -> None:
    # The client would take what is behind two slashes for a host.
    assert_told(strict().generic(method, "/", b"{}", "application/json", PATH_INFO=unquote(path, "latin-1")), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/api/docs/", "/api/docs", "/api/schema/", "/api/schema", "/health/live"])
def test_addresses_that_are_only_read(db: None, path: str, method: str) -> None:
    answer = strict().generic(method, path, b"{}", "application/json")
    assert_told(answer, 405)
    assert "GET" in answer["Allow"]


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/api/docs", "/api/schema"])
def test_without_the_slash_as_well(db: None, path: str) -> None:
    assert strict().get(path).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/music", "/api/v1/nothing", "/api/docs/", "/webhooks/incoming/x/"])
@pytest.mark.parametrize("host", ["other.example", "a b", "x/y", "[::1", "", "host:port"])
def test_a_host_that_is_none_or_not_ours(db: None, settings: Settings, path: str, host: str) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    answer = strict().post(path, headers={"Host": host})
    assert_told(answer, 400)
    if path.startswith("/api/v1/"):
        assert answer["X-RateLimit-Limit"] == "0"


@pytest.mark.parametrize(
    ("error", "status"),
    [(BadRequest("x"), 400), (RequestDataTooBig("x"), 400), (PermissionDenied("x"), 403), (ValueError("x"), 500)],
)
@pytest.mark.parametrize("debug", [True, False])
def test_errors_outside_of_the_contracts_views(
    db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, debug: bool
) -> None:
    def fail(*args: Any, **values: Any) -> None:
        raise error

    settings.DEBUG = debug
    monkeypatch.setattr(docs.ApiDocsView, "get_context_data", fail)
    assert_told(strict().get("/api/docs/"), status)


def test_too_many_values_in_an_address(db: None) -> None:
    query = "&".join(f"a{number}=1" for number in range(1500))
    answer = strict().get(f"/api/schema/?{query}")
    assert answer["Content-Type"] == "application/json"
    assert answer.status_code in (400, 422)


def test_pages_keep_their_errors() -> None:
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse("<p>Sorry.</p>", status=500)

    answer = MachineAnswersMiddleware(page)(RequestFactory().get("/admin/api/"))
    assert answer.content == b"<p>Sorry.</p>"


def test_a_larger_answer_than_before_has_its_own_length(db: None) -> None:
    answer = strict().post("/api/docs/")
    assert int(answer["Content-Length"]) == len(answer.content)
