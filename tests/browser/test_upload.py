"""Many files dropped on the upload page: each with its bar, its refusal or its verdict."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Job, Track
from tests.browser.watch import Watch, wait

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
UPLOAD = "/admin/catalog/track/add/"
BUTTON = "form[data-most-bytes] button[type=submit]"


def drop(page: Page, *paths: Path) -> None:
    """Drag files from the desktop over the page and let them go: the browser's own events, not made-up ones."""
    box = page.locator("#main").bounding_box()
    assert box
    files = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    mouse = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] - 40}
        mouse.send("Input.dispatchDragEvent", {"type": kind, "data": files, **where})
        if kind == "dragOver":
            expect(page.locator(".mf-drop")).to_have_class("mf-panel mf-body mf-drop mf-over")


def send_upload(page: Page, live_server: LiveServer, *paths: Path, most_bytes: int | None = None) -> None:
    """Choose files on the upload page and press its button."""
    page.goto(live_server.url + UPLOAD)
    if most_bytes is not None:
        page.locator("form[data-most-bytes]").evaluate("(form, most) => { form.dataset.mostBytes = most }", most_bytes)
    page.set_input_files("input[type=file]", paths)
    page.click(BUTTON)


def test_many_files_are_dropped_and_judged(
    page: Page,
    watch: Watch,
    live_server: LiveServer,
    battle: Path,
    forest: Path,
    sped_up: Path,
    tmp_path: Path,
    drain: Callable[[], int],
) -> None:
    watch.expect("422")
    picture = tmp_path / "page.mp3"
    picture.write_text("<html>no music</html>" * 50)
    page.goto(live_server.url + UPLOAD)
    drop(page, battle, picture, forest, sped_up)
    expect(page.locator(BUTTON)).to_contain_text("Upload 4 files")
    expect(page.locator("[data-chosen] li")).to_contain_text([battle.name, picture.name, forest.name, sped_up.name])
    page.click(BUTTON)
    summary, states = page.locator("[data-summary]"), page.locator(".mf-arrivals [data-state]")
    expect(summary).to_contain_text("3 in progress")
    expect(states.nth(1)).to_contain_text("cannot be read as audio")
    assert Track.objects.count() == 3
    assert Job.objects.count() == 6
    expect(page.locator("[data-to-review]")).to_be_hidden()
    drain()
    expect(summary).to_have_text("4 files · 3 done · 1 refused")
    told = states.all_inner_texts()
    assert "in the index" in told[0]
    assert "no duplicate" in told[2]
    assert any("sped up 6 %" in words or "slowed down" in words for words in (told[0], told[3])), told
    expect(page.locator(".mf-arrival-name a").first).to_have_text(battle.name)
    page.click("[data-to-review]")
    expect(page.locator(".mf-number strong")).to_have_text("0 decided")


def test_however_many_are_chosen_the_button_is_in_sight(page: Page, live_server: LiveServer) -> None:
    page.goto(live_server.url + UPLOAD)
    files: list[FilePayload] = [
        {"name": f"Song {number}.mp3", "mimeType": "audio/mpeg", "buffer": b"x" * 1000} for number in range(71)
    ]
    page.set_input_files("input[type=file]", files)
    expect(page.locator(BUTTON)).to_contain_text("Upload 71 files")
    expect(page.locator(".mf-drop input[type=text]")).to_have_value(re.compile(r"71 files, 69\.3\sKB"))
    expect(page.locator("[data-chosen] li")).to_have_count(71)
    expect(page.locator(BUTTON)).to_be_in_viewport(ratio=1)


def test_many_files_are_uploaded_one_after_the_other(
    page: Page, live_server: LiveServer, sped_up: Path, battle: Path
) -> None:
    send_upload(page, live_server, sped_up, battle)
    wait(page, lambda: Track.objects.count() == 2, "both are in the catalog")
    links = page.locator(".mf-arrivals a.mf-link")
    expect(links).to_have_count(2)
    track = Track.objects.get(title="Battle (upload)")
    assert track.get_absolute_url() in [link.get_attribute("href") for link in links.all()]
    names = Job.objects.filter(track=track).values_list("task_name", flat=True)
    assert sorted(names) == ["add_audio_in_index", "check_is_same"]


def test_too_large_an_upload_is_not_sent(page: Page, live_server: LiveServer, sped_up: Path) -> None:
    send_upload(page, live_server, sped_up, most_bytes=1000)
    expect(page.locator(".mf-arrivals > li")).to_contain_text("larger than the limit")
    page.wait_for_timeout(500)
    assert not Track.objects.exists()
