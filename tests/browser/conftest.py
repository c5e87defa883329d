"""A real Chromium, a real server, real recordings; every test fails on a console error or a request elsewhere.

Debian's Chromium, driven by Playwright. Where it is missing the browser tests are skipped and say so; in CI they fail.
"""

import os
import shutil
import wave
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings as site
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.engine.audio.decoding import decode_mono
from catalog.models import Match, Scan, ScanSchedule, Track
from catalog.services.audio.playback import store_peaks
from catalog.services.decisions import decide
from catalog.services.evidence import make_link
from tests.browser.watch import Watch
from tests.rows import another_file, make_copy, make_match, make_track

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio"]
FLAGS += ["--autoplay-policy=no-user-gesture-required", "--disable-background-networking", "--disable-component-update"]
RATE = 22050
SPEED = 1.06
START_S = 5.0
PATIENCE_MS = 60_000  # of a busy machine; what is there sooner is not waited for
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Drive the Chromium that the system has; nothing is downloaded."""
    path = shutil.which("chromium")
    if path is None and os.environ.get("CI") == "true":
        pytest.fail("Chromium is missing: apt-get install chromium")
    if path is None:
        pytest.skip("Chromium is missing, the browser tests were left out: apt-get install chromium")
    return {"executable_path": path, "args": FLAGS, "headless": True}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    """Return the screen of a desk."""
    return {"viewport": {"width": 1400, "height": 1000}, "color_scheme": "light", "timezone_id": "UTC"}


def session_of(staff: User, live_server: LiveServer) -> Any:
    """Return the cookie of a session of `staff`."""
    desk = Client()
    desk.force_login(staff)
    name = site.SESSION_COOKIE_NAME
    return {"name": name, "value": desk.cookies[name].value, "url": live_server.url}


@pytest.fixture
def watch(context: BrowserContext, live_server: LiveServer) -> Watch:
    """What this test's pages complain about and ask for."""
    return Watch(context, home=live_server.url)


@pytest.fixture
def page(context: BrowserContext, live_server: LiveServer, staff: User, watch: Watch) -> Any:
    """A fresh page, logged in as staff; whatever it complained about fails the test at its end."""
    cache.clear()
    context.add_cookies([session_of(staff, live_server)])
    context.set_default_timeout(PATIENCE_MS)
    page: Page = context.new_page()
    yield page
    page.close()
    watch.judge()


@pytest.fixture
def sped_up(battle: Path, tmp_path: Path) -> Path:
    """Twelve seconds of a recording from its fifth second on, played six per cent too fast."""
    samples = decode_mono(battle, RATE)[int(START_S * RATE) : int((START_S + 12 * SPEED) * RATE)]
    faster = np.interp(np.arange(0, len(samples) - 1, SPEED), np.arange(len(samples)), samples)
    path = tmp_path / "Battle (upload).wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(faster, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture
def pair(add_track: Callable[..., Track], battle: Path, sped_up: Path) -> Match:
    """The sped-up copy and its original, with their match and both waveforms."""
    reference, query = add_track(battle), add_track(sped_up)
    for track in (reference, query):
        store_peaks(audio_file_id=track.audio_file_id)
    return make_match(
        query,
        reference,
        offset_s=START_S,
        tempo_ratio=SPEED,
        query_end_s=12.0,
        reference_start_s=START_S,
        reference_end_s=START_S + 12 * SPEED,
        segments=[[0.0, 12.0, START_S, START_S + 12 * SPEED, 0.8]],
    )


@pytest.fixture
def house(pair: Match, staff: User) -> Match:
    """The pair, with something on every page: a mix, a family with a copy to remove, a scan, a schedule, a link."""
    owner, file = pair.query_track.owner, pair.query_track.audio_file
    assert file
    kept, lost, mix, other = (
        make_track(owner, title=title, audio_file=another_file(file)) for title in ("Kept", "Lost", "Mix", "Other")
    )
    make_copy(kept, lost)
    decide(one=kept, other=lost, verdict="same", keeper=kept, decided_by=staff)
    for part in (pair.reference_track, kept):
        make_match(mix, part, verdict="contains", query_coverage=0.1, reference_coverage=0.9)
    now = timezone.now()
    scan = Scan.objects.create(
        status="done", ended_at=now, last_track=9, total=9, searched=8, failed=1, found=1, known=2, started_by=staff,
        asked="artist=somebody", words="artist: somebody", worked_s=90.0,
        failures=[{"track": lost.pk, "title": "Lost", "error": "The stored file is missing: upload the track again."}],
    )  # fmt: skip
    found = make_match(other, kept)
    Match.objects.filter(pk=found.pk).update(job=None, scan=scan)
    for refusal in ("", "The filter leaves no track: there is nothing to scan."):
        ScanSchedule.objects.create(at=time(3), next_at=now, last_at=now, last_scan=scan, refusal=refusal, set_by=staff)
    make_link(match=pair, made_by=staff)
    return pair
