"""What staff see of a track that a client made the fingerprint of: that there is no audio, and whether it counts."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import ClientFingerprint, Match, Track
from catalog.presentation.comparison import comparison_of
from catalog.selectors.groups import group_ids
from catalog.selectors.keeper import suggest_keeper
from catalog.selectors.review import on_review
from catalog.services.tracks.client_fingerprints import add_client_track
from staff.models import AuditEntry
from tests.indexed import fingerprint_at, index_recording
from tests.rows import make_copy, make_match, make_track
from tests.some import some

BADGE = "fingerprint by the client, not confirmed"
TRACKS = "/admin/catalog/track/"


@pytest.fixture
def made(owner: User, battle: Path) -> Track:
    """A track without audio."""
    return add_client_track(owner=owner, data=fingerprint_at(battle).to_bytes(), title="From home")


def page(client: Client, path: str) -> str:
    """Return a page's text."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_its_own_page_says_so_and_has_no_player(desk: Client, made: Track) -> None:
    text = page(desk, made.get_absolute_url())
    assert BADGE in text
    assert "nobody here heard the recording" in text
    assert "0:30, as the client says" in text.replace("\n", "")
    for absent in ("data-single", "Download", "No fingerprint yet", "was deleted"):
        assert absent not in text
    for what in ("", "peaks/", "spectrogram.png", "telling.svg"):
        assert desk.get(f"/catalog/audio/{made.music_id}/{what}").status_code == 404


@pytest.mark.slow
def test_lists_and_the_export_say_so(desk: Client, owner: User, made: Track) -> None:
    make_match(make_track(owner, title="Query"), made)
    for path in (TRACKS, "/admin/catalog/match/"):
        assert BADGE in page(desk, path)
    assert "0:30" in page(desk, TRACKS)
    exported = b"".join(desk.get(f"{TRACKS}export/").streaming_content).decode()
    assert "made by the client, not confirmed" in exported


@pytest.mark.slow
@pytest.mark.parametrize("path", [TRACKS, "/admin/catalog/match/", "/admin/catalog/job/"])
def test_lists_ask_no_more_for_more_of_them(desk: Client, owner: User, battle: Path, path: str) -> None:
    counts = []
    for count in (2, 6):
        for _ in range(count):
            data = fingerprint_at(battle).to_bytes()
            make_match(make_track(owner), add_client_track(owner=owner, data=data, title="x"))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page(desk, path)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert not any("client_fingerprint" in query["sql"] and '."data"' in query["sql"] for query in some(queries))


@pytest.mark.slow
def test_filters_find_them(desk: Client, owner: User, made: Track) -> None:
    make_track(owner, title="Heard")
    for value, shown in (("unconfirmed", True), ("confirmed", False), ("outdated", False)):
        text = page(desk, f"{TRACKS}?fingerprint={value}")
        assert ("From home" in text) is shown
        assert "Heard" not in text
    ClientFingerprint.objects.update(version="1")
    assert "fingerprint outdated" in page(desk, f"{TRACKS}?fingerprint=outdated")
    assert "This fingerprint is outdated" in page(desk, made.get_absolute_url())


def test_the_pair_page_plays_what_there_is(desk: Client, owner: User, made: Track, battle: Path) -> None:
    heard = index_recording(owner, battle)
    match = make_match(made, heard)
    text = page(desk, f"/catalog/review/{min(made.pk, heard.pk)}/{max(made.pk, heard.pk)}/")
    assert "nobody here heard the recording" in text
    assert "Its audio was deleted" not in text
    assert text.count('<canvas class="mf-wave"') == 1
    shown = comparison_of(on_review(match))
    assert (shown.player["a"], shown.player["b"]["duration_s"]) == (None, heard.length_s)
    assert suggest_keeper(match).reasons == ["the other has no audio"]
    assert suggest_keeper(match).side == "b"


def test_it_joins_no_group_until_it_is_confirmed(desk: Client, owner: User, made: Track) -> None:
    """One that matches everything would join everything, and one decision would be about all of it."""
    one, other = make_track(owner), make_track(owner)
    for track in (one, other):
        make_copy(made, track)
    assert group_ids(made.pk) == [made.pk]
    assert desk.post(f"{TRACKS}{made.pk}/confirm/").status_code == 302
    assert group_ids(made.pk) == [made.pk, one.pk, other.pk]


@pytest.mark.slow
def test_staff_confirm_and_withdraw_on_the_record(desk: Client, reading_desk: Client, made: Track) -> None:
    for verb in ("confirm", "withdraw"):
        assert reading_desk.post(f"{TRACKS}{made.pk}/{verb}/").status_code == 403
    assert "Confirm the fingerprint" in page(desk, made.get_absolute_url())
    assert "Confirm the fingerprint" not in page(reading_desk, made.get_absolute_url())
    desk.post(f"{TRACKS}{made.pk}/confirm/")
    assert "Staff confirmed it" in page(desk, made.get_absolute_url())
    desk.post(f"{TRACKS}{made.pk}/withdraw/")
    assert BADGE in page(desk, made.get_absolute_url())
    acts = AuditEntry.objects.filter(object_key=str(made.pk)).values_list("act", flat=True)
    assert {act.rsplit(".", 1)[-1] for act in acts} >= {"confirm", "withdraw"}, list(acts)


def test_staff_confirm_many_at_once(desk: Client, made: Track) -> None:
    form = {"action": "confirm_selected", "_selected_action": [made.pk]}
    assert desk.post(TRACKS, form).status_code == 302
    assert ClientFingerprint.objects.get().confirmed_at


def test_its_task_says_so(desk: Client, made: Track) -> None:
    match = make_match(made, make_track(made.owner))
    assert BADGE in page(desk, f"/admin/catalog/job/{match.job_id}/change/")
    assert Match.objects.count() == 1
