"""A copy with its halves swapped, found by a real check: what the page draws of both pieces."""

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.engine.audio.decoding import decode_mono
from catalog.models import Match, Track
from catalog.services.audio.analysis import fingerprint_of
from catalog.services.index import log
from catalog.services.tasks.accepting import accept_job
from tests.browser.conftest import RATE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LEAST_ALIKE = 0.45  # near the middle of each piece; zero along the second half was the fault
# The heights of the drawn curve at these shares of its width, 0 to 1, as it stands on the screen.
HEIGHTS = """(area, shares) => {
    const [plot, drawn] = [area.ownerSVGElement, area.ownerSVGElement.viewBox.baseVal];
    const inside = (x, y) => area.isPointInFill(Object.assign(plot.createSVGPoint(), {x, y}));
    return shares.map(share => {
        let y = 0;
        while (y < drawn.height && !inside(share * drawn.width, y)) y += 0.5;
        return 1 - y / drawn.height; }); }"""


@pytest.fixture
def swapped(battle: Path, tmp_path: Path) -> Path:
    """A recording with its second half first."""
    samples = decode_mono(battle, RATE)
    path = tmp_path / "Battle, halves swapped.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        turned = np.roll(samples, -(len(samples) // 2))
        file.writeframes((np.clip(turned, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def test_the_curve_runs_along_both_swapped_halves(
    page: Page,
    live_server: LiveServer,
    owner: User,
    add_track: Callable[..., Track],
    battle: Path,
    swapped: Path,
    drain: Callable[[], int],
) -> None:
    original = add_track(battle)
    fingerprint_of(original)
    log.record_add(track_id=original.pk)
    accept_job(track=add_track(swapped), owner=owner, task_name="check_is_same")
    drain()
    match = Match.objects.get()
    assert len(match.segments) == 2
    page.goto(f"{live_server.url}/catalog/review/")
    expect(page.get_by_text("2 matching segments")).to_be_visible()
    curve = page.get_by_role("img", name="Similarity along A").locator(".mf-area")
    end_s = float(curve.locator("..").get_attribute("data-end") or 0)
    middles = [(part[0] + part[1]) / 2 / end_s for part in match.segments]
    shares = [middle + away for middle in middles for away in (-0.12, -0.06, 0, 0.06, 0.12)]
    heights = curve.evaluate(HEIGHTS, shares)
    assert min(heights) > LEAST_ALIKE, dict(zip(shares, heights, strict=True))
