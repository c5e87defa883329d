"""No page hides a word: nothing is cut at an edge, and nothing lies over something else, from a phone to a desk."""

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from catalog.models import Match, Scan, Track
from tests.browser.test_pages import PAGES, WIDER

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# A phone, a desk of 1280 pixels at 200 per cent, that desk, and a wide one.
SCREENS = {"phone": (390, 844), "200 %": (640, 400), "1280": (1280, 900), "1440": (1440, 900)}

# Every piece of text with its box, held against each box around it that cuts or scrolls, and against its neighbours.
# An ellipsis is a cut that says so. What is for screen readers only, floats above the page or is code may do as it
# likes.
HIDDEN_WORDS = """() => {
    const wrong = new Set(), seen = [];
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const apart = ".mf-sr, .mf-code, pre, option, noscript, script, style, [aria-hidden=true]";
    const seen_at_all = {opacityProperty: true, visibilityProperty: true};
    for (let node = words.nextNode(); node; node = words.nextNode()) {
        const text = node.textContent.trim(), holder = node.parentElement;
        if (!text || holder.closest(apart) || !holder.checkVisibility(seen_at_all)) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const box = range.getBoundingClientRect();
        if (box.width < 1 || box.height < 1) continue;
        let floats = false, shortened = false;
        for (let around = holder; around && around !== document.documentElement; around = around.parentElement) {
            const style = getComputedStyle(around), edge = around.getBoundingClientRect();
            floats ||= ["fixed", "sticky", "absolute"].includes(style.position);
            if (style.overflowX === "visible" || floats) continue;
            if (style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none") { shortened = true; break; }
            if (style.overflowX === "auto" && holder.ownerSVGElement) continue;  // a picture may be moved along
            if (box.right > edge.right + 1 || box.left < edge.left - 1) {
                wrong.add(`cut: "${text.slice(0, 30)}" in ${around.tagName}.${around.className}`.slice(0, 120));
                break;
            }
        }
        if (!floats && !shortened) for (const line of range.getClientRects()) seen.push([text, line, node]);
    }
    for (const [i, [text, box, node]] of seen.entries())
        for (const [other, over, next] of seen.slice(i + 1)) {
            if (node === next) continue;
            const wide = Math.min(box.right, over.right) - Math.max(box.left, over.left);
            const high = Math.min(box.bottom, over.bottom) - Math.max(box.top, over.top);
            if (wide > 2 && high > 4) wrong.add(`"${text.slice(0, 30)}" over "${other.slice(0, 30)}"`);
        }
    return [...wrong];
}"""


@pytest.fixture
def long_names(house: Match) -> Match:
    """The house, with names as long as they may be."""
    for track in Track.objects.exclude(title__in=("Kept", "Mix")):
        track.title, track.artist = "W" * 255, "Ö" * 255
        track.save()
    Scan.objects.update(words="artist: " + "W" * 255)
    return house


@pytest.mark.parametrize("screen", SCREENS)
def test_no_word_is_hidden(page: Page, live_server: LiveServer, long_names: Match, screen: str) -> None:
    width, height = SCREENS[screen]
    page.set_viewport_size({"width": width, "height": height})
    hidden: list[str] = []
    for name, path in PAGES.items():
        page.goto(live_server.url + path(long_names))
        if (wider := page.evaluate(WIDER)) > 1:
            hidden.append(f"{name}: the page is {wider} pixels wider than the screen")
        hidden += [f"{name}: {words}" for words in page.evaluate(HIDDEN_WORDS)]
    assert not hidden, "\n".join(hidden)
