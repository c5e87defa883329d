"""The examples of docs/uploads.md, run as they stand: in the shell, in Python and in JavaScript, and with a bucket."""

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
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from catalog.models import Track
from catalog.services.api_keys import create_key
from tests.object_store import ObjectStore
from tests.site.running import RunningSite
from tests.site.test_documented_commands import DONE, run

PAGE = settings.BASE_DIR / "docs" / "uploads.md"
SONG = settings.BASE_DIR / "tests" / "audio" / "forest-dance.mp3"
NODE = settings.BASE_DIR / "tests" / "node"


def examples(language: str) -> list[str]:
    """Return the page's blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture
def key(site: RunningSite) -> str:
    """A key of the site's account."""
    return site.manage("create_api_key", "demo", "--per-minute", "1000").stdout.splitlines()[-1]


def uploaded(command: list[str], site: RunningSite, key: str, folder: Path, **environment: str) -> Any:
    """Run a program with the address and the key, and return the track that it names."""
    told = os.environ | {"BASE": site.url, "KEY": key} | environment
    ran = subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    url = f"{site.url}/api/v1/music/{ran.stdout.strip()}"
    return requests.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=10).json()


@pytest.mark.cluster
def test_the_shells_session(site: RunningSite, tmp_path: Path) -> None:
    ran = run("docs/uploads.md", site, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "song.fp: 0:30" in ran.stdout
    assert '"matched_musicname": "forest-dance"' in ran.stdout, "the fingerprint is of the demo's recording"
    assert '"state": "done"' in ran.stdout
    assert DONE in ran.stdout


@pytest.mark.cluster
def test_the_python_program(site: RunningSite, key: str, tmp_path: Path) -> None:
    program = examples("python")[0].replace("8 * 1024 * 1024", "100_000")  # so that there are several pieces
    (tmp_path / "upload.py").write_text(program, encoding="utf-8")
    track = uploaded([sys.executable, "upload.py", str(SONG)], site, key, tmp_path)
    assert (track["title"], track["size_bytes"]) == ("forest-dance", SONG.stat().st_size)


@pytest.mark.cluster
def test_the_javascript_program(site: RunningSite, key: str, tmp_path: Path) -> None:
    if not shutil.which("node") or not (NODE / "node_modules" / "tus-js-client").is_dir():
        missing = "Node.js or the packages of tests/node are missing (make node)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    (program,) = examples("javascript")
    (tmp_path / "upload.cjs").write_text(program, encoding="utf-8")
    modules = str(NODE / "node_modules")
    track = uploaded(["node", "upload.cjs", str(SONG)], site, key, tmp_path, NODE_PATH=modules)
    assert (track["title"], track["size_bytes"]) == ("forest-dance", SONG.stat().st_size)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_presigned_example(
    s3_of_forms: ObjectStore, owner: User, live_server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    key = create_key(owner=owner, tier="custom", custom_per_minute=1000)[1]
    names = {"BASE": live_server.url, "KEY": key, "path": str(SONG), "os": os, "requests": requests}
    exec(examples("python")[1], names)  # noqa: S102  (the page's own)
    assert capsys.readouterr().out.strip() == str(Track.objects.get().music_id)
    assert APIClient().get("/api/v1/music").status_code == 401
