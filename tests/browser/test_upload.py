"""Many files dropped on the upload page: each with its bar, its refusal or its verdict."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from catalog.models import Job, Track
from tests.browser.test_review import complaints, requested, wait

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HIDDEN_PICKER = """const picker = document.createElement("input");
picker.type = "file"; picker.multiple = true; picker.id = "from-desktop"; document.body.append(picker);"""
DROP = """const data = new DataTransfer();
[...document.getElementById("from-desktop").files].forEach(file => data.items.add(file));
document.querySelector(".mf-drop").dispatchEvent(
  new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));"""


def drop(browser: Chrome, *paths: Path) -> None:
    """Drop real files, as from a desktop."""
    browser.execute_script(HIDDEN_PICKER)
    browser.find_element(By.ID, "from-desktop").send_keys("\n".join(map(str, paths)))
    browser.execute_script(DROP)


def states(browser: Chrome) -> list[str]:
    """Return what is said of each file."""
    return [element.text for element in browser.find_elements(By.CSS_SELECTOR, ".mf-arrivals [data-state]")]


def summary(browser: Chrome) -> str:
    """Return the line above the files."""
    return browser.find_element(By.CSS_SELECTOR, "[data-summary]").text


def test_many_files_are_dropped_and_judged(
    browser: Chrome,
    live_server: LiveServer,
    battle: Path,
    forest: Path,
    sped_up: Path,
    tmp_path: Path,
    drain: Callable[[], int],
) -> None:
    page = tmp_path / "page.mp3"
    page.write_text("<html>no music</html>" * 50)
    browser.get(live_server.url + "/admin/catalog/track/add/")
    drop(browser, battle, page, forest, sped_up)
    button = browser.find_element(By.CSS_SELECTOR, "form[data-most-bytes] button[type=submit]")
    assert button.text.endswith("Upload 4 files")
    button.click()
    wait(browser, lambda: "3 at work" in summary(browser), "three files are taken")
    assert "cannot be read as audio" in states(browser)[1]
    assert Track.objects.count() == 3
    assert Job.objects.count() == 6
    drain()
    wait(browser, lambda: "3 ready" in summary(browser), "all verdicts are shown")
    assert summary(browser) == "4 files · 3 ready · 1 refused"
    told = states(browser)
    assert "in the index" in told[0]
    assert "no duplicate" in told[2]
    assert any("6 % faster" in words or "6 % slower" in words for words in (told[0], told[3])), told
    link = browser.find_elements(By.CSS_SELECTOR, ".mf-arrival-name a")[0]
    assert link.text == battle.name
    assert not [words for words in complaints(browser) if "422" not in words]
    assert {url.split("/")[2] for url in requested(browser) if url.startswith("http")} == {live_server.url[7:]}
