"""Uploads in pieces (tus 1.0), as a client makes them."""

import base64
from typing import Any

from rest_framework.test import APIClient

URL = "/api/v1/uploads/"
ANOTHER = "6d516670-e81b-49b5-a1f6-465407f84830"  # call's lease
TUS = {"Tus-Resumable": "1.0.0"}


def named(name: str) -> dict[str, str]:
    """Return the header that names a file."""
    return {"Upload-Metadata": f"filename {base64.b64encode(name.encode()).decode()},filetype YXVkaW8="}


def begun(api: APIClient, size: int, name: str = "song.ogg") -> str:
    """Begin an upload and return its address."""
    answer = api.post(URL, headers={**TUS, "Upload-Length": str(size), **named(name)})
    assert answer.status_code == 201, answer.content
    assert answer["Location"] == answer.json()["url"]
    return str(answer["Location"])


def piece(api: APIClient, url: str, offset: int, data: bytes, **headers: str) -> Any:
    """Send a piece."""
    content_type = "application/offset+octet-stream"
    sent = {**TUS, "Upload-Offset": str(offset), **headers}
    return api.generic("PATCH", url, data, content_type=content_type, headers=sent)


def offset_of(api: APIClient, url: str) -> int:
    """Ask how far an upload is."""
    answer = api.head(url, headers=TUS)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    return int(answer["Upload-Offset"])
