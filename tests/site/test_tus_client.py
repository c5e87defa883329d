"""npm's tus-js-client uploads to the site's own web server: at once, in pieces, broken off and resumed."""

import hashlib
import json
import os
import shutil
import subprocess
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from django.conf import settings

from tests.site.broken_line import BreakingLine
from tests.site.running import WebServer, await_true

NODE = settings.BASE_DIR / "tests" / "node"
pytestmark = pytest.mark.cluster
RECORDING = settings.BASE_DIR / "tests" / "audio" / "battle-music.ogg"
SHA256 = hashlib.sha256(RECORDING.read_bytes()).hexdigest()


@pytest.fixture(autouse=True)
def packages() -> None:
    """Skip where Node.js or its packages are missing; a run that is to test everything fails."""
    missing = "" if shutil.which("node") else "Node.js is missing (apt install nodejs)"
    if not missing and not (NODE / "node_modules" / "tus-js-client").is_dir():
        missing = "the packages of tests/node are missing (make node)"
    if missing:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)


@pytest.fixture(scope="module")
def key(web: WebServer) -> str:
    """An account's key."""
    return web.shell(
        "from django.contrib.auth.models import User; from catalog.services.api_keys import create_key;"
        "print(create_key(owner=User.objects.create_user('sender'), tier='custom', custom_per_minute=10000)[1])"
    )


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """A file that does not fit into what lies between two sockets: 24 MB of noise."""
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(np.random.default_rng(0).integers(-9000, 9000, 12_000_000, np.int16).tobytes())
    return path


def upload(to: WebServer | BreakingLine, key: str, path: Path = RECORDING, **options: Any) -> Any:
    """Run the client to its end, or to where it breaks off."""
    endpoint = f"http://127.0.0.1:{to.port}/api/v1/uploads/"
    asked = json.dumps({"endpoint": endpoint, "key": key, "path": str(path), **options})
    answer = subprocess.run(
        ["node", "tus.cjs"], cwd=NODE, input=asked, capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(answer.stdout)


def told(key: str, url: str) -> Any:
    """Ask how an upload stands."""
    return requests.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=10).json()


def stored(web: WebServer, music_id: str) -> list[str]:
    """Return a track's title and the hash of its bytes."""
    ask = "from catalog.models import Track; track = Track.objects.get(music_id='{}'); print(track.title, {})"
    return web.shell(ask.format(music_id, "track.audio_file.sha256")).split()


@pytest.mark.parametrize("chunk_size", [None, 100_000])
def test_at_once_and_in_pieces(web: WebServer, key: str, chunk_size: int | None) -> None:
    done = upload(web, key, chunkSize=chunk_size)
    assert stored(web, done["musicId"]) == ["Größe", SHA256]
    pieces = -(-RECORDING.stat().st_size // (chunk_size or RECORDING.stat().st_size))
    methods = [method for method, *_ in done["requests"]]
    assert methods == ["POST"] + ["PATCH"] * pieces


def test_broken_off_and_resumed_by_another_process(web: WebServer, key: str, long: Path) -> None:
    """In the middle of one piece: what had arrived is not sent again."""
    size = long.stat().st_size
    with BreakingLine(web.port, most_bytes=size // 2) as line:
        broken = upload(line, key, long)
    assert "error" in broken
    url = broken["url"].replace(f":{line.port}/", f":{web.port}/")
    arrived = await_true(lambda: told(key, url)["received_bytes"], within_s=20)
    assert 0 < arrived <= size // 2
    resumed = upload(web, key, long, uploadUrl=url)
    assert stored(web, resumed["musicId"]) == ["Größe", hashlib.sha256(long.read_bytes()).hexdigest()]
    assert resumed["requests"][0][:2] == ["HEAD", 200]
    assert int(resumed["requests"][0][2]) >= arrived
    assert told(key, url)["track"]["musicId"] == resumed["musicId"]


def test_broken_off_between_pieces(web: WebServer, key: str) -> None:
    broken = upload(web, key, chunkSize=50_000, stopAfter=120_000)
    assert broken["stopped"] == 150_000
    resumed = upload(web, key, chunkSize=50_000, uploadUrl=broken["url"])
    assert stored(web, resumed["musicId"]) == ["Größe", SHA256]


def test_what_is_no_audio_is_an_error_of_the_client(web: WebServer, key: str, tmp_path: Path) -> None:
    page = tmp_path / "page.mp3"
    page.write_bytes(b"<html>not music</html>" * 100)
    done = upload(web, key, page)
    assert "422" in done["error"]
    assert "mp3, wav, flac" in done["error"]
    assert told(key, done["url"])["state"] == "refused"


def test_a_wrong_key(web: WebServer) -> None:
    assert "404" in upload(web, "mfp_00000000_nothing")["error"]
