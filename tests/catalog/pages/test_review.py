"""Duplicate review: what waits, how a decision is stored, and what happens when two people meet."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import Decision, Match, Track
from catalog.selectors import review
from catalog.services.decisions import decide
from tests.rows import make_match, make_track

QUEUE = "/catalog/review/"


@pytest.fixture
def a(owner: User) -> Track:
    """The upload."""
    return make_track(owner, title="Summer Breeze (upload)")


@pytest.fixture
def b(owner: User) -> Track:
    """The catalog's."""
    return make_track(owner, title="Summer Breeze")


@pytest.fixture
def match(a: Track, b: Track) -> Match:
    """A check found B in A."""
    return make_match(a, b)


def url(name: str, match: Match) -> str:
    """Return one of a pair's addresses."""
    return reverse(f"catalog:review_{name}", args=[match.query_track_id, match.reference_track_id])


def choose(client: Client, match: Match, choice: str, **values: Any) -> str:
    """Press a button and return the page that follows."""
    response = client.post(url("decide", match), {"choice": choice} | values, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_shows_the_oldest_pair(desk: Client, match: Match, owner: User) -> None:
    make_match(make_track(owner, title="Later"), make_track(owner))
    page = desk.get(QUEUE).content.decode()
    assert "Summer Breeze (upload)" in page
    assert "Later" not in page
    assert "<strong>0 decided</strong>, 0 skipped, 2 left" in page
    assert "An excerpt of “Summer Breeze”, from 0:04 to 0:25, sped up 6 %: 92 % of A = 31 % of B." in page
    assert "1 in 40 million" in page


def test_nothing_waits(desk: Client) -> None:
    assert "Nothing to review" in desk.get(QUEUE).content.decode()


@pytest.mark.parametrize(
    ("choice", "verdict", "kept"),
    [("keep_a", "same", "a"), ("keep_b", "same", "b"), ("version", "version", None), ("different", "different", None)],
)
def test_decision(desk: Client, match: Match, staff: User, choice: str, verdict: str, kept: str | None) -> None:
    page = choose(desk, match, choice)
    decision = Decision.objects.get()
    keeper = {"a": match.query_track, "b": match.reference_track, None: None}[kept]
    assert (decision.verdict, decision.keeper, decision.decided_by) == (verdict, keeper, staff)
    assert "Nothing to review" in page
    assert Track.objects.present().count() == 2, "a decision removes nothing"


def test_undo_brings_the_pair_back(desk: Client, match: Match) -> None:
    choose(desk, match, "different")
    undone = reverse("catalog:review_undo", args=[Decision.objects.get().pk])
    page = desk.post(undone, follow=True).content.decode()
    assert "Undone decisions" in page
    assert review.open_count() == 1
    assert Decision.objects.get().undone_at is not None, "history is kept"
    choose(desk, match, "version")
    assert Decision.objects.filter(undone_at=None).get().verdict == "version"


def test_undo_twice(desk: Client, match: Match) -> None:
    choose(desk, match, "different")
    undone = reverse("catalog:review_undo", args=[Decision.objects.get().pk])
    desk.post(undone)
    assert "already undone" in desk.post(undone, follow=True).content.decode()


def test_double_click_is_one_decision(desk: Client, match: Match) -> None:
    choose(desk, match, "keep_b")
    page = choose(desk, match, "keep_b")
    assert Decision.objects.count() == 1
    assert "was not stored" not in page
    assert desk.session["review"]["done"] == 1


def test_somebody_else_was_first(desk: Client, match: Match, owner: User) -> None:
    decide(one=match.query_track, other=match.reference_track, verdict="version", keeper=None, decided_by=owner)
    page = choose(desk, match, "keep_b")
    assert "Your decision was not stored: owner decided about this pair" in page
    assert Decision.objects.get().verdict == "version"


def test_decided_pair_says_so_and_can_be_changed(desk: Client, match: Match, owner: User) -> None:
    first = decide(one=match.query_track, other=match.reference_track, verdict="version", keeper=None, decided_by=owner)
    page = desk.get(url("pair", match)).content.decode()
    assert "owner decided" in page
    choose(desk, match, "different", replaces=first.pk)
    assert [(row.verdict, row.undone_at is None) for row in Decision.objects.order_by("pk")] == [
        ("version", False),
        ("different", True),
    ]


def test_changed_meanwhile_is_not_overwritten(desk: Client, match: Match, owner: User) -> None:
    seen = decide(one=match.query_track, other=match.reference_track, verdict="version", keeper=None, decided_by=owner)
    decide(
        one=match.query_track,
        other=match.reference_track,
        verdict="different",
        keeper=None,
        decided_by=owner,
        replaces=seen.pk,
    )
    assert "was not stored" in choose(desk, match, "keep_a", replaces=seen.pk)
    assert Decision.objects.get(undone_at=None).verdict == "different"


def test_skip_and_take_up_again(desk: Client, match: Match) -> None:
    page = desk.post(url("skip", match), follow=True).content.decode()
    assert "Only skipped pairs are left" in page
    assert Decision.objects.count() == 0
    page = desk.post(reverse("catalog:review_skipped"), follow=True).content.decode()
    assert "Summer Breeze (upload)" in page


def test_skipped_pair_comes_after_the_others(desk: Client, match: Match, owner: User) -> None:
    make_match(make_track(owner, title="The next one"), make_track(owner))
    page = desk.post(url("skip", match), follow=True).content.decode()
    assert "The next one" in page
    assert "Review 1 skipped" in page


def test_progress(desk: Client, match: Match, owner: User) -> None:
    make_match(make_track(owner), make_track(owner))
    assert "<strong>1 decided</strong>, 0 skipped, 1 left" in choose(desk, match, "different")


def test_one_pair_however_often_it_was_found(desk: Client, match: Match, a: Track, b: Track) -> None:
    make_match(a, b, relation="same", score=0.1)
    make_match(b, a, score=0.5)
    assert review.open_count() == 1
    assert "The same recording" in desk.get(QUEUE).content.decode()


def test_parts_do_not_wait(a: Track, b: Track) -> None:
    make_match(a, b, verdict=Match.Verdict.CONTAINS)
    assert review.open_count() == 0


def test_removed_tracks_do_not_wait(match: Match, a: Track) -> None:
    Track.objects.filter(pk=a.pk).update(removed_at=timezone.now(), audio_file=None)
    assert review.open_count() == 0


def test_pair_with_a_removed_track_says_so(desk: Client, match: Match, a: Track) -> None:
    Track.objects.filter(pk=a.pk).update(removed_at=timezone.now(), audio_file=None)
    page = desk.get(url("pair", match)).content.decode()
    assert "was removed from the catalog" in page
    assert 'audio data-side="a"' not in page
    assert 'audio data-side="b"' in page
    assert "No decision is needed" in choose(desk, match, "keep_b")
    assert not Decision.objects.exists()


def test_decision_outlives_a_new_check(desk: Client, match: Match, a: Track, b: Track) -> None:
    choose(desk, match, "different")
    make_match(a, b)
    assert review.open_count() == 0


@pytest.mark.parametrize("choice", ["", "keep_c"])
def test_unknown_choice(desk: Client, match: Match, choice: str) -> None:
    assert desk.post(url("decide", match), {"choice": choice}).status_code == 404
    assert not Decision.objects.exists()


def test_pair_that_no_check_found(desk: Client, a: Track, b: Track) -> None:
    assert desk.get(reverse("catalog:review_pair", args=[a.pk, b.pk])).status_code == 404
    response = desk.post(reverse("catalog:review_decide", args=[a.pk, b.pk]), {"choice": "keep_a"})
    assert response.status_code == 404


def test_long_and_hostile_titles(desk: Client, owner: User) -> None:
    title = ("</script><img src=x onerror=alert(1)>" * 10)[:255]
    make_match(make_track(owner, title=title), make_track(owner, title=title))
    page = desk.get(QUEUE).content.decode()
    assert "<img src=x" not in page


def test_readers_see_and_decide_nothing(reading_desk: Client, match: Match) -> None:
    page = reading_desk.get(QUEUE).content.decode()
    assert "Summer Breeze" in page
    assert reading_desk.post(url("decide", match), {"choice": "keep_a"}).status_code == 403
    assert not Decision.objects.exists()


@pytest.mark.slow
def test_another_persons_decision_stays(desk: Client, match: Match, reader: User, client: Client) -> None:
    choose(desk, match, "different")
    reader.user_permissions.add(Permission.objects.get(codename="add_decision"))
    client.force_login(reader)
    page = client.post(reverse("catalog:review_undo", args=[Decision.objects.get().pk]), follow=True).content.decode()
    assert "Somebody else made this decision" in page
    assert Decision.objects.get().undone_at is None


@pytest.mark.parametrize("name", ["decide", "skip"])
def test_changes_are_posts(desk: Client, match: Match, name: str) -> None:
    assert desk.get(url(name, match)).status_code == 405


def test_posts_need_the_token(match: Match, staff: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    assert client.post(url("decide", match), {"choice": "keep_a"}).status_code == 403


def test_permissions_alone_are_not_enough(client: Client, match: Match, reader: User) -> None:
    reader.is_staff = False
    reader.save()
    client.force_login(reader)
    assert client.get(QUEUE).status_code == 403


def test_refused(client: Client, outsider_desk: Client, match: Match) -> None:
    for address in (QUEUE, url("pair", match)):
        assert client.get(address)["Location"].startswith("/admin/login/")
        assert outsider_desk.get(address).status_code == 403
