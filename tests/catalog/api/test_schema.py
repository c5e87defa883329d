"""The published schema says what the contract says, and its page asks nobody outside."""

import re

import pytest
import yaml
from rest_framework.test import APIClient

CALLS = {
    "/api/v1/music": ("post", {"200", "401", "404", "422", "429", "503"}),
    "/api/v1/fingerprint/add": ("post", {"200", "401", "404", "422", "429", "503"}),
    "/api/v1/fingerprint/check": ("post", {"200", "401", "404", "422", "429", "503"}),
    "/api/v1/task/result/{task_id}": ("get", {"200", "401", "404", "429", "503"}),
}
BODIES = {
    "Music": {"musicId", "title", "created_at"},
    "MusicIdRequest": {"musicId"},
    "Task": {"taskId"},
    "TaskResult": {"task_id", "task_name", "status", "result", "completed_at", "error"},
    "CheckResult": {"is_duplicate", "matched_music_id", "matched_musicname"},
    "Error": {"detail"},
    "Invalid": {"detail", "errors"},
}


@pytest.fixture
def schema(db: None) -> dict:
    """The schema as a client gets it, without a key."""
    return yaml.safe_load(APIClient().get("/api/schema/").content)


def test_calls_and_their_statuses(schema: dict) -> None:
    assert set(schema["paths"]) == set(CALLS)
    for path, (method, statuses) in CALLS.items():
        assert set(schema["paths"][path]) == {method}
        call = schema["paths"][path][method]
        assert set(call["responses"]) == statuses
        assert call["security"] == [{"apiKey": []}]
    assert schema["components"]["securitySchemes"]["apiKey"] == {"type": "http", "scheme": "bearer"}


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
