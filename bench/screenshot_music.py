"""What the pictures need beside the demo: copies, a mix, decisions and a scan, all made as a person makes them."""

import tempfile
import wave
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page

from catalog.engine.audio.decoding import decode_mono
from tests.site.running import RunningSite, await_true

AUDIO = Path(__file__).resolve().parent.parent / "tests" / "audio"
RATE = 44_100
MIXED = ("living-caves.ogg", "mountain.mp3", "palace.mp3")
WITHIN_S = 120.0


def add_to(site: RunningSite) -> None:
    """Upload copies and a mix, and check each of them, by the API."""
    with tempfile.TemporaryDirectory(prefix="screenshots-music-") as folder:
        for name, samples in _recordings().items():
            path = Path(folder) / f"{name}.wav"
            _write(path, samples)
            _add_and_check(site, path)


def act(page: Page, url: str) -> None:
    """Decide about a pair, scan what is new, make a schedule and a link to the evidence of a match, in the browser."""
    page.goto(f"{url}/catalog/review/")
    page.locator("button[value=keep_b]").first.click()
    page.wait_for_timeout(1500)
    page.goto(f"{url}/catalog/scan/new/?added=7")
    page.locator("#start-scan").click()
    page.locator(".mf-badge", has_text="done").first.wait_for(timeout=WITHIN_S * 1000)
    page.goto(f"{url}/catalog/scan/schedules/new/?scanned=7")
    page.get_by_role("button", name="Save the schedule").click()
    page.goto(f"{url}/admin/catalog/match/")
    page.locator("#result_list tbody a[href*='/catalog/match/'][href*='/change/']").first.click()
    page.get_by_role("button", name="Make a link for somebody outside").click()
    page.wait_for_load_state("load")


def _recordings() -> dict[str, Any]:
    whole = {path.name: decode_mono(path, RATE) for path in AUDIO.iterdir() if path.suffix in (".ogg", ".mp3")}
    battle, elvish = whole["battle-music.ogg"], whole["elvish-theme.mp3"]
    at = np.arange(0, len(elvish) - 1, 1.06)
    return {
        "battle music (live)": battle,
        "battle music, from its fifth second": battle[5 * RATE :],
        "elvish theme (nightcore)": np.interp(at, np.arange(len(elvish)), elvish),
        "evening mix": np.concatenate([whole[name][: 20 * RATE] for name in MIXED]),
    }


def _write(path: Path, samples: Any) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes())


def _add_and_check(site: RunningSite, path: Path) -> None:
    api = site.api()
    music_id = api.upload(path)["musicId"]
    for ask in (api.add, api.check):
        task_id = ask(music_id)["taskId"]
        await_true(lambda task_id=task_id: "completed_at" in api.result(task_id), within_s=WITHIN_S)
