"""Many pairs decided at once lead to one track to keep of each recording, whatever each pair's own proposal is."""

from itertools import combinations

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Decision, Track
from catalog.selectors.copies_to_remove import copies_to_remove, ids_to_remove
from catalog.selectors.keeper import suggest_keeper
from catalog.selectors.one_keeper import agreed, kept_instead
from catalog.services.bulk_decisions import keep_instead
from catalog.services.decisions import decide, undo
from catalog.services.tracks.removal import remove_track
from tests.beside import Beside, ended_or_waits
from tests.catalog.admin.test_waiting_pairs import BULK
from tests.catalog.admin.test_waiting_pairs import agreed as agreed_to
from tests.rows import make_audio_file, make_copy, make_track

pytestmark = pytest.mark.django_db


@pytest.fixture
def circle(owner: User) -> list[Track]:
    """Three copies of which each is proposed over another: an MP3, a FLAC that was made of it, and a larger MP3."""
    kinds = [("mp3", 112_000), ("flac", 700_000), ("mp3", 128_000)]
    tracks = [make_track(owner, audio_file=make_audio_file(codec=codec, bit_rate=rate)) for codec, rate in kinds]
    matches = [make_copy(later, earlier) for earlier, later in combinations(tracks, 2)]
    kept = [{"a": match.query_track, "b": match.reference_track}[suggest_keeper(match).side] for match in matches]
    assert kept == [tracks[0], tracks[2], tracks[1]]
    return tracks


def losers() -> list[tuple[Track, Track | None]]:
    """Return what is to be removed, with what is to be kept instead."""
    return [(row.track, row.keeper) for row in copies_to_remove(list(ids_to_remove()))]


def test_pairs_that_are_decided_together_lead_to_one_track(desk: Client, circle: list[Track]) -> None:
    page = desk.get(f"{BULK}?preset=same").content.decode()
    assert "Decide about 3 pairs" in page
    assert "1 of these pairs keeps" in " ".join(page.split())
    agreed_to(desk, page)
    first, *others = circle
    assert losers() == [(other, first) for other in others]


def test_the_choice_of_a_person_comes_first(circle: list[Track], staff: User) -> None:
    first, flac, large = circle
    decide(one=first, other=flac, verdict="same", keeper=flac, decided_by=staff)
    kept = agreed({(first.pk, large.pk): large.pk, (flac.pk, large.pk): flac.pk})
    assert kept == {(first.pk, large.pk): large.pk, (flac.pk, large.pk): flac.pk}, "they lead to one track already"
    kept = agreed({(first.pk, large.pk): large.pk})
    assert kept == {(first.pk, large.pk): first.pk}, "the flac that somebody chose is two pairs from the large one"


def test_proposals_that_agree_are_left_alone() -> None:
    proposed = {(1, 2): 2, (2, 3): 2, (4, 5): 4, (5, 6): 5}
    assert agreed(proposed) == proposed


def test_two_that_nothing_beats_become_one() -> None:
    assert agreed({(1, 3): 1, (2, 3): 2}) == {(1, 3): 1, (2, 3): 3}


def test_ten_thousand_pairs_take_a_few_queries(staff: User) -> None:
    pairs = {(number, number + 1): number for number in range(1, 20_001, 2)}
    with CaptureQueriesContext(connection) as queries:
        assert agreed(pairs) == pairs
    assert len(queries) == 20
    assert not Decision.objects.exists()


def test_a_preview_says_that_some_differ_in_more_than_the_sound(desk: Client, owner: User, outsider: User) -> None:
    make_copy(make_track(owner), make_track(outsider))
    make_copy(make_track(owner), make_track(owner))
    page = " ".join(desk.get(f"{BULK}?preset=same").content.decode().split())
    assert "In 1 of them ISRC, artist or account differ." in page


@pytest.fixture
def contradictory(circle: list[Track], staff: User) -> list[Track]:
    """The three copies as somebody decided about each two of them: none is the one to keep."""
    first, flac, large = circle
    for kept, lost in ((first, flac), (flac, large), (large, first)):
        decide(one=kept, other=lost, verdict="same", keeper=kept, decided_by=staff)
    assert {keeper for _, keeper in losers()} == {None}
    return circle


def test_decisions_that_contradict_each_other_are_settled_by_a_choice(desk: Client, contradictory: list[Track]) -> None:
    first, flac, large = contradictory
    assert f"{flac.get_absolute_url()}#track-family" in desk.get("/catalog/copies-to-remove/").content.decode()
    page = desk.get(flac.get_absolute_url()).content.decode()
    assert "no copy is the one to keep" in page
    assert page.count(">Keep this one<") == 3
    answer = desk.post(f"/admin/catalog/track/{flac.pk}/keep/", follow=True).content.decode()
    assert "1 decision changed" in answer
    assert "no copy is the one to keep" not in answer
    assert losers() == [(first, flac), (large, flac)]
    assert (
        "It is the one to keep already."
        in desk.post(f"/admin/catalog/track/{flac.pk}/keep/", follow=True).content.decode()
    )
    assert Decision.objects.filter(undone_at=None).count() == 3


def test_a_copy_that_was_never_compared_with_the_chosen_one_gives_way_too(owner: User, staff: User) -> None:
    a, b, c, alone = (make_track(owner) for _ in range(4))
    decide(one=a, other=b, verdict="same", keeper=a, decided_by=staff)
    decide(one=b, other=c, verdict="same", keeper=c, decided_by=staff)
    decide(one=c, other=alone, verdict="version", keeper=None, decided_by=staff)
    assert kept_instead(a.pk) == {(b.pk, c.pk): b.pk}
    assert kept_instead(b.pk) == {(a.pk, b.pk): b.pk, (b.pk, c.pk): b.pk}
    assert kept_instead(alone.pk) == {}


def test_a_removed_track_is_not_the_one_to_keep(desk: Client, contradictory: list[Track]) -> None:
    remove_track(track=contradictory[1])
    page = desk.post(f"/admin/catalog/track/{contradictory[1].pk}/keep/", follow=True).content.decode()
    assert "cannot be the one to keep" in page
    assert not Decision.objects.exclude(undone_at=None).exists()


def test_versions_alone_contradict_nothing(desk: Client, owner: User, staff: User) -> None:
    one, other = make_track(owner), make_track(owner)
    decide(one=one, other=other, verdict="version", keeper=None, decided_by=staff)
    page = desk.get(one.get_absolute_url()).content.decode()
    assert "another version" in page
    assert "no copy is the one to keep" not in page
    assert "Keep this one" not in page


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one transaction write at a time")
def test_what_is_undone_at_that_moment_is_not_decided_again(owner: User, staff: User) -> None:
    a, b = make_track(owner), make_track(owner)
    made = decide(one=a, other=b, verdict="same", keeper=a, decided_by=staff)
    with transaction.atomic():
        undo(decision=made)
        other = Beside(lambda: keep_instead(keepers={(a.pk, b.pk): b.pk}, decided_by=staff))
        ended_or_waits(other)
    other.end()
    assert not Decision.objects.filter(undone_at=None).exists()
