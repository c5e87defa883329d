"""Pairs that are more than "the same": uses, conflicts, the same file again; and many of them settled at once."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from catalog.models import Decision, Match, Track
from catalog.services.decisions import decide
from catalog.services.tracks.bulk_work import sweep_bulk_work
from tests.browser.watch import Watch
from tests.catalog.test_uses import make_mix
from tests.rows import make_copy, make_track

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def without_files(watch: Watch) -> None:
    """These rows have no files to play."""
    watch.expect("/catalog/audio/")


def standing() -> int:
    """Return how many decisions there are."""
    return Decision.objects.filter(undone_at=None).count()


def test_two_songs_of_one_mix_are_no_group_and_a_mix_no_copy(page: Page, live_server: LiveServer, owner: User) -> None:
    mix = make_mix(owner, 2, title="Podcast")
    match = Match.objects.latest("pk")
    Match.objects.update(relation="contains", verdict="duplicate")  # queued as a whole song in a longer recording is
    page.goto(f"{live_server.url}/catalog/review/{match.query_track_id}/{match.reference_track_id}/")
    expect(page.locator(".mf-sentence")).not_to_contain_text("same recording")
    expect(page.get_by_role("link", name="decide about all of them together")).to_have_count(0)
    bar = page.get_by_role("toolbar", name="Decision")
    bar.get_by_role("button", name="is used in").click()
    expect(page.get_by_text("1 decided")).to_be_visible()
    decision = Decision.objects.get()
    assert (decision.verdict, decision.keeper) == ("uses", None)
    page.goto(f"{live_server.url}/catalog/review/group/{mix.pk}/")
    expect(page.get_by_text("copies of one recording")).to_have_count(0)


def test_a_mix_is_found_from_the_overview_settled_and_exported(
    page: Page, live_server: LiveServer, owner: User
) -> None:
    mix = make_mix(owner, 4)
    page.goto(live_server.url + "/admin/")
    page.locator("#need-uses").click()
    page.get_by_role("link", name=mix.title).click()
    expect(page.locator(".mf-timeline .mf-use-open")).to_have_count(4)
    page.get_by_role("checkbox", name="Choose Song of the mix 1").check()
    page.get_by_role("button", name="The chosen are not in it").click()
    expect(page.locator(".mf-timeline .mf-use-open")).to_have_count(3)
    page.get_by_role("button", name="All 3 are used in it").click()
    expect(page.locator(".mf-timeline .mf-use-open")).to_have_count(0)
    for name, first in (("CSV", "song"), ("CUE sheet", "TITLE")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).click()
        text = Path(download.value.path()).read_text(encoding="utf-8-sig")
        assert first.casefold() in text.casefold()
        assert "Song of the mix 0" in text
        assert "Song of the mix 1" not in text
    page.get_by_role("button", name="Undo my last decisions").click()
    expect(page.locator(".mf-timeline .mf-use-open")).to_have_count(3)


def test_all_identical_are_accepted_after_a_preview_and_taken_back_at_once(
    page: Page, live_server: LiveServer, owner: User
) -> None:
    for number in range(5):
        relation = "identical" if number < 4 else "same"
        make_copy(make_track(owner, title=f"Again {number}"), make_track(owner), relation=relation)
    page.goto(live_server.url + "/admin/catalog/waitingpair/")
    expect(page.locator("#result_list tbody tr")).to_have_count(5)
    page.get_by_role("link", name="All identical").click()
    button = page.get_by_role("button", name="Decide about 4 pairs")
    expect(button).to_be_visible()
    assert standing() == 0, "a preview decides nothing"
    button.click()
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    assert standing() == 4
    page.get_by_role("button", name="Undo my last decision and those made with it").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(5)
    assert standing() == 0


def test_a_conflict_comes_first_with_its_reason(page: Page, live_server: LiveServer, owner: User) -> None:
    make_copy(make_track(owner, title="Plain"), make_track(owner))
    disguised = make_track(owner, title="Disguised", artist="Nobody")
    make_copy(disguised, make_track(owner, isrc="USABC1234567"), tempo_ratio=1.25, pitch_semitones=3.86)
    page.goto(live_server.url + "/admin/catalog/waitingpair/")
    first = page.locator("#result_list tbody tr").first
    for words in ("Disguised", "sped up 25 %", "other artist", "no ISRC"):
        expect(first).to_contain_text(words)
    page.goto(live_server.url + "/catalog/review/")
    expect(page.locator("[data-comparison]")).to_contain_text("Disguised")
    reason = "May pretend to be another recording: sped up 25 %, other artist, no ISRC."
    expect(page.get_by_text(reason)).to_be_visible()
    page.get_by_role("toolbar", name="Decision").get_by_role("button", name="Not a duplicate").click()
    expect(page.locator("[data-comparison]")).to_contain_text("Plain")
    expect(page.get_by_text("May pretend")).to_have_count(0)


def test_no_altered_track_is_proposed_to_be_kept(page: Page, live_server: LiveServer, owner: User) -> None:
    make_copy(make_track(owner, title="Slowed"), make_track(owner), tempo_ratio=0.9, pitch_semitones=-1.8)
    page.goto(live_server.url + "/catalog/review/")
    expect(page.get_by_text("No track is proposed to be kept: one of the two was altered")).to_be_visible()
    expect(page.get_by_role("toolbar", name="Decision").locator(".mf-primary")).to_have_count(0)


def test_the_same_file_again_is_one_pair_and_says_so(
    page: Page, live_server: LiveServer, owner: User, staff: User
) -> None:
    first, copy = make_track(owner, title="First"), make_track(owner, title="Copy")
    make_copy(copy, first)
    decide(one=copy, other=first, verdict="same", keeper=first, decided_by=staff)
    again = make_track(owner, title="Again", audio_file=first.audio_file)
    make_copy(again, first, relation="identical")
    make_copy(again, copy)
    page.goto(live_server.url + "/catalog/review/")
    expect(page.get_by_text("The same file as “First”").first).to_be_visible()
    expect(page.get_by_text("1 left")).to_be_visible()
    page.goto(f"{live_server.url}/catalog/review/{copy.pk}/{again.pk}/")
    expect(page.get_by_text("decided about the same files")).to_be_visible()


def test_copies_are_removed_with_what_they_know_and_brought_back(
    page: Page, live_server: LiveServer, owner: User, staff: User
) -> None:
    kept, lost = make_track(owner, title="Kept", isrc=""), make_track(owner, title="Lost", isrc="USABC1234567")
    make_copy(lost, kept)
    decide(one=lost, other=kept, verdict="same", keeper=kept, decided_by=staff)
    page.goto(live_server.url + "/catalog/copies-to-remove/")
    page.get_by_role("button", name="Remove all 1").click()
    expect(page.get_by_text("USABC1234567")).to_be_visible()
    page.get_by_role("button", name="Remove 1 track").click()
    page.wait_for_url("**/bulkwork/**")
    sweep_bulk_work()
    expect(page.get_by_role("status")).to_contain_text("1 of 1 track")
    kept.refresh_from_db()
    assert (kept.isrc, Track.objects.present().count()) == ("USABC1234567", 1)
    page.get_by_role("button", name="Restore them").click()
    sweep_bulk_work()
    expect(page.get_by_role("status")).to_contain_text("1 of 1 track")
    kept.refresh_from_db()
    assert (kept.isrc, Track.objects.present().count()) == ("", 2)


def test_a_note_and_a_second_opinion_stay_with_the_pair(page: Page, live_server: LiveServer, owner: User) -> None:
    match = make_copy(make_track(owner), make_track(owner))
    page.goto(f"{live_server.url}/catalog/review/{match.reference_track_id}/{match.query_track_id}/")
    page.get_by_label("A note about this pair").fill("bn: no key of this decides")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator(".mf-talk")).to_contain_text("bn: no key of this decides")
    page.get_by_role("button", name="Ask for a second opinion").click()
    expect(page.locator(".mf-talk")).to_contain_text("second opinion wanted")
    assert standing() == 0
