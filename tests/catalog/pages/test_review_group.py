"""Groups of copies: who belongs together, what follows from what a person says, and one undo for all of it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from catalog.models import Decision, Match, Track
from catalog.selectors import review
from catalog.selectors.groups import MOST_TRACKS, group_of
from catalog.selectors.keeper import suggest_of
from catalog.services.decisions import decide, decide_group
from catalog.services.errors import CatalogError
from tests.rows import make_audio_file, make_copy, make_match, make_track


@pytest.fixture
def copies(owner: User) -> list[Track]:
    """A recording with three copies, two of which were found in each other too, and a stranger pair beside them."""
    tracks = [make_track(owner, title=f"Copy {number}") for number in range(4)]
    for one, other in ((1, 0), (2, 0), (3, 2), (3, 0)):
        make_copy(tracks[one], tracks[other])
    make_match(make_track(owner, title="Stranger"), make_track(owner))
    return tracks


def page_of(track: Track) -> str:
    """Return the address of a track's group."""
    return reverse("catalog:review_group", args=[track.pk])


def say(client: Client, track: Track, keeper: Track, **kinds: str) -> str:
    """Send the form and return the page that follows."""
    address = reverse("catalog:review_group_decide", args=[track.pk])
    values: dict[str, Any] = {"keeper": keeper.pk} | {name.replace("_", "-"): kind for name, kind in kinds.items()}
    return client.post(address, values, follow=True).content.decode()


def kinds(tracks: list[Track], *values: str) -> dict[str, str]:
    """Return the form's values for some tracks."""
    return {f"kind_{track.pk}": value for track, value in zip(tracks, values, strict=True)}


def verdicts() -> dict[tuple[int, int], tuple[str, int | None]]:
    """Return the standing decisions."""
    standing = Decision.objects.filter(undone_at=None)
    return {(row.first_track_id, row.second_track_id): (row.verdict, row.keeper_id) for row in standing}


def test_a_group_is_what_waiting_pairs_join_to_its_reference(copies: list[Track]) -> None:
    found = group_of(copies[0].pk)
    assert found.tracks == copies
    assert len(found.matches) == 4
    assert not found.is_cut
    assert group_of(copies[1].pk).tracks == [copies[1], copies[0]], "the others were not found in this one"


def test_decided_pairs_and_parts_join_nothing(copies: list[Track], staff: User) -> None:
    decide(one=copies[0], other=copies[3], verdict="different", keeper=None, decided_by=staff)
    Match.objects.filter(query_track=copies[2]).update(verdict="contains", relation="overlap")
    assert group_of(copies[0].pk).tracks == copies[:2]
    Track.objects.filter(pk=copies[1].pk).update(removed_at=timezone.now(), audio_file=None)
    assert group_of(copies[0].pk).tracks == []


def test_a_large_group_is_cut(owner: User) -> None:
    first = make_track(owner)
    for _ in range(MOST_TRACKS + 5):
        make_copy(make_track(owner), first)
    found = group_of(first.pk)
    assert len(found.tracks) == MOST_TRACKS
    assert found.is_cut


def test_the_pair_page_leads_there(desk: Client, copies: list[Track]) -> None:
    page = desk.get("/catalog/review/").content.decode()
    assert "4 copies of this recording" in page
    assert page_of(copies[0]) in page, "the larger one of both groups"


def test_a_pair_alone_is_no_group(desk: Client, owner: User) -> None:
    make_match(make_track(owner), make_track(owner))
    assert "copies of this recording" not in desk.get("/catalog/review/").content.decode()


def test_page(desk: Client, copies: list[Track]) -> None:
    page = desk.get(page_of(copies[0])).content.decode()
    assert "4 copies of one recording" in page
    for track in copies:
        assert track.title in page
        assert reverse("catalog:audio", args=[track.music_id]) in page
    assert "Stranger" not in page
    assert page.count("suggested") == 1
    assert "4 of 5 waiting pairs" in page


def test_all_the_same(desk: Client, copies: list[Track], staff: User) -> None:
    first, *others = copies
    page = say(desk, first, first, **kinds(others, "same", "same", "same"))
    assert "4 pairs decided together" in page
    assert f"pk__in={others[0].pk},{others[1].pk},{others[2].pk}" in page
    assert verdicts() == {
        (copies[0].pk, copies[1].pk): ("same", first.pk),
        (copies[0].pk, copies[2].pk): ("same", first.pk),
        (copies[2].pk, copies[3].pk): ("same", None),
        (copies[0].pk, copies[3].pk): ("same", first.pk),
    }
    assert set(Decision.objects.values_list("decided_by", flat=True)) == {staff.pk}
    assert review.open_count() == 1
    assert Track.objects.present().count() == 6, "nothing is removed"


def test_only_what_follows_is_stored(desk: Client, copies: list[Track]) -> None:
    say(desk, copies[0], copies[0], **kinds(copies[1:], "same", "version", "different"))
    assert verdicts() == {
        (copies[0].pk, copies[1].pk): ("same", copies[0].pk),
        (copies[0].pk, copies[2].pk): ("version", None),
        (copies[0].pk, copies[3].pk): ("different", None),
    }, "whether a version and a stranger are the same does not follow"


def test_left_for_later(desk: Client, copies: list[Track]) -> None:
    say(desk, copies[0], copies[0], **kinds(copies[1:], "same", "later", "nonsense"))
    assert list(verdicts()) == [(copies[0].pk, copies[1].pk)]
    page = say(desk, copies[0], copies[0], **kinds(copies[2:], "later", "later"))
    assert "Nothing was stored" in page


def test_one_undo_takes_all_back(desk: Client, copies: list[Track]) -> None:
    say(desk, copies[0], copies[0], **kinds(copies[1:], "same", "same", "same"))
    assert desk.session["review"]["done"] == 4
    undone = reverse("catalog:review_undo", args=[Decision.objects.latest("pk").pk])
    page = desk.post(undone, follow=True).content.decode()
    assert "4 decisions made together" in page
    assert "4 copies of one recording" in page
    assert verdicts() == {}
    assert desk.session["review"]["done"] == 0


def test_sent_twice(desk: Client, copies: list[Track]) -> None:
    for _ in range(2):
        page = say(desk, copies[0], copies[0], **kinds(copies[1:], "same", "same", "same"))
    assert "No undecided pairs are left" in page
    assert Decision.objects.count() == 4


def test_somebody_was_faster_with_one_pair(copies: list[Track], staff: User, owner: User) -> None:
    found = group_of(copies[0].pk)
    decide(one=copies[0], other=copies[1], verdict="version", keeper=None, decided_by=owner)
    said = dict.fromkeys((track.pk for track in copies[1:]), "same")
    with pytest.raises(CatalogError, match="just decided"):
        decide_group(kinds=said, keeper=copies[0], pairs=found.matches, decided_by=staff)
    assert Decision.objects.count() == 1, "all of it or nothing"


def test_a_track_removed_meanwhile(copies: list[Track], staff: User) -> None:
    found = group_of(copies[0].pk)
    Track.objects.filter(pk=copies[3].pk).update(removed_at=timezone.now(), audio_file=None)
    said = dict.fromkeys((track.pk for track in copies[1:]), "same")
    with pytest.raises(CatalogError, match="removed"):
        decide_group(kinds=said, keeper=copies[0], pairs=found.matches, decided_by=staff)
    assert not Decision.objects.exists()


@pytest.mark.slow
@pytest.mark.parametrize("keeper", ["", "x", "9" * 30, "²"])
def test_no_keeper(desk: Client, copies: list[Track], keeper: str) -> None:
    address = reverse("catalog:review_group_decide", args=[copies[0].pk])
    assert "Choose which" in desk.post(address, {"keeper": keeper}, follow=True).content.decode()
    assert not Decision.objects.exists()


def test_suggested_is_the_best_against_most(owner: User) -> None:
    poor = make_track(owner, audio_file=make_audio_file(cutoff_hz=16_000))
    lossless = make_track(owner, audio_file=make_audio_file(codec="flac", cutoff_hz=22_050))
    short = make_track(owner, audio_file=make_audio_file(duration_s=10.0, cutoff_hz=16_000))
    make_copy(poor, lossless)
    make_copy(short, lossless, relation="excerpt", reference_coverage=0.3)
    best, reasons = suggest_of(group_of(lossless.pk))
    assert best == lossless
    assert reasons == "better than each track that it was compared with"


def test_readers_see_and_decide_nothing(reading_desk: Client, copies: list[Track]) -> None:
    assert "4 copies" in reading_desk.get(page_of(copies[0])).content.decode()
    address = reverse("catalog:review_group_decide", args=[copies[0].pk])
    assert reading_desk.post(address, {"keeper": copies[0].pk}).status_code == 403


def test_refused(client: Client, outsider_desk: Client, copies: list[Track]) -> None:
    assert client.get(page_of(copies[0]))["Location"].startswith("/admin/login/")
    assert outsider_desk.get(page_of(copies[0])).status_code == 403


@pytest.mark.slow
def test_no_query_for_each_row(desk: Client, owner: User) -> None:
    first = make_track(owner)

    def count() -> int:
        make_copy(make_track(owner), first)
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(page_of(first)).status_code == 200
        return len(queries)

    count()
    with_two = count()
    assert [count() for _ in range(4)] == [with_two] * 4


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_files_that_were_not_measured_are_queued_in_one_statement(desk: Client, owner: User) -> None:
    tracks = [make_track(owner, audio_file=make_audio_file(cutoff_hz=None)) for _ in range(5)]
    for copy in tracks[1:]:
        make_copy(copy, tracks[0])
    before = OrmQ.objects.count()
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(page_of(tracks[0])).status_code == 200
    assert OrmQ.objects.count() == before + 5
    # On PostgreSQL what is sent along with another statement is not told of.
    assert sum("INSERT INTO django_q_ormq" in query["sql"] for query in queries) <= 1
