"""Duplicate review by keyboard, with audio that really plays."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Decision, Match
from tests.browser.conftest import SPEED, START_S
from tests.browser.watch import wait
from tests.rows import another_file, make_match, make_track

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SETTLED_S = 0.5
LOADED = "() => [...document.querySelectorAll('audio')].every(audio => audio.readyState >= 2)"


def settled(page: Page) -> None:
    """Wait until the page's scripts are there, and take a decision again."""
    page.wait_for_load_state("load")
    page.wait_for_timeout(SETTLED_S * 1000)


def open_review(page: Page, live_server: LiveServer) -> None:
    """Open the page and wait until both recordings can be played."""
    page.goto(live_server.url + "/catalog/review/")
    page.wait_for_function(LOADED)
    settled(page)


def times(page: Page) -> dict[str, Any]:
    """Return where both recordings are, and what the page says of them."""
    return page.evaluate(
        """() => {
        const root = document.querySelector('[data-comparison]');
        const [a, b] = ['a', 'b'].map(side => root.querySelector(`audio[data-side=${side}]`));
        return {a: a.currentTime, b: b.currentTime, mutedA: a.muted, mutedB: b.muted, pausedA: a.paused,
                rate: b.playbackRate, keepsPitch: b.preservesPitch, ...root.dataset}; }"""
    )


def is_locked(page: Page) -> bool:
    """Whether B is where A is. On a busy machine one of them falls behind, until the player sets it right."""
    now = times(page)
    return bool(now["b"] == pytest.approx(START_S + now["a"] * SPEED, abs=0.15))


def test_both_recordings_play_locked_together(page: Page, live_server: LiveServer, pair: Match) -> None:
    open_review(page, live_server)
    page.keyboard.press(" ")
    wait(page, lambda: times(page)["a"] > 1.5, "A advances")
    now = times(page)
    assert (now["playing"], now["heard"], now["mutedA"], now["mutedB"]) == ("true", "a", False, True)
    assert now["rate"] == pytest.approx(SPEED)
    assert now["keepsPitch"] is False, "a change of speed moves the pitch along"
    wait(page, lambda: is_locked(page), "B is where A is, or goes there at once")
    page.keyboard.press("Tab")
    wait(page, lambda: times(page)["heard"] == "b", "B is heard")
    before = times(page)["b"]
    wait(page, lambda: times(page)["b"] > before + 1, "B goes on from there")
    now = times(page)
    assert (now["mutedA"], now["mutedB"]) == (True, False)
    wait(page, lambda: is_locked(page), "B is where A is, or goes there at once")
    page.keyboard.press(" ")
    wait(page, lambda: times(page)["playing"] == "false", "both stop")
    assert times(page)["pausedA"]


def test_arrows_and_clicks_seek_both(page: Page, live_server: LiveServer, pair: Match) -> None:
    open_review(page, live_server)
    page.keyboard.press("ArrowRight")
    wait(page, lambda: times(page)["a"] == pytest.approx(5.0, abs=0.05), "A goes on 5 s")
    assert times(page)["b"] == pytest.approx(START_S + 5 * SPEED, abs=0.05)
    page.keyboard.press("ArrowLeft")
    wait(page, lambda: times(page)["a"] == pytest.approx(0.0, abs=0.05), "A goes back")
    page.locator("canvas[data-side=b]").click()
    wait(page, lambda: times(page)["a"] > 1, "a click in B's waveform moves A as well")
    now = times(page)
    assert now["b"] == pytest.approx(START_S + now["a"] * SPEED, abs=0.1)


def test_waveforms_are_drawn(page: Page, live_server: LiveServer, pair: Match) -> None:
    open_review(page, live_server)
    inked = """() => ['a', 'b'].map(side => {
        const canvas = document.querySelector(`canvas[data-side=${side}]`);
        const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let inked = 0; for (let i = 3; i < data.length; i += 4) inked += data[i] > 250;
        return inked; })"""
    wait(page, lambda: min(page.evaluate(inked)) > 500, "both waveforms are on the page")


def test_a_sitting_by_keyboard(page: Page, live_server: LiveServer, pair: Match, owner: User) -> None:
    file = pair.query_track.audio_file
    assert file
    for title in ("Second", "Third"):
        make_match(make_track(owner, title=title, artist="", audio_file=another_file(file)), pair.reference_track)
    open_review(page, live_server)

    def shows(words: str) -> None:
        expect(page.locator("body")).to_contain_text(words)

    page.keyboard.press("b")
    shows("1 decided, 0 skipped, 2 left")
    first = Decision.objects.get()
    assert (first.verdict, first.keeper) == ("same", pair.reference_track)
    settled(page)
    page.keyboard.press("n")
    shows("2 decided, 0 skipped, 1 left")
    assert Decision.objects.filter(verdict="different").count() == 1
    settled(page)
    page.keyboard.press("u")
    shows("Undone decisions")
    assert Decision.objects.filter(undone_at=None).get() == first
    settled(page)
    page.keyboard.press("v")
    shows("Third")
    settled(page)
    page.keyboard.press("s")
    shows("Only skipped pairs are left")
    assert Decision.objects.filter(undone_at=None).count() == 2
