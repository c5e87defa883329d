"""Lists on a desk: none is wider than its panel; chips, views and columns by mouse and keys; play buttons in rows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from bench.pages import filling, rows
from catalog.models import Match, Track
from staff.models import ListChoice, SavedView
from tests.browser.conftest import session_of
from tests.browser.test_pages import AXE, DARK, OF_COLOURS, WIDER, violations
from tests.rows import make_match, make_track
from webhooks.models import Endpoint, Message, Received, Source

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "An-unbelievably-long-name-without-a-place-to-break-it" * 5
FITS = """() => {
    const list = document.querySelector("#result_list");
    return list ? list.scrollWidth - list.closest("[data-simplebar]").clientWidth : null;
}"""
LISTS = [f"/admin/{model._meta.label_lower.replace('.', '/')}/" for model in admin.site._registry]


def make_long_rows(staff: User) -> None:
    """Put some rows in every table of ours, with texts that are too long for any column."""
    owner = User.objects.create_user(LONG[:150], email=f"{LONG[:60]}@{LONG[:60]}.example")
    now, task = timezone.now(), f"task_20260402055414_{'W' * 20}"
    one, other = (make_track(owner, title=LONG[:255], artist=LONG[:255], tags={"title": LONG}) for _ in range(2))
    match = make_match(make_track(owner, title=LONG[:255]), one, tempo_ratio=1.06, pitch_semitones=3.0)  # waits
    match.job.__class__.objects.filter(pk=match.job_id).update(task_id=task, error=LONG, result=None, attempts=9)
    endpoint = Endpoint.objects.create(owner=owner, url=f"https://{LONG}.example/", name=LONG[:100], sealed_secret="x")
    Message.objects.create(
        message_id=LONG[:64], endpoint=endpoint, event=LONG[:64], event_key="k", subject=LONG[:200], body="{}",
        state="failed", error=LONG, attempt_count=99, schedule_start=now, next_attempt_at=now, created_at=now,
    )  # fmt: skip
    source = Source.objects.create(slug=LONG[:100], sealed_secret="x")
    Received.objects.create(
        source=source, message_id=LONG[:255], event=LONG[:64], status="failure", task_id=LONG[:64], body="{}",
        mippia_verified=True, standard_verified=True, first_seen_at=now, last_seen_at=now,
    )  # fmt: skip
    values = {"object_type": "catalog.track", "object_name": LONG[:255], "actor": LONG[:150], "act": LONG[:150]}
    long = {
        "staff.AuditEntry": {name: lambda _, text=text: text for name, text in values.items()},
        "catalog.ApiKey": {"label": lambda _: LONG[:80], "prefix": lambda n: f"k{n}WWWWWWWW"},
        "catalog.Decision": {"first_track_id": lambda _: one.pk, "second_track_id": lambda _: other.pk,
                             "keeper_id": lambda _: one.pk, "verdict": lambda _: "same",
                             "decided_by_id": lambda _: owner.pk},
        "webhooks.Refused": {"detail": lambda _: LONG, "slug": lambda _: LONG[:100], "agent": lambda _: LONG[:200]},
        "webhooks.Attempt": {"message_id": lambda _: Message.objects.get().pk, "number": lambda n: n,
                             "error": lambda _: LONG, "url": lambda _: f"https://{LONG}/"},
    }  # fmt: skip
    # What refers to rows by their numbers is for the bench's own rows.
    plain = {name: made for name, made in rows.special().items() if not any(key.endswith("_id") for key in made)}
    for model in filling._in_order(filling._models()):
        if model in admin.site._registry and not model._default_manager.exists():
            filling.fill_one(model, 1, (plain | long).get(model._meta.label, {}))


def test_no_list_is_wider_than_its_panel_with_long_values(page: Page, live_server: LiveServer, staff: User) -> None:
    make_long_rows(staff)
    wide, empty = [], []
    for width in (1440, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for address in LISTS:
            page.goto(live_server.url + address)
            over = page.evaluate(FITS)
            if over is None:
                empty.append(address)
            elif over > 1 or page.evaluate(WIDER) > 1:
                wide.append((address, width, over))
    assert wide == []
    ours = [address for address in empty if "/django_q/" not in address and "/auth/group" not in address]
    assert ours == [], "rows of every table of ours"


def test_what_matters_first_keeps_its_room(page: Page, live_server: LiveServer, staff: User) -> None:
    make_long_rows(staff)
    for width in (1280, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        for address, cell in (("catalog/track", ".field-name"), ("catalog/decision", ".field-first"),
                              ("catalog/waitingpair", ".field-checked")):  # fmt: skip
            page.goto(f"{live_server.url}/admin/{address}/")
            box = page.locator(f"#result_list tbody {cell}").first.bounding_box()
            assert box
            assert box["width"] > 160, (address, width)


def test_columns_are_chosen_and_shown_on_a_narrow_desk_too(page: Page, live_server: LiveServer, owner: User) -> None:
    make_track(owner)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(live_server.url + "/admin/catalog/track/")
    expect(page.locator("#result_list td.field-volume")).to_be_hidden()
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("Length").uncheck()
    page.get_by_role("button", name="Show these").click()
    expect(page.locator("#result_list td.field-volume")).to_be_visible()
    expect(page.locator("#result_list td.field-length")).to_have_count(0)
    page.locator("summary", has_text="Columns").click()
    page.get_by_role("button", name="The usual columns").click()
    expect(page.locator("#result_list td.field-length")).to_be_visible()


def test_filters_are_chips_and_a_view_keeps_them(page: Page, live_server: LiveServer, owner: User) -> None:
    for title in ("Blue", "Red"):
        make_track(owner, title=title)
    page.goto(live_server.url + "/admin/catalog/track/?q=blue")
    page.locator("summary", has_text="Filter").press("Enter")
    page.get_by_role("link", name="not in the index").click()
    chips = page.locator(".mf-chip")
    expect(chips).to_have_count(2)
    page.locator("summary", has_text="Views").click()
    page.get_by_label("Name of the new view").fill("Blue, not added")
    page.get_by_role("button", name="Save as a new view").click()
    expect(page.locator("summary", has_text="Blue, not added")).to_be_visible()
    page.locator(".mf-chip", has_text="Search").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Clear all").click()
    expect(chips).to_have_count(0)
    page.locator("summary", has_text="Blue, not added").click()
    page.get_by_role("link", name="Blue, not added").click()
    expect(chips).to_have_count(2)
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.locator("summary", has_text="Blue, not added").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Save as a new view")).to_be_hidden()


def test_enter_in_the_name_of_a_view_renames_it(page: Page, live_server: LiveServer, staff: User) -> None:
    view = SavedView.objects.create(owner=staff, table="catalog.track", name="Blue", columns=[], sorting=[])
    page.goto(f"{live_server.url}/admin/catalog/track/?view={view.pk}")
    page.locator("summary", has_text="Blue").click()
    page.get_by_label("New name").fill("Azure")
    page.get_by_label("New name").press("Enter")
    expect(page.locator("summary", has_text="Azure")).to_be_visible()
    assert not ListChoice.objects.filter(view=view).exists()


def test_a_typed_filter_keeps_the_others(page: Page, live_server: LiveServer, pair: Match) -> None:
    page.goto(live_server.url + "/admin/catalog/match/?q=battle")
    page.locator("summary", has_text="Filter").click()
    page.locator("[name=score_from]").fill("100")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".mf-chip")).to_have_count(2)
    expect(page.get_by_text("No results")).to_be_visible()


def test_the_menus_are_read_by_anybody(page: Page, live_server: LiveServer, pair: Match) -> None:
    barred: list[str] = []
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(live_server.url + "/admin/catalog/track/?indexed=no")
        for menu in ("Filter", "Views", "Columns"):
            page.locator("summary", has_text=menu).click()
            assert page.evaluate(WIDER) <= 1, (menu, width)
            page.evaluate(AXE)
            barred += [f"{menu}: {words}" for words in violations(page)]
            page.evaluate(DARK)
            barred += [f"{menu}, dark: {words}" for words in violations(page, *OF_COLOURS)]
            page.evaluate("document.documentElement.classList.remove('dark', 'dark-mode')")
            page.keyboard.press("Escape")
    assert not barred, "\n".join(barred)


def test_rows_play_one_at_a_time_and_ask_for_nothing_before(
    page: Page, live_server: LiveServer, pair: Match, watch: Any
) -> None:
    page.goto(live_server.url + "/admin/catalog/match/")
    first, second = page.locator(".mf-listen").nth(0), page.locator(".mf-listen").nth(1)
    expect(first).to_have_accessible_name("Play Battle (upload)")
    assert not [url for url in watch.requested if "/catalog/audio/" in url]
    first.focus()
    page.keyboard.press("Enter")
    expect(first).to_have_attribute("aria-pressed", "true")
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    expect(first).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Space")
    expect(second).to_have_attribute("aria-pressed", "false")
    heard = {url for url in watch.requested if "/catalog/audio/" in url}
    assert heard == {
        f"{live_server.url}/catalog/audio/{track.music_id}/" for track in (pair.query_track, pair.reference_track)
    }


def test_who_may_not_listen_has_no_buttons_and_what_is_broken_says_so(
    page: Page, browser: Browser, live_server: LiveServer, pair: Match, add_track: Callable[..., Track], watch: Any
) -> None:
    watch.expect("404")
    Track.objects.filter(pk=pair.query_track_id).update(music_id="00000000-0000-4000-8000-000000000007")
    page.goto(live_server.url + "/admin/catalog/track/")
    Track.objects.filter(pk=pair.query_track_id).update(music_id=pair.query_track.music_id)
    button = page.locator('[data-listen*="00000000-0000-4000-8000-000000000007"]')
    button.click()
    expect(page.locator("[data-listen-told]")).to_have_text("This recording could not be played.")
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([session_of(User.objects.get(username="staff"), live_server)])
    quiet = context.new_page()
    quiet.goto(live_server.url + "/admin/catalog/track/")
    expect(quiet.locator(".mf-listen").first).to_be_hidden()
    context.close()
