"""Duplicate review by keyboard, with audio that really plays."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from catalog.models import Decision, Job, Match, Track
from tests.browser.conftest import SPEED, START_S
from tests.rows import make_match, make_track

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SETTLED_S = 0.5


def wait(browser: Chrome, true: Callable[[], Any], what: str) -> Any:
    """Wait until something is so."""
    return WebDriverWait(browser, 15).until(lambda _: true(), what)


def press(browser: Chrome, *keys: str) -> None:
    """Press keys where the focus is, one after the other."""
    for key in keys:
        ActionChains(browser).send_keys(key).perform()


def open_review(browser: Chrome, live_server: LiveServer) -> None:
    """Open the page and wait until both recordings can be played."""
    browser.get(live_server.url + "/catalog/review/")
    ready = "return [...document.querySelectorAll('audio')].every(audio => audio.readyState >= 2)"
    wait(browser, lambda: browser.execute_script(ready), "both recordings load")
    time.sleep(SETTLED_S)


def times(browser: Chrome) -> dict[str, Any]:
    """Return where both recordings are, and what the page says of them."""
    return browser.execute_script(
        """const root = document.querySelector('[data-comparison]');
        const [a, b] = ['a', 'b'].map(side => root.querySelector(`audio[data-side=${side}]`));
        return {a: a.currentTime, b: b.currentTime, mutedA: a.muted, mutedB: b.muted, pausedA: a.paused,
                rate: b.playbackRate, keepsPitch: b.preservesPitch, ...root.dataset};"""
    )


def complaints(browser: Chrome) -> list[str]:
    """Return what the console complained about."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]


def requested(browser: Chrome) -> set[str]:
    """Return every address that the pages asked for."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = {event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"}
    return {url for url in urls if not url.startswith("data:")}


def test_both_recordings_play_locked_together(browser: Chrome, live_server: LiveServer, pair: Match) -> None:
    open_review(browser, live_server)
    press(browser, Keys.SPACE)
    wait(browser, lambda: times(browser)["a"] > 1.5, "A advances")
    now = times(browser)
    assert (now["playing"], now["heard"], now["mutedA"], now["mutedB"]) == ("true", "a", False, True)
    assert now["rate"] == pytest.approx(SPEED)
    assert now["keepsPitch"] is False, "a change of speed moves the pitch along"
    assert now["b"] == pytest.approx(START_S + now["a"] * SPEED, abs=0.15)
    press(browser, Keys.TAB)
    wait(browser, lambda: times(browser)["heard"] == "b", "B is heard")
    before = times(browser)["b"]
    wait(browser, lambda: times(browser)["b"] > before + 1, "B goes on from there")
    now = times(browser)
    assert (now["mutedA"], now["mutedB"]) == (True, False)
    assert now["b"] == pytest.approx(START_S + now["a"] * SPEED, abs=0.15)
    press(browser, Keys.SPACE)
    wait(browser, lambda: times(browser)["playing"] == "false", "both stop")
    assert times(browser)["pausedA"]
    assert complaints(browser) == []


def test_arrows_and_clicks_seek_both(browser: Chrome, live_server: LiveServer, pair: Match) -> None:
    open_review(browser, live_server)
    press(browser, Keys.ARROW_RIGHT)
    wait(browser, lambda: times(browser)["a"] == pytest.approx(5.0, abs=0.05), "A goes on 5 s")
    assert times(browser)["b"] == pytest.approx(START_S + 5 * SPEED, abs=0.05)
    press(browser, Keys.ARROW_LEFT)
    wait(browser, lambda: times(browser)["a"] == pytest.approx(0.0, abs=0.05), "A goes back")
    canvas = browser.find_element(By.CSS_SELECTOR, "canvas[data-side=b]")
    ActionChains(browser).move_to_element(canvas).click().perform()
    wait(browser, lambda: times(browser)["a"] > 1, "a click in B's waveform moves A as well")
    now = times(browser)
    assert now["b"] == pytest.approx(START_S + now["a"] * SPEED, abs=0.1)


def test_waveforms_are_drawn(browser: Chrome, live_server: LiveServer, pair: Match) -> None:
    open_review(browser, live_server)
    inked = """return ['a', 'b'].map(side => {
        const canvas = document.querySelector(`canvas[data-side=${side}]`);
        const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let inked = 0; for (let i = 3; i < data.length; i += 4) inked += data[i] > 250;
        return inked; })"""
    wait(browser, lambda: min(browser.execute_script(inked)) > 500, "both waveforms are on the page")


def test_a_sitting_by_keyboard(browser: Chrome, live_server: LiveServer, pair: Match, owner: User) -> None:
    for title in ("Second", "Third"):
        make_match(make_track(owner, title=title, audio_file=pair.query_track.audio_file), pair.reference_track)
    open_review(browser, live_server)

    def shows(words: str) -> Callable[[], bool]:
        return lambda: words in (browser.execute_script("return document.body?.innerText") or "")

    press(browser, "k")
    wait(browser, shows("Duplicate 2 of 3"), "the next pair comes")
    first = Decision.objects.get()
    assert (first.verdict, first.keeper) == ("same", pair.reference_track)
    time.sleep(SETTLED_S)
    press(browser, "n")
    wait(browser, shows("Duplicate 3 of 3"), "the third comes")
    assert Decision.objects.filter(verdict="different").count() == 1
    time.sleep(SETTLED_S)
    press(browser, "u")
    wait(browser, shows("Taken back"), "the second is back")
    assert Decision.objects.filter(undone_at=None).get() == first
    time.sleep(SETTLED_S)
    press(browser, "v")
    wait(browser, shows("Third"), "and decided again")
    time.sleep(SETTLED_S)
    press(browser, "s")
    wait(browser, shows("Only what you skipped is left"), "the last is put aside")
    assert Decision.objects.filter(undone_at=None).count() == 2


def test_two_presses_decide_once(browser: Chrome, live_server: LiveServer, pair: Match, owner: User) -> None:
    make_match(make_track(owner, audio_file=pair.query_track.audio_file), pair.reference_track)
    open_review(browser, live_server)
    ActionChains(browser).send_keys("nn").perform()
    wait(browser, Decision.objects.exists, "one is stored")
    time.sleep(2 * SETTLED_S)
    assert Decision.objects.count() == 1


def test_pages_ask_nobody_else(browser: Chrome, live_server: LiveServer, pair: Match) -> None:
    requested(browser)
    paths = [
        "/admin/",
        "/catalog/review/",
        "/admin/catalog/track/",
        pair.query_track.get_absolute_url(),
        f"/admin/catalog/match/{pair.pk}/change/",
        f"/admin/catalog/job/{pair.job_id}/change/",
        "/admin/catalog/track/add/",
        "/admin/catalog/apikey/add/",
    ]
    for path in paths:
        browser.get(live_server.url + path)
        time.sleep(SETTLED_S)
    urls = requested(browser)
    assert len(urls) > len(paths)
    assert {url for url in urls if not url.startswith(live_server.url)} == set()
    assert complaints(browser) == []


@pytest.mark.parametrize("width", [390, 1400])
def test_nothing_is_wider_than_the_screen(browser: Chrome, live_server: LiveServer, pair: Match, width: int) -> None:
    Track.objects.filter(pk=pair.query_track_id).update(title="W" * 255, artist="Ö" * 255)
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        for path in ("/admin/", "/catalog/review/", pair.query_track.get_absolute_url()):
            browser.get(live_server.url + path)
            wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert browser.execute_script(wide) <= 1, path
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def send_upload(browser: Chrome, live_server: LiveServer, *paths: Path, most_bytes: int | None = None) -> None:
    """Choose files on the upload page and press its button."""
    browser.get(live_server.url + "/admin/catalog/track/add/")
    if most_bytes is not None:
        form = "document.querySelector('form[data-most-bytes]')"
        browser.execute_script(f"{form}.dataset.mostBytes = arguments[0]", str(most_bytes))
    browser.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys("\n".join(map(str, paths)))
    browser.find_element(By.CSS_SELECTOR, "form[data-most-bytes] button[type=submit]").click()


def arrivals(browser: Chrome) -> list[str]:
    """Return what the upload page says of each file."""
    return [row.text for row in browser.find_elements(By.CSS_SELECTOR, ".mf-arrivals > li")]


def test_many_files_are_uploaded_one_after_the_other(
    browser: Chrome, live_server: LiveServer, sped_up: Path, battle: Path
) -> None:
    send_upload(browser, live_server, sped_up, battle)
    wait(browser, lambda: Track.objects.count() == 2, "both are in the catalog")
    wait(browser, lambda: len(browser.find_elements(By.CSS_SELECTOR, ".mf-arrivals a")) == 2, "both rows lead there")
    track = Track.objects.get(title="Battle (upload)")
    links = [link.get_attribute("href") for link in browser.find_elements(By.CSS_SELECTOR, ".mf-arrivals a.mf-link")]
    assert live_server.url + track.get_absolute_url() in links
    names = Job.objects.filter(track=track).values_list("task_name", flat=True)
    assert sorted(names) == ["add_audio_in_index", "check_is_same"]


def test_too_large_an_upload_is_not_sent(browser: Chrome, live_server: LiveServer, sped_up: Path) -> None:
    send_upload(browser, live_server, sped_up, most_bytes=1000)
    wait(browser, lambda: "larger than the limit" in "".join(arrivals(browser)), "its row says why")
    time.sleep(SETTLED_S)
    assert not Track.objects.exists()
