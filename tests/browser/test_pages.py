"""Every staff page in a browser: silent, alone on its host, no wider than the screen, and readable by anybody."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import EvidenceLink, Match, Scan, ScanSchedule, Track
from catalog.services.evidence import token_of
from tests.browser.conftest import session_of
from tests.rows import make_copy

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
# What the colours decide is judged again in the dark; all else is the same page.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
DARK = "document.documentElement.classList.add('dark', 'dark-mode')"  # as the theme's own switch does
COLOURS = """[...document.querySelectorAll("*")].map(element => getComputedStyle(element))
    .map(style => [style.color, style.backgroundColor, style.borderColor, style.fill])"""
WIDTHS = (390, 1280, 1440)
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
EMPTY = ("/admin/", "/catalog/review/", "/admin/catalog/waitingpair/", "/catalog/uses/", "/catalog/scan/")
PAGES: dict[str, Callable[[Match], str]] = {
    "overview": lambda _: "/admin/",
    "review": lambda _: "/catalog/review/",
    "review-group": lambda match: f"/catalog/review/group/{match.query_track_id}/",
    "waiting-pairs": lambda _: "/admin/catalog/waitingpair/",
    "review-bulk": lambda _: "/catalog/review/bulk/?preset=identical",
    "scans": lambda _: "/catalog/scan/",
    "scan": lambda _: f"/catalog/scan/{Scan.objects.latest('pk').pk}/",
    "scan-new": lambda _: "/catalog/scan/new/?artist=somebody&added=7",
    "scan-schedule": lambda _: f"/catalog/scan/schedules/{ScanSchedule.objects.latest('pk').pk}/",
    "copies": lambda _: "/catalog/copies-to-remove/",
    "family": lambda _: Track.objects.get(title="Kept").get_absolute_url(),
    "evidence-links": lambda _: "/admin/catalog/evidencelink/",
    "evidence-link": lambda _: f"/admin/catalog/evidencelink/{EvidenceLink.objects.latest('pk').pk}/change/",
    "evidence": lambda _: f"/catalog/evidence/{token_of(EvidenceLink.objects.latest('pk'))}/",
    "uses": lambda _: "/catalog/uses/",
    "mix": lambda _: f"/catalog/uses/{Track.objects.get(title='Mix').pk}/",
    "tracks": lambda _: "/admin/catalog/track/",
    "track": lambda match: match.query_track.get_absolute_url(),
    "track-remove": lambda match: f"/admin/catalog/track/{match.query_track_id}/remove/",
    "upload": lambda _: "/admin/catalog/track/add/",
    "tasks": lambda _: "/admin/catalog/job/",
    "task": lambda match: f"/admin/catalog/job/{match.job_id}/change/",
    "matches": lambda _: "/admin/catalog/match/",
    "match": lambda match: f"/admin/catalog/match/{match.pk}/change/",
    "decisions": lambda _: "/admin/catalog/decision/",
    "rules": lambda _: "/admin/catalog/rule/",
    "rule-add": lambda _: "/admin/catalog/rule/add/",
    "endpoints": lambda _: "/admin/webhooks/endpoint/",
    "callback-health": lambda _: "/admin/webhooks/endpoint/over-time/",
    "callbacks-out": lambda _: "/admin/webhooks/message/",
    "callbacks-in": lambda _: "/admin/webhooks/received/",
    "sources": lambda _: "/admin/webhooks/source/",
    "refused": lambda _: "/admin/webhooks/refused/",
    "keys": lambda _: "/admin/catalog/apikey/",
    "key-add": lambda _: "/admin/catalog/apikey/add/",
    "files": lambda _: "/admin/catalog/audiofile/",
    "api-docs": lambda _: "/api/docs/",
}


def violations(page: Page, *rules: str) -> list[str]:
    """Return what axe finds that is more than minor: rule, place, and what is wrong there."""
    found: list[dict[str, Any]] = page.evaluate(
        """rules => axe.run(document, {resultTypes: ['violations'],
            ...(rules.length ? {runOnly: {type: 'rule', values: rules}} : {})}).then(told => told.violations)""",
        list(rules),
    )
    return [
        f"{rule['id']} at {node['target']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in found
        if rule["impact"] in ("moderate", "serious", "critical") and not _is_swaggers(rule, page)
        for node in rule["nodes"]
    ]


def _is_swaggers(rule: dict[str, Any], page: Page) -> bool:
    """Whether a rule is about landmarks that Swagger UI writes: its own main part, and its servers beside it."""
    return page.url.endswith("/api/docs/") and rule["id"] in ("region", "landmark-main-is-top-level")


def barred_at(page: Page, *urls: str) -> list[str]:
    """Return what keeps somebody from reading these pages, on a phone and on a desk, light and dark."""
    barred: list[str] = []
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        for url in urls:
            page.goto(url)
            assert page.evaluate(WIDER) <= 1, (url, width)
            page.evaluate(AXE)
            barred += [f"{url}: {words}" for words in violations(page)]
            page.evaluate(DARK)
            barred += [f"{url}, dark: {words}" for words in violations(page, *OF_COLOURS)]
    return barred


def test_every_page_is_silent_and_readable_by_anybody(page: Page, live_server: LiveServer, house: Match) -> None:
    barred: list[str] = []
    for name, path in PAGES.items():
        answer = page.goto(live_server.url + path(house))
        if name == "api-docs":
            page.wait_for_selector(".opblock")
        assert answer, name
        assert answer.ok, name
        expect(page.get_by_role("main")).to_have_count(1)
        page.evaluate(AXE)
        barred += [f"{name}: {words}" for words in violations(page)]
        page.evaluate(DARK)
        barred += [f"{name}, dark: {words}" for words in violations(page, *OF_COLOURS)]
    assert not barred, "\n".join(barred)


def test_an_empty_site_fits_every_screen(page: Page, live_server: LiveServer) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for url in EMPTY:
            page.goto(live_server.url + url)
            assert page.evaluate(WIDER) <= 1, (url, width)
    page.goto(live_server.url + "/admin/")
    page.evaluate(AXE)
    assert violations(page) == []


def test_the_first_stop_leads_past_the_menu(page: Page, live_server: LiveServer) -> None:
    page.goto(live_server.url + "/admin/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


@pytest.mark.parametrize("button", ["Remove all", "All identical"])
def test_previews_that_a_button_leads_to(page: Page, live_server: LiveServer, house: Match, button: str) -> None:
    make_copy(Track.objects.get(title="Other"), house.reference_track, relation="identical")
    page.goto(live_server.url + PAGES["copies" if button == "Remove all" else "waiting-pairs"](house))
    page.locator("a, button").filter(has_text=button).first.click()
    page.wait_for_load_state("load")
    expect(page.get_by_role("main")).to_have_count(1)
    page.evaluate(AXE)
    barred = violations(page)
    page.evaluate(DARK)
    barred += violations(page, *OF_COLOURS)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        barred += [f"wider than {width}"] * (page.evaluate(WIDER) > 1)
    assert not barred, "\n".join(barred)


COVERED = """() => [...document.querySelectorAll("body *")]
    .filter(part => ["fixed", "sticky"].includes(getComputedStyle(part).position) && part.checkVisibility())
    .map(part => part.getBoundingClientRect())
    .filter(box => box.width > innerWidth / 2 && box.bottom > 0 && box.top < innerHeight)
    .reduce((most, box) => Math.max(most, box.height), 0) / innerHeight"""


def test_at_200_per_cent_no_page_scrolls_sideways_and_no_bar_covers_it(
    page: Page, live_server: LiveServer, house: Match
) -> None:
    """A desk of 1280 pixels has half of them then, in both directions."""
    track = Track.objects.get(pk=house.query_track_id)
    track.title, track.artist = "W" * 255, "Ö" * 255
    track.save()
    page.set_viewport_size({"width": 640, "height": 400})
    wrong = []
    for name, path in PAGES.items():
        page.goto(live_server.url + path(house))
        sideways, covered = page.evaluate(WIDER), page.evaluate(COVERED)
        if sideways > 1 or covered > 0.25:
            wrong.append((name, sideways, covered))
    assert wrong == []


def test_without_scripts_every_page_reads_in_the_dark_as_in_the_light(
    browser: Browser, live_server: LiveServer, house: Match, staff: User
) -> None:
    """The dark is the theme's script's: without it a reader who likes it dark gets the light page, all of it."""
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([session_of(staff, live_server)])
    page = context.new_page()
    for name, path in PAGES.items():
        if name == "evidence":  # it stands alone, and has a dark of its own without scripts
            continue
        page.emulate_media(color_scheme="light")
        page.goto(live_server.url + path(house))
        light = page.evaluate(COLOURS)
        page.emulate_media(color_scheme="dark")
        assert page.evaluate(COLOURS) == light, name
        assert len(page.locator("body").inner_text().split()) > 10, name
    context.close()
