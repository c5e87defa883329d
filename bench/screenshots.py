"""Every staff page of the demo as a picture, light and dark: `make screenshots` writes docs/images/.

Starts a site of its own with the demo data, so that the pictures show what `make run` shows.
"""

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from bench import screenshot_music
from tests.site.running import RunningSite

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

OUT = Path(__file__).resolve().parent.parent / "docs" / "images"
SIZE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SETTLED_MS = 1500
COLOURS = 128
FIRST = "#result_list tbody a[href*='/change/']"
# name -> where it is: an address, or a list and a link in it
PAGES = {
    "overview": ["/admin/"],
    "review": ["/catalog/review/"],
    "waiting-pairs": ["/admin/catalog/waitingpair/"],
    "bulk": ["/catalog/review/bulk/?preset=same"],
    "group": ["/catalog/review/", "a[href*='/review/group/']"],
    "uses": ["/catalog/uses/"],
    "mix": ["/catalog/uses/", "main a[href*='/catalog/uses/']"],
    "copies": ["/catalog/copies-to-remove/"],
    "scans": ["/catalog/scan/"],
    "scan": ["/catalog/scan/", "main td a[href*='/catalog/scan/']"],
    "scan-new": ["/catalog/scan/new/?added=7"],
    "scan-schedule": ["/catalog/scan/schedules/1/"],
    "evidence-link": ["/admin/catalog/evidencelink/", FIRST],
    "decisions": ["/admin/catalog/decision/"],
    "tracks": ["/admin/catalog/track/"],
    "track": ["/admin/catalog/track/", FIRST],
    "index": ["/catalog/index/"],
    "upload": ["/admin/catalog/track/add/"],
    "tasks": ["/admin/catalog/job/"],
    "task": [
        "/admin/catalog/job/?task_name__exact=check_is_same",
        FIRST,
    ],
    "matches": ["/admin/catalog/match/"],
    "rules": ["/admin/catalog/rule/"],
    "endpoints": ["/admin/webhooks/endpoint/"],
    "endpoint": [
        "/admin/webhooks/endpoint/",
        FIRST,
    ],
    "callback-health": ["/admin/webhooks/endpoint/over-time/"],
    "callbacks-out": ["/admin/webhooks/message/"],
    "callback-out": [
        "/admin/webhooks/message/",
        FIRST,
    ],
    "callbacks-in": ["/admin/webhooks/received/"],
    "callback-in": [
        "/admin/webhooks/received/",
        FIRST,
    ],
    "refused": ["/admin/webhooks/refused/"],
    "keys": ["/admin/catalog/apikey/"],
    "key": [
        "/admin/catalog/apikey/",
        FIRST,
    ],
    "api-docs": ["/api/docs/"],
}
ON_A_PHONE = ("overview", "review", "waiting-pairs", "mix", "copies", "scans", "scan", "tracks", "task", "index")


def main(out: Path = OUT) -> int:
    """Take all pictures; returns 1 where a page did not open."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("Chromium is missing: apt-get install chromium")
        return 1
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="screenshots-") as folder, sync_playwright() as playwright:
        site = RunningSite(Path(folder) / "site", database_url=None)
        site.start()
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        try:
            found = re.search(r"log in as +(\S+) +password +(\S+)", site.output)
            if found is None:
                raise SystemExit(site.output)
            screenshot_music.add_to(site)
            for scheme in ("light", "dark"):
                _take(browser, site.url, found.groups(), scheme, out)
        finally:
            browser.close()
            site.stop()
    return 0


def _take(browser: Browser, url: str, login: tuple[str, ...], scheme: str, out: Path) -> None:
    context = browser.new_context(viewport=SIZE, color_scheme=scheme, timezone_id="UTC")
    page = context.new_page()
    page.goto(f"{url}/admin/login/")
    page.fill("[name=username]", login[0])
    page.fill("[name=password]", login[1])
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
    if scheme == "light":
        screenshot_music.act(page, url)
    for name, way in PAGES.items():
        page.set_viewport_size(SIZE)
        if not _go(page, url, way):
            print(f"{name}: a link is missing, no picture was taken")
            continue
        _shoot(page, out / f"{name}-{scheme}.png")
        if name in ON_A_PHONE:
            page.set_viewport_size(PHONE)
            _shoot(page, out / f"{name}-phone-{scheme}.png")
    context.close()


def _go(page: Page, url: str, way: list[str]) -> bool:
    """Open a page by its way; False where a link of it is not there."""
    page.goto(url + way[0])
    for link in way[1:]:
        if not page.locator(link).count():
            return False
        page.locator(link).first.click()
        page.wait_for_load_state("load")
    return True


def _shoot(page: Page, path: Path) -> None:
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=path)
    with Image.open(path) as picture:  # a page has few colours: a third of the bytes
        small = picture.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    print(f"{path.name} {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
