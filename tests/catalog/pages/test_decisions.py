"""The decision service: one standing word a pair, whoever speaks at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from catalog.models import Decision, Track
from catalog.selectors.review import ordered
from catalog.services.bulk_decisions import decide_many
from catalog.services.decisions import AlreadyDecidedError, decide, undo
from catalog.services.errors import TrackGoneError
from tests.rows import make_copy, make_track
from tests.some import some

PEOPLE = 6


@pytest.fixture
def tracks(owner: User) -> tuple[Track, Track]:
    """Two tracks."""
    return make_track(owner), make_track(owner)


def test_order_does_not_matter(tracks: tuple[Track, Track], owner: User) -> None:
    one, other = tracks
    first = decide(one=other, other=one, verdict="different", keeper=None, decided_by=owner)
    assert (first.first_track, first.second_track) == (one, other)
    assert decide(one=one, other=other, verdict="different", keeper=None, decided_by=owner) == first


@pytest.mark.parametrize("verdict", ["version", "different"])
def test_keeper_goes_with_the_same_recording_only(tracks: tuple[Track, Track], owner: User, verdict: str) -> None:
    one, other = tracks
    with pytest.raises(ValueError, match="track to keep"):
        decide(one=one, other=other, verdict=verdict, keeper=one, decided_by=owner)


def test_keeper_is_one_of_the_two(tracks: tuple[Track, Track], owner: User) -> None:
    one, other = tracks
    with pytest.raises(ValueError, match="track to keep"):
        decide(one=one, other=other, verdict="same", keeper=make_track(owner), decided_by=owner)


def test_replacing_needs_the_standing_decision(tracks: tuple[Track, Track], owner: User, staff: User) -> None:
    one, other = tracks
    standing = decide(one=one, other=other, verdict="different", keeper=None, decided_by=owner)
    with pytest.raises(AlreadyDecidedError) as refused:
        decide(one=one, other=other, verdict="same", keeper=one, decided_by=staff, replaces=standing.pk + 1)
    assert refused.value.decision == standing
    assert Decision.objects.filter(undone_at=None).get() == standing


def test_replacing_ends_no_decision_about_another_pair(tracks: tuple[Track, Track], owner: User, staff: User) -> None:
    one, other = tracks
    standing = decide(one=one, other=other, verdict="different", keeper=None, decided_by=owner)
    third = make_track(owner)
    decide(one=one, other=third, verdict="same", keeper=one, decided_by=staff, replaces=standing.pk)
    assert Decision.objects.filter(undone_at=None).count() == 2


def test_undone_once(tracks: tuple[Track, Track], owner: User) -> None:
    one, other = tracks
    decision = decide(one=one, other=other, verdict="different", keeper=None, decided_by=owner)
    assert undo(decision=decision)
    assert not undo(decision=decision)


@pytest.mark.django_db(transaction=True)
def test_one_of_many_at_the_same_moment(tracks: tuple[Track, Track]) -> None:
    one, other = tracks
    people = [User.objects.create_user(f"person-{number}") for number in range(PEOPLE)]
    together = Barrier(PEOPLE)

    def speak(person: User) -> str:
        together.wait()
        try:
            decide(one=one, other=other, verdict="different", keeper=None, decided_by=person)
        except AlreadyDecidedError as error:
            return f"after {error.decision.decided_by}"
        else:
            return "first"
        finally:
            connection.close()

    with ThreadPoolExecutor(PEOPLE) as pool:
        answers = list(pool.map(speak, people))
    standing = Decision.objects.get()
    assert sorted(answers) == sorted(["first"] + [f"after {standing.decided_by}"] * (PEOPLE - 1))


@pytest.mark.parametrize("gone", [0, 1])
def test_a_removed_track_leaves_nothing_to_decide(tracks: tuple[Track, Track], owner: User, gone: int) -> None:
    tracks[gone].removed_at = timezone.now()
    with pytest.raises(TrackGoneError):
        decide(one=tracks[0], other=tracks[1], verdict="different", keeper=None, decided_by=owner)
    assert not Decision.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_bulk_decisions_at_the_same_moment(owner: User) -> None:
    """Each pair has one word, somebody's, and everybody hears which of theirs were not stored."""
    matches = [make_copy(make_track(owner), make_track(owner)) for _ in range(20)]
    keepers = {ordered(match.query_track_id, match.reference_track_id): None for match in matches}
    people = [User.objects.create_user(f"person-{number}") for number in range(3)]
    together = Barrier(len(people))

    def speak(person: User) -> tuple[int, int, int]:
        together.wait()
        try:
            outcome = decide_many(verdict="different", keepers=keepers, decided_by=person)
        finally:
            connection.close()
        return outcome.stored, len(outcome.others), outcome.gone

    with ThreadPoolExecutor(len(people)) as pool:
        answers = list(pool.map(speak, people))
    assert sum(stored for stored, _, _ in answers) == Decision.objects.count() == 20
    assert all(stored + others == 20 and gone == 0 for stored, others, gone in some(answers))
