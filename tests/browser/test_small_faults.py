"""Small things that staff stumble over: what dialogs say, saving nothing, a phone's cards, secrets to copy."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Match
from catalog.services.match_words import alterations
from tests.browser.test_pages import DARK
from tests.catalog.test_uses import make_mix
from tests.rows import make_audio_file, make_copy, make_track
from webhooks.models import Endpoint, Source
from webhooks.services import create_source, store_endpoint

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDER = "(list => list.scrollWidth - list.parentElement.clientWidth)(document.querySelector('#result_list'))"


@pytest.fixture
def url(owner: User) -> Endpoint:
    return store_endpoint(owner=owner, url="https://receiver.example/hook")


@pytest.fixture
def source(db: None) -> Source:
    return create_source(slug="partner")[0]


def test_dialogs_say_what_they_do_and_secrets_can_be_copied(
    page: Page, live_server: LiveServer, source: Source
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{live_server.url}/admin/webhooks/source/{source.pk}/change/")
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    page.get_by_role("link", name="Rotate secret").click()
    dialog = page.locator("#dialog")
    expect(dialog.get_by_text("Submit")).to_have_count(0)
    dialog.get_by_role("button", name="Rotate secret").click()
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    secret = dialog.locator("[data-secret] pre").inner_text()
    assert secret.startswith("whsec_")
    assert page.evaluate("navigator.clipboard.readText()") == secret


def test_what_is_made_shows_its_secret_with_a_copy(page: Page, live_server: LiveServer) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{live_server.url}/admin/webhooks/source/add/")
    page.fill("[name=slug]", "peer")
    page.locator("[name=_save]").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("[data-secret] pre").inner_text()


def test_a_new_api_key_shows_itself_with_a_copy(page: Page, live_server: LiveServer, owner: User) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(live_server.url + "/admin/catalog/apikey/add/")
    choose = "(list, owner) => list.append(new Option(owner, owner, true, true))"
    page.locator("#id_owner").evaluate(choose, str(owner.pk))
    page.get_by_role("button", name="Create the key").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("mfp_")


def test_a_private_address_is_refused_in_the_form(page: Page, live_server: LiveServer, url: Endpoint) -> None:
    page.goto(f"{live_server.url}/admin/webhooks/endpoint/{url.pk}/change/")
    page.fill("#id_url", "http://10.0.0.1/hook")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("private or reserved address").first).to_be_visible()
    expect(page.get_by_text("successfully")).to_have_count(0)
    url.refresh_from_db()
    assert url.newest_url == "https://receiver.example/hook"


def test_a_refused_login_is_said_once(page: Page, live_server: LiveServer) -> None:
    page.context.clear_cookies()
    page.goto(live_server.url + "/admin/login/")
    page.fill("#id_username", "nobody")
    page.fill("#id_password", "wrong")
    page.click("#login-form button")
    expect(page.locator(".errornote")).to_have_count(1)


def test_a_track_on_a_phone_is_a_card_of_three_lines(page: Page, live_server: LiveServer, owner: User) -> None:
    make_track(owner)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(live_server.url + "/admin/catalog/track/")
    box = page.locator("#result_list tbody tr").bounding_box()
    assert box
    assert box["height"] <= 90
    before = "cell => getComputedStyle(cell, '::before').content"
    assert page.locator("#result_list tbody tr > *").nth(1).evaluate(before) == "none"


def test_numbers_on_a_phone_say_of_what(page: Page, live_server: LiveServer, url: Endpoint, source: Source) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    bare = """() => [...document.querySelectorAll('#result_list tbody tr > *')].filter(cell => {
        const label = getComputedStyle(cell, '::before').content;
        return /^[\\d,\\u2013]+$/.test(cell.innerText.trim()) && ['none', '""', 'normal'].includes(label);
    }).map(cell => cell.className.match(/field-\\w+/)?.[0])"""
    for table in ("endpoint", "source"):
        page.goto(f"{live_server.url}/admin/webhooks/{table}/")
        expect(page.locator("#result_list tbody tr")).to_have_count(1)
        assert page.evaluate(bare) == [], table
    page.goto(f"{live_server.url}/admin/webhooks/endpoint/")
    waiting = page.locator("#result_list .field-waiting")
    assert waiting.evaluate("cell => getComputedStyle(cell, '::before').content") == '"Waiting:"'


def test_what_a_browser_draws_follows_the_dark(page: Page, live_server: LiveServer, owner: User) -> None:
    """Check boxes, fields and lists of choices in the pages' own forms, not only in the theme's."""
    mix = make_mix(owner, 2)
    page.goto(f"{live_server.url}/catalog/uses/{mix.pk}/")
    box = page.get_by_role("checkbox", name="Choose Song of the mix 0")
    scheme = "element => getComputedStyle(element).colorScheme"
    assert box.evaluate(scheme) != "dark"
    page.evaluate(DARK)
    assert box.evaluate(scheme) == "dark"
    size = box.bounding_box()
    assert size
    assert size["width"] == size["height"] == 18


@pytest.mark.parametrize("width", [1280, 1440])
@pytest.mark.parametrize("path", ["match", "waitingpair"])
def test_lists_of_pairs_fit_where_much_was_altered(
    page: Page, live_server: LiveServer, owner: User, path: str, width: int
) -> None:
    encoded = make_audio_file(bit_rate=64_000, cutoff_hz=7_000)
    copy = make_track(owner, title="W" * 255, audio_file=encoded)
    plain = make_track(owner, title="M" * 255, audio_file=make_audio_file(codec="flac"))
    match = make_copy(copy, plain, tempo_ratio=1.08, pitch_semitones=1.3, edit=Match.Edit.values[-1], similarity=0.1)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live_server.url}/admin/catalog/{path}/")
    told = ", ".join(page.locator("#result_list .field-altered").inner_text().split("\n"))
    assert told == ", ".join(alterations(match))
    assert len(told) > 50
    assert page.evaluate(WIDER) <= 0


def test_the_bar_of_the_review_leaves_room(page: Page, live_server: LiveServer, pair: Match) -> None:
    """On a phone no key names, under a fifth of the screen; at 200 % of a desk it does not lie over B."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(live_server.url + "/catalog/review/")
    bar = page.locator(".mf-decide")
    expect(bar.locator(".mf-key").first).to_be_hidden()
    box = bar.bounding_box()
    assert box
    assert box["height"] < 844 / 5
    page.set_viewport_size({"width": 720, "height": 450})
    assert bar.evaluate("bar => getComputedStyle(bar).position") == "static"


def test_the_title_of_the_tags_is_shown_and_found(page: Page, live_server: LiveServer, owner: User) -> None:
    make_track(owner, title="01 - final master", tags={"title": "Étude in Blue"})
    make_track(owner)
    page.goto(live_server.url + "/admin/catalog/track/?q=éTUDE")
    row = page.locator("#result_list tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("01 - final master")
    expect(row).to_contain_text("“Étude in Blue” · Somebody")
