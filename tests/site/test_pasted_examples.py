"""The examples of the API's page, pasted as they are shown: only the key and the ids are filled in."""

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings

from tests.site.running import RunningSite, await_true

pytestmark = pytest.mark.cluster


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the reader has a song: one that the demo's catalog knows."""
    shutil.copy(settings.BASE_DIR / "tests/audio/forest-dance.mp3", tmp_path / "song.mp3")
    return tmp_path


def shown(site: RunningSite, title: str) -> str:
    """Return the example under a title, as a browser would copy it, with a key in it."""
    page = requests.get(f"{site.url}/api/docs/", timeout=10).text
    found = re.search(rf"<h2[^>]*>{title}</h2>.*?<pre[^>]*>(.*?)</pre>", page, re.DOTALL)
    assert found
    example = html.unescape(found[1])
    made = site.manage("create_api_key", "demo", "--per-minute", "1000")
    key = made.stdout.splitlines()[-1]
    return example.replace("KEY=…", f"KEY={key}").replace("Bearer …", f"Bearer {key}")


def test_the_python_example_tells_what_the_song_is(site: RunningSite, folder: Path) -> None:
    example = shown(site, "With Python")
    assert "…" not in example
    ran = subprocess.run(
        [sys.executable, "-c", example], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "'is_duplicate': True" in ran.stdout
    assert "'matched_musicname': 'forest-dance'" in ran.stdout


def test_the_curl_example_step_by_step(site: RunningSite, folder: Path) -> None:
    if shutil.which("curl") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("curl is missing: apt-get install curl")
    exports, upload, check, add, result = shown(site, "With curl").strip().split("\n\n")

    def run(step: str) -> dict[str, Any]:
        ran = subprocess.run(["bash", "-c", f"{exports}\n{step}"], cwd=folder, capture_output=True, check=False)
        answer: dict[str, Any] = json.loads(ran.stdout)
        return answer

    music_id = run(upload)["musicId"]
    added = run(add.replace("…", music_id))["taskId"]
    checked = run(check.replace("…", music_id))["taskId"]
    for task_id in (added, checked):
        told = await_true(lambda: _ended(run(result.replace("…", task_id))), within_s=60)  # noqa: B023
        assert told["status"] == "success"
    assert told["result"]["matched_musicname"] == "forest-dance"


def _ended(body: dict[str, Any]) -> dict[str, Any] | None:
    return body if body["status"] not in ("pending", "processing") else None
