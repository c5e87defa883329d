"""Copies to remove say why the other track is kept: who decided it, and what the review would have proposed."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Decision, Match, Rule, Track
from catalog.selectors.copies_to_remove import CopyToRemove, copies_to_remove, ids_to_remove
from tests.catalog.test_families import same
from tests.rows import make_audio_file, make_copy, make_track

pytestmark = pytest.mark.django_db
PAGE = "/catalog/copies-to-remove/"
LIST_QUERIES, PREVIEW_QUERIES = 11, 10  # however many rows


@pytest.fixture
def better(owner: User) -> Track:
    """A lossless file with a full spectrum."""
    return make_track(owner, audio_file=make_audio_file(codec="flac", bit_rate=900_000, cutoff_hz=20_000))


@pytest.fixture
def poorer(owner: User) -> Track:
    """An MP3."""
    return make_track(owner)


def rows() -> list[CopyToRemove]:
    """Return what the page lists."""
    return copies_to_remove(list(ids_to_remove()))


def words_of(page: bytes) -> list[str]:
    """Return the words of each "why" on a page."""
    cells = re.findall(r'data-label="why">(.*?)</td>', page.decode(), re.DOTALL)
    texts = (re.sub(r"<[^>]+>", "", re.sub(r"<time.*?</time>", "then", cell)) for cell in cells)
    return [" ".join(unescape(text).split()) for text in texts]


def shown(desk: Client) -> list[str]:
    """Return the words of the list, which are the preview's too."""
    words = words_of(desk.get(PAGE).content)
    assert words_of(desk.post(f"{PAGE}remove/", {"which": "all"}).content) == words
    return words


def test_a_decision_as_proposed_shows_its_reasons(desk: Client, staff: User, better: Track, poorer: Track) -> None:
    make_copy(poorer, better, reference_coverage=0.9)
    same(better, poorer, staff)
    assert shown(desk) == [f"{staff.username} decided then. As proposed: lossless, longer."]


@pytest.mark.parametrize("kept_was_checked", [True, False])
def test_a_decision_against_the_proposal_says_so(
    desk: Client, staff: User, better: Track, poorer: Track, kept_was_checked: bool
) -> None:
    make_copy(*((poorer, better) if kept_was_checked else (better, poorer)))
    same(poorer, better, staff)
    assert shown(desk) == [f"{staff.username} decided then. Look again: the proposal was the other one: lossless."]
    assert [row.why.is_against for row in rows() if row.why] == [True]


def test_where_nothing_was_proposed_it_says_why(desk: Client, staff: User, better: Track, poorer: Track) -> None:
    make_copy(poorer, better, query_coverage=0.9)
    same(better, poorer, staff)
    assert shown(desk) == [
        f"{staff.username} decided then. No proposal: the kept one: lossless; the one to remove: longer."
    ]
    Match.objects.update(relation=Match.Relation.OVERLAP, verdict=Match.Verdict.CONTAINS)
    assert shown(desk) == [f"{staff.username} decided then. No proposal: each has something that the other lacks."]


def test_without_a_match_there_is_nothing_to_compare(desk: Client, staff: User, better: Track, poorer: Track) -> None:
    same(better, poorer, staff)
    assert shown(desk) == [f"{staff.username} decided then. No stored match compares the two."]


def test_a_rule_is_called_by_its_name(desk: Client, staff: User, better: Track, poorer: Track) -> None:
    first, second = sorted([better, poorer], key=lambda track: track.pk)
    rule = Rule.objects.create(kind=Rule.Kind.IDENTICAL, made_by=staff)
    Decision.objects.create(first_track=first, second_track=second, verdict="same", keeper=better, rule=rule)
    assert shown(desk) == ["Rule: identical files decided then. No stored match compares the two."]


def test_the_closest_match_speaks(desk: Client, staff: User, better: Track, poorer: Track) -> None:
    make_copy(better, poorer)
    make_copy(poorer, better, relation=Match.Relation.RELATED, verdict=Match.Verdict.NONE)
    same(better, poorer, staff)
    assert shown(desk) == [f"{staff.username} decided then. As proposed: lossless."]


def test_a_copy_of_a_copy_names_the_one_that_was_kept_instead(
    desk: Client, owner: User, staff: User, better: Track, poorer: Track
) -> None:
    middle = make_track(owner, title="Middle")
    same(better, middle, staff)
    same(middle, poorer, staff)
    chain = f"{staff.username} decided then to keep “Middle”, a copy of the one to keep."
    assert [row.track for row in rows()] == [poorer, middle]
    assert shown(desk)[0] == f"{chain} No stored match compares the two."
    make_copy(middle, poorer, query_coverage=0.9)
    assert shown(desk)[0] == f"{chain} “Middle” was proposed: longer."
    make_copy(better, poorer)
    assert shown(desk)[0] == f"{chain} As proposed: lossless."


@pytest.mark.parametrize("direct_at", [0, 1, 2, None])
def test_the_decision_about_the_two_counts_else_the_newest(
    owner: User, staff: User, better: Track, poorer: Track, direct_at: int | None
) -> None:
    others = [make_track(owner) for _ in range(2)]
    for one in others:
        same(better, one, staff)
    winners = list(others)
    if direct_at is not None:
        winners.insert(direct_at, better)
    decisions = [same(track, poorer, staff) for track in winners]
    told = decisions[-1 if direct_at is None else direct_at]
    assert [row.why.decision for row in rows() if row.track == poorer and row.why] == [told]


def test_contradictions_have_no_reason(desk: Client, owner: User, staff: User) -> None:
    a, b, c = (make_track(owner) for _ in range(3))
    for winner, one in ((a, b), (b, c), (c, a)):
        same(winner, one, staff)
    assert [row.why for row in rows()] == [None] * 3
    assert shown(desk) == []


def test_how_often_the_database_is_asked_does_not_grow(desk: Client, owner: User, staff: User) -> None:
    def asked() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as of_list:
            listed = desk.get(PAGE)
        with CaptureQueriesContext(connection) as of_preview:
            desk.post(f"{PAGE}remove/", {"which": "all"})
        assert len(words_of(listed.content)) == listed.context["count"]
        return len(of_list), len(of_preview)

    def add(count: int) -> None:
        for _ in range(count):
            kept, copy = make_track(owner), make_track(owner)
            make_copy(copy, kept)
            same(kept, copy, staff)

    add(1)
    asked()
    few = asked()
    add(49)
    assert (asked(), few) == ((LIST_QUERIES, PREVIEW_QUERIES),) * 2
