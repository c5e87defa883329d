"""A recording with its copies and versions, as staff decided; what is settled is no longer red."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Decision, Track
from catalog.services.decisions import decide, undo
from catalog.services.tracks.families import families_of, members_of
from catalog.services.tracks.removal import remove_track
from tests.rows import make_copy, make_track

pytestmark = pytest.mark.django_db


def same(one: Track, other: Track, staff: User) -> Decision:
    """Decide that two tracks are one recording, and keep the first."""
    return decide(one=one, other=other, verdict="same", keeper=one, decided_by=staff)


def row_of(desk: Client, track: Track) -> str:
    """Return the words of a track's row in the list."""
    page = desk.get("/admin/catalog/track/?q=" + str(track.music_id)).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.index("<tbody") : page.index("</table>")]))


def test_copies_join_over_steps_and_versions_hang_on_them(owner: User, staff: User) -> None:
    best, good, poor, live, alone = (make_track(owner) for _ in range(5))
    same(best, good, staff)
    same(good, poor, staff)
    decide(one=poor, other=live, verdict="version", keeper=None, decided_by=staff)
    decide(one=live, other=alone, verdict="different", keeper=None, decided_by=staff)
    families = families_of([track.pk for track in (best, poor, live, alone)])
    assert set(families) == {best.pk, poor.pk, live.pk}
    for pk in (best.pk, poor.pk):
        assert families[pk].copies == {best.pk, good.pk, poor.pk}
        assert families[pk].versions == {live.pk}
        assert families[pk].keeper == best.pk
    assert [(member.track, member.role) for member in members_of(poor.pk)] == [
        (best, "kept"), (good, "copy"), (poor, "copy"), (live, "version"),
    ]  # fmt: skip


def test_decisions_that_contradict_each_other_name_no_keeper(owner: User, staff: User) -> None:
    a, b, c = (make_track(owner) for _ in range(3))
    for winner, copy in ((a, b), (b, c), (c, a)):
        same(winner, copy, staff)
    assert families_of([a.pk])[a.pk].keeper is None


@pytest.mark.slow
def test_list_and_page_show_the_family(desk: Client, owner: User, staff: User) -> None:
    best, copy, live = make_track(owner, title="The best"), make_track(owner), make_track(owner)
    decision = same(best, copy, staff)
    decide(one=best, other=live, verdict="version", keeper=None, decided_by=staff)
    assert "the one to keep" in row_of(desk, best)
    assert "1 other copy, 1 version" in row_of(desk, best)
    assert "copy of The best" in row_of(desk, copy)
    page = desk.get(copy.get_absolute_url()).content.decode()
    assert "(this track)" in page
    assert "another version" in page
    undo(decision=decision)
    assert "copy of" not in row_of(desk, copy)
    remove_track(track=live)
    assert "1 version" not in row_of(desk, best)


@pytest.mark.slow
def test_what_is_settled_is_no_longer_red(desk: Client, owner: User, staff: User) -> None:
    copy, original = make_track(owner), make_track(owner)
    make_copy(copy, original)
    assert "mf-badge mf-bad" in desk.get(copy.get_absolute_url()).content.decode()
    assert "duplicate, settled" not in row_of(desk, copy)
    assert copy.title in desk.get("/admin/catalog/track/?checked=open").content.decode()
    same(original, copy, staff)
    assert "duplicate, settled" in row_of(desk, copy)
    assert "mf-badge mf-bad" not in desk.get(copy.get_absolute_url()).content.decode()
    assert copy.title in desk.get("/admin/catalog/track/?checked=settled").content.decode()
    assert copy.title not in desk.get("/admin/catalog/track/?checked=open").content.decode()


@pytest.mark.slow
def test_a_family_of_three_hundred_is_shown_whole(desk: Client, owner: User, staff: User) -> None:
    best, *copies = (make_track(owner, title=f"Copy {number}") for number in range(300))
    Decision.objects.bulk_create(
        Decision(first_track=best, second_track=copy, verdict="same", keeper=best, decided_by=staff) for copy in copies
    )
    with CaptureQueriesContext(connection) as queries:
        assert len(members_of(copies[7].pk)) == 300
    assert len(queries) <= 5
    page = desk.get(copies[7].get_absolute_url()).content.decode()
    assert page.count("a copy</span>") == 299
    assert "Show 275 more" in page
    with CaptureQueriesContext(connection) as queries:
        listed = desk.get("/admin/catalog/track/").content.decode()
    assert "299 other copies" in listed
    assert len(queries) < 20
