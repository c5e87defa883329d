"""Evidence for somebody outside: made by a click, read without a login, withdrawn, and then refused in plain words."""

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import EvidenceLink, Match
from catalog.services.audio.analysis import fingerprint_of
from tests.browser.conftest import PATIENCE_MS
from tests.browser.watch import Watch
from tests.rows import make_match, make_track

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WAYS_OUT = "main a, main form, script, audio, iframe, button"


@pytest.fixture
def outside(browser: Browser, live_server: LiveServer) -> Iterator[tuple[Page, Watch]]:
    """A page of somebody without an account, and what it asks for."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    watch = Watch(context, home=live_server.url)
    yield context.new_page(), watch
    watch.judge()
    context.close()


@pytest.fixture
def told_nothing_of(pair: Match, owner: User) -> list[str]:
    """What the catalog has beside the pair: another match of each of the two, and whose tracks they are."""
    other = make_track(owner, title="Somebody else's song")
    make_match(pair.query_track, other)
    make_match(other, pair.reference_track)
    for track in (pair.query_track, pair.reference_track):
        fingerprint_of(track)
    return [
        other.title,
        owner.username,
        owner.email,
        str(pair.query_track.music_id),
        str(pair.reference_track.music_id),
    ]


def made_by_a_click(page: Page, live_server: LiveServer, match: Match) -> str:
    """Make a link on the page of a match; return the address that is shown."""
    page.goto(f"{live_server.url}/admin/catalog/match/{match.pk}/change/")
    page.get_by_role("button", name="Make a link for somebody outside").click()
    page.wait_for_url("**/evidencelink/*/change/")
    address = page.locator("pre", has_text="/catalog/evidence/").inner_text().strip()
    assert address.startswith(live_server.url + "/catalog/evidence/")
    return address


def test_a_link_is_read_without_a_login_until_it_is_withdrawn(
    page: Page, outside: tuple[Page, Watch], live_server: LiveServer, pair: Match, told_nothing_of: list[str]
) -> None:
    address = made_by_a_click(page, live_server, pair)
    guest, asked = outside
    answer = guest.goto(address)
    assert answer
    assert answer.status == 200
    text, html = guest.locator("main").inner_text(), guest.content()
    for words in (pair.query_track.title, pair.reference_track.title, "sped up 6 %", "Segments", "by chance"):
        assert words in text, words
    drawn = guest.get_by_role("img", name="Spectrograms of A and B on the clock of A, in two colours")
    assert drawn.evaluate("picture => picture.complete && picture.naturalWidth > 100")
    expect(guest.locator(".mf-pair path[d^=M]")).to_have_count(2)
    for words in (*told_nothing_of, "/admin/"):
        assert words not in html, words
    expect(guest.locator(WAYS_OUT)).to_have_count(0)
    beside = {re.sub(r"[?].*", "", url) for url in asked.requested if not url.startswith(("data:", address))}
    assert {url.rsplit(".", 1)[-1] for url in beside} <= {"css", "ico"}, beside

    page.get_by_role("button", name="Withdraw the link").click()
    expect(page.get_by_text("The link is withdrawn.")).to_be_visible()
    expect(page.locator("pre", has_text="/catalog/evidence/")).to_have_count(0)
    asked.expect("410")
    answer = guest.reload()
    assert answer
    assert answer.status == 410
    expect(guest.get_by_role("heading", name="This link has expired or was withdrawn.")).to_be_visible()
    assert pair.query_track.title not in guest.content()
    expect(guest.locator(WAYS_OUT)).to_have_count(0)
    assert EvidenceLink.objects.get().opened == 1
