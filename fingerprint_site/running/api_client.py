"""A small client of the public API, as the demo and the tests of the running site use it."""

from pathlib import Path
from typing import Any

import requests

_TIMEOUT_S = 60.0


class ApiClient:
    """The contract's four calls with one key. Every answer but 200 raises `requests.HTTPError`."""

    def __init__(self, *, base_url: str, api_key: str) -> None:
        self._base_url = f"{base_url}/api/v1"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {api_key}"

    def upload(self, path: Path) -> dict[str, Any]:
        """Upload a file; the answer names its musicId."""
        with path.open("rb") as file:
            return self._call("POST", "music", files={"file": (path.name, file)})

    def add(self, music_id: str) -> dict[str, Any]:
        """Ask for the track to be added; the answer names the task."""
        return self._call("POST", "fingerprint/add", json={"musicId": music_id})

    def check(self, music_id: str) -> dict[str, Any]:
        """Ask for the track to be checked; the answer names the task."""
        return self._call("POST", "fingerprint/check", json={"musicId": music_id})

    def result(self, task_id: str) -> dict[str, Any]:
        """Get the result of a task."""
        return self._call("GET", f"task/result/{task_id}")

    def _call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        response = self._session.request(method, f"{self._base_url}/{path}", timeout=_TIMEOUT_S, **body)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer
