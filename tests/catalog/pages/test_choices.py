"""The buttons of a pair follow its relation, and a use is stored with the track that uses the other."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from catalog.models import Decision, Match, Track
from catalog.presentation.choices import choices_of
from catalog.selectors.keeper import suggest_keeper
from catalog.services.decisions import AlreadyDecidedError, decide
from tests.rows import make_audio_file, make_copy, make_match, make_track

SHARES = {
    "excerpt": {"reference_coverage": 0.1},
    "contains": {"query_coverage": 0.4},
    "overlap": {"verdict": "contains", "query_coverage": 0.3, "reference_coverage": 0.5},
    "related": {"verdict": "none"},
}


@pytest.fixture
def pair(owner: User) -> tuple[Track, Track]:
    """An hour's mix, and a song."""
    mix = make_track(owner, title="Mix", audio_file=make_audio_file(duration_s=3600.0))
    return mix, make_track(owner, title="Song", audio_file=make_audio_file(duration_s=200.0))


def decide_url(match: Match) -> str:
    """Return where the form of a pair goes."""
    return reverse("catalog:review_decide", args=[match.query_track_id, match.reference_track_id])


@pytest.mark.parametrize(
    ("relation", "values", "likely"),
    [
        ("identical", ["keep_b", "keep_a", "version", "different"], ["keep_b"]),
        ("same", ["keep_b", "keep_a", "version", "different"], ["keep_b"]),
        ("excerpt", ["keep_b", "keep_a", "used_a", "version", "different"], ["keep_b"]),
        ("contains", ["keep_b", "keep_a", "used_b", "version", "different"], ["keep_a"]),
        ("overlap", ["used_b", "version", "different", "keep_b", "keep_a"], ["used_b"]),
        ("related", ["version", "different", "keep_b", "keep_a"], ["version"]),
    ],
)
def test_buttons_follow_the_relation(owner: User, relation: str, values: list[str], likely: list[str]) -> None:
    b, a = make_track(owner), make_track(owner)
    match = make_copy(a, b, relation=relation, **SHARES.get(relation, {}))
    choices = choices_of(match, suggest_keeper(match))
    assert [choice.value for choice in choices] == values
    assert [choice.value for choice in choices if choice.is_likely] == likely
    keys = [choice.key for choice in choices if choice.key]
    assert len(keys) == len(set(keys))


def test_in_an_overlap_the_shorter_one_is_used_in_the_longer(pair: tuple[Track, Track]) -> None:
    mix, song = pair
    one_way = make_copy(mix, song, relation="overlap", **SHARES["overlap"])
    other_way = make_copy(song, mix, relation="overlap", **SHARES["overlap"])
    assert choices_of(one_way, suggest_keeper(one_way))[0].words == "B is used in A"
    assert choices_of(other_way, suggest_keeper(other_way))[0].words == "A is used in B"


@pytest.mark.slow
@pytest.mark.parametrize(("choice", "inner", "outer"), [("used_b", "Song", "Mix"), ("used_a", "Mix", "Song")])
def test_a_use_is_stored_and_said(desk: Client, pair: tuple[Track, Track], choice: str, inner: str, outer: str) -> None:
    match = make_match(*pair, verdict="contains")
    page = desk.post(decide_url(match), {"choice": choice}, follow=True).content.decode()
    decision = Decision.objects.get()
    assert (decision.verdict, decision.keeper) == ("uses", None)
    assert decision.container
    assert decision.container.title == outer
    words = f"“{inner}” is used in “{outer}”"
    assert decision.words == words
    assert words in page
    for address in (
        f"/catalog/review/{pair[0].pk}/{pair[1].pk}/",
        "/admin/catalog/decision/",
        pair[0].get_absolute_url(),
    ):
        assert words in desk.get(address).content.decode(), address


def test_a_use_said_twice_is_one_decision_and_another_is_refused(pair: tuple[Track, Track], staff: User) -> None:
    mix, song = pair
    first = decide(one=mix, other=song, verdict="uses", keeper=None, container=mix, decided_by=staff)
    assert decide(one=song, other=mix, verdict="uses", keeper=None, container=mix, decided_by=staff) == first
    with pytest.raises(AlreadyDecidedError, match="“Song” is used in “Mix”"):
        decide(one=mix, other=song, verdict="uses", keeper=None, container=song, decided_by=staff)


@pytest.mark.parametrize("verdict", ["same", "version", "different"])
def test_only_a_use_has_a_container(pair: tuple[Track, Track], staff: User, owner: User, verdict: str) -> None:
    mix, song = pair
    with pytest.raises(ValueError, match="container"):
        decide(one=mix, other=song, verdict=verdict, keeper=None, container=mix, decided_by=staff)
    with pytest.raises(ValueError, match="container"):
        decide(one=mix, other=song, verdict="uses", keeper=None, container=None, decided_by=staff)
    with pytest.raises(ValueError, match="container"):
        decide(one=mix, other=song, verdict="uses", keeper=None, container=make_track(owner), decided_by=staff)
    decision = decide(one=mix, other=song, verdict=verdict, keeper=None, decided_by=staff)
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(container=mix)


def test_a_group_takes_no_use(desk: Client, owner: User) -> None:
    first, second, third = (make_track(owner) for _ in range(3))
    for copy in (second, third):
        make_copy(copy, first)
    address = reverse("catalog:review_group_decide", args=[first.pk])
    said = {"keeper": first.pk, f"kind-{second.pk}": "uses", f"kind-{third.pk}": "same"}
    desk.post(address, said)
    assert [decision.verdict for decision in Decision.objects.all()] == ["same"]


def test_every_match_that_may_be_decided_leads_to_its_pair(desk: Client, pair: tuple[Track, Track]) -> None:
    match = make_match(*pair, verdict="contains")
    page = desk.get(f"/admin/catalog/match/{match.pk}/change/").content.decode()
    assert "Decide about this pair" in page
    assert "Shares 92 % with “Song”" in page
