"""The published schema says what the contract says, and its page asks nobody outside."""

import re

import pytest
from rest_framework.test import APIClient

from tests.schema import published

ALWAYS = {"200", "401", "404", "429", "503"}
REPEATABLE = ALWAYS | {"409", "422"}
_URL = "/api/v1/callback-url/{url_id}"
PIECE = ALWAYS - {"200"} | {"204", "400", "409", "410", "412", "413", "415", "422", "423", "460"}
CALLS = {
    ("/api/v1/music", "get"): ALWAYS | {"422"},
    ("/api/v1/music", "post"): REPEATABLE,
    ("/api/v1/music/{music_id}", "get"): ALWAYS,
    ("/api/v1/music/{music_id}", "patch"): ALWAYS | {"422"},
    ("/api/v1/music/{music_id}", "delete"): ALWAYS - {"200"} | {"204"},
    ("/api/v1/fingerprint", "post"): REPEATABLE,
    ("/api/v1/fingerprint/add", "post"): REPEATABLE,
    ("/api/v1/fingerprint/check", "post"): REPEATABLE,
    ("/api/v1/fingerprint/remove", "post"): REPEATABLE,
    ("/api/v1/task", "get"): ALWAYS | {"422"},
    ("/api/v1/task/result/{task_id}", "get"): ALWAYS,
    ("/api/v1/task/result/{task_id}/matches", "get"): ALWAYS,
    ("/api/v1/events", "get"): ALWAYS | {"422"},
    ("/api/v1/uploads/", "post"): REPEATABLE - {"200"} | {"201", "412"},
    ("/api/v1/uploads/presigned", "post"): REPEATABLE - {"200"} | {"201"},
    ("/api/v1/uploads/{upload_id}", "get"): ALWAYS,
    ("/api/v1/uploads/{upload_id}", "patch"): PIECE,
    ("/api/v1/uploads/{upload_id}", "delete"): ALWAYS - {"200"} | {"204", "423"},
    ("/api/v1/uploads/{upload_id}/complete", "post"): REPEATABLE | {"410", "423"},
    ("/api/v1/key", "get"): ALWAYS,
    ("/api/v1/callback-url", "get"): ALWAYS | {"422"},
    ("/api/v1/callback-url", "post"): REPEATABLE,
    (_URL, "get"): ALWAYS,
    (_URL, "patch"): ALWAYS | {"422"},
    (_URL, "delete"): ALWAYS - {"200"} | {"204"},
    **{(f"{_URL}/{name}", "post"): REPEATABLE for name in ("verify", "rotate", "test", "recover", "replay")},
    **{(f"{_URL}/{name}", "get"): ALWAYS | {"422"} for name in ("secret", "recover", "replay", "deliveries")},
    (f"{_URL}/deliveries/{{message_id}}", "get"): ALWAYS,
    (f"{_URL}/deliveries/{{message_id}}/content", "delete"): ALWAYS - {"200"} | {"204", "409"},
}
RATE_HEADERS = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
BODIES = {
    "Uploaded": {"musicId", "title", "created_at", "taskIds"},
    "MusicIdRequest": {"musicId"},
    "Task": {"taskId"},
    "BatchRequest": {"musicIds"},
    "BatchTasks": {"tasks"},
    "TaskResult": {"task_id", "task_name", "status", "result", "completed_at", "error"},
    "CheckResult": {"is_duplicate", "matched_music_id", "matched_musicname"},
    "Error": {"detail"},
    "Invalid": {"detail", "errors"},
}


@pytest.fixture
def schema(db: None) -> dict:
    """The schema as a client gets it, without a key."""
    return published()


def test_calls_and_their_statuses(schema: dict) -> None:
    assert {(path, method) for path, calls in schema["paths"].items() for method in calls} == set(CALLS)
    for (path, method), statuses in CALLS.items():
        call = schema["paths"][path][method]
        assert set(call["responses"]) == statuses
        assert call["security"] == [{"apiKey": []}]
    assert schema["components"]["securitySchemes"]["apiKey"] == {"type": "http", "scheme": "bearer"}


def test_every_answer_has_its_headers_and_every_body_an_example(schema: dict) -> None:
    assert schema["openapi"].startswith("3.1.")
    assert schema["servers"] == [{"url": "http://testserver"}]
    for path, method in CALLS:
        call = schema["paths"][path][method]
        for status, response in call["responses"].items():
            assert set(response["headers"]) >= RATE_HEADERS, (path, status)
            assert ("Retry-After" in response["headers"]) == (status in {"409", "423", "429", "503"})
            without = [content for content in response.get("content", {}).values() if not content["examples"]]
            assert without == [], (path, method, status)
            assert "content" in response or status == "204"
        for content in call.get("requestBody", {"content": {}})["content"].values():
            assert "binary" in str(content) or "multipart" in str(call["requestBody"]) or content["examples"], path


def test_every_post_may_be_repeated(schema: dict) -> None:
    for path, method in CALLS:
        headers = [one["name"] for one in schema["paths"][path][method].get("parameters", []) if one["in"] == "header"]
        assert ("Idempotency-Key" in headers) == (method == "post")


def test_callbacks_are_told(schema: dict) -> None:
    for path in ("/api/v1/fingerprint/add", "/api/v1/fingerprint/check", "/api/v1/music"):
        (sent,) = schema["paths"][path]["post"]["callbacks"]["taskEnded"].values()
        body = sent["post"]["requestBody"]["content"]["application/json"]
        assert body["schema"] == {"$ref": "#/components/schemas/TaskResult"}
        assert body["examples"]


@pytest.mark.parametrize("name", BODIES)
def test_bodies_have_the_contracts_fields(schema: dict, name: str) -> None:
    assert set(schema["components"]["schemas"][name]["properties"]) == BODIES[name]


def test_upload_is_a_multipart_file(schema: dict) -> None:
    content = schema["paths"]["/api/v1/music"]["post"]["requestBody"]["content"]
    assert set(content) == {"multipart/form-data"}
    assert schema["components"]["schemas"]["UploadRequest"]["properties"]["file"]["format"] == "binary"


def test_page_is_served_from_here(db: None) -> None:
    page = APIClient().get("/api/docs/").content.decode()
    assert re.findall(r'(?:src|href)="(https?:)?//', page) == []
    assert "swagger-ui-bundle.js" in page


def test_examples_have_the_address_that_the_reader_came_by(db: None) -> None:
    page = APIClient().get("/api/docs/", headers={"host": "music.example:8443"}).content.decode()
    assert "export BASE=http://music.example:8443\n" in page
    assert 'BASE = "http://music.example:8443/api/v1"' in page
