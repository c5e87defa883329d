"""The same bytes uploaded again: said as the same file, and not reviewed again where the family was decided."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from catalog.models import Decision, Job, Match, Track
from catalog.selectors import review
from catalog.services.decisions import decide, undo
from catalog.services.tasks import work
from catalog.services.tasks.accepting import accept_job
from tests.rows import make_copy, make_track


@pytest.fixture
def family(owner: User, staff: User) -> list[Track]:
    """A recording and three copies of it, all decided."""
    first, *copies = (make_track(owner, title=f"Copy {number}") for number in range(4))
    for copy in copies:
        make_copy(copy, first)
        decide(one=copy, other=first, verdict="same", keeper=first, decided_by=staff)
    return [first, *copies]


def again(track: Track, family: list[Track]) -> Track:
    """Upload a track's bytes again, and check them: all of the family is found."""
    new = make_track(track.owner, title="Again", audio_file=track.audio_file)
    for other in family:
        make_copy(new, other, relation="identical" if other == track else "same")
    return new


def test_only_the_same_file_waits(family: list[Track]) -> None:
    new = again(family[0], family)
    assert review.next_pairs(limit=10) == [(family[0].pk, new.pk)], "and not four pairs"
    assert review.open_count() == 1


def test_the_pair_page_says_so(family: list[Track], desk: Client) -> None:
    new = again(family[0], family)
    page = desk.get(f"/catalog/review/{family[0].pk}/{new.pk}/").content.decode()
    assert "The same file as “Copy 0”" in page
    page = desk.get(f"/catalog/review/{family[1].pk}/{new.pk}/").content.decode()
    assert "decided about the same files" in page
    assert "the same recording" in page


def test_an_own_decision_goes_before(family: list[Track], staff: User, desk: Client) -> None:
    new = again(family[0], family)
    decide(one=new, other=family[1], verdict="different", keeper=None, decided_by=staff)
    page = desk.get(f"/catalog/review/{family[1].pk}/{new.pk}/").content.decode()
    assert "decided about the same files" not in page
    assert "not a duplicate" in page


def test_undone_it_waits_again(family: list[Track]) -> None:
    new = again(family[0], family)
    undo(decision=Decision.objects.get(second_track=family[1]))
    waiting = review.next_pairs(limit=10)
    assert (family[1].pk, new.pk) in waiting
    assert (family[2].pk, new.pk) not in waiting


def test_a_third_time_nothing_waits(family: list[Track], staff: User) -> None:
    new = again(family[0], family)
    decide(one=new, other=family[0], verdict="same", keeper=family[0], decided_by=staff)
    third = again(family[0], family)
    make_copy(third, new, relation="identical")
    assert review.open_count() == 0


def test_tracks_without_a_file_inherit_nothing(owner: User, staff: User) -> None:
    one, other, new = (make_track(owner, audio_file=None) for _ in range(3))
    make_copy(one, other)
    decide(one=one, other=other, verdict="different", keeper=None, decided_by=staff)
    make_copy(new, other)
    assert review.open_count() == 1


@pytest.mark.slow
def test_really_uploaded_again(add_track: Callable[..., Track], battle: Path, desk: Client, staff: User) -> None:
    def do(track: Track, name: str) -> None:
        work.run(accept_job(track=track, owner=track.owner, task_name=name).pk)

    first = add_track(battle)
    do(first, Job.Name.ADD)
    new = add_track(battle)
    do(new, Job.Name.CHECK)
    match = Match.objects.get()
    assert (match.relation, match.verdict) == ("identical", "duplicate")
    page = desk.get("/catalog/review/").content.decode()
    assert "The same file as “battle-music”." in page
