"""A real Chromium, a real server, real recordings. Missing Chromium fails: it is never skipped."""

import shutil
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings as site
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from pytest_django.live_server_helper import LiveServer
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from catalog.engine.decode import decode_mono
from catalog.models import Match, Track
from catalog.services.playback import store_peaks
from tests.rows import make_match

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update"
    " --disable-sync --no-first-run --disable-dev-shm-usage --mute-audio"
    " --autoplay-policy=no-user-gesture-required --window-size=1400,1000"
)
RATE = 22050
SPEED = 1.06
START_S = 5.0


@pytest.fixture(scope="session")
def chromium() -> Iterator[webdriver.Chrome]:
    """One browser for all tests."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    assert browser, "Chromium is missing: apt-get install chromium"
    assert driver, "Its driver is missing: apt-get install chromium-driver"
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options=options, service=Service(driver))
    yield chrome
    chrome.quit()


@pytest.fixture
def browser(chromium: webdriver.Chrome, live_server: LiveServer, staff: User) -> webdriver.Chrome:
    """The browser, logged in as staff."""
    cache.clear()
    desk = Client()
    desk.force_login(staff)
    chromium.get(live_server.url + "/static/catalog/icon.svg")
    chromium.delete_all_cookies()
    session = desk.cookies[site.SESSION_COOKIE_NAME].value
    chromium.add_cookie({"name": site.SESSION_COOKIE_NAME, "value": session})
    for kind in ("browser", "performance"):
        chromium.get_log(kind)
    return chromium


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
