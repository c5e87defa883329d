"""The review's queue: what moves, the way back, the next pair for the page's script, and what is in hand."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from catalog.models import Decision, Match
from catalog.services.decisions import decide
from tests.rows import make_match, make_track

SCRIPT = {"Accept": "application/json"}


@pytest.fixture
def matches(owner: User) -> list[Match]:
    """Four pairs that wait."""
    return [make_match(make_track(owner, title=f"Song {n}"), make_track(owner)) for n in range(4)]


def address(name: str, match: Match) -> str:
    """Return one of a pair's addresses."""
    return reverse(f"catalog:review_{name}", args=[match.query_track_id, match.reference_track_id])


def named(*matches: Match) -> str:
    """Return pairs as the page's script names them."""
    return ",".join(f"{match.query_track_id}-{match.reference_track_id}" for match in matches)


def by_script(desk: Client, name: str, match: Match, **values: Any) -> dict[str, Any]:
    """Send a decision as the script does."""
    answer = desk.post(address(name, match), values, headers=SCRIPT)
    assert answer.status_code == 200
    return answer.json()


def test_the_counter_moves_with_decisions_and_skips(desk: Client, matches: list[Match]) -> None:
    desk.post(address("skip", matches[0]))
    page = desk.post(address("decide", matches[1]), {"choice": "different"}, follow=True).content.decode()
    assert "<strong>1 decided</strong>, 1 skipped, 2 left" in page


def test_the_way_back_goes_over_what_was_decided_and_skipped(desk: Client, matches: list[Match]) -> None:
    desk.post(address("skip", matches[0]))
    desk.post(address("decide", matches[1]), {"choice": "different"})
    previous = reverse("catalog:review_previous")
    assert desk.get(previous, {"of": named(matches[2])})["Location"] == address("pair", matches[1])
    assert desk.get(previous, {"of": named(matches[1])})["Location"] == address("pair", matches[0])
    assert "first pair of this session" in desk.get(previous, {"of": named(matches[0])}, follow=True).content.decode()


def test_the_next_pair_is_one_that_the_page_has_not(desk: Client, matches: list[Match]) -> None:
    url = reverse("catalog:review_next")
    page = desk.get(url, {"not": named(*matches[:2])}).content.decode()
    assert f'data-pair="{named(matches[2])}"' in page
    assert "<html" not in page
    assert desk.get(url, {"not": named(*matches)}).content == b""


@pytest.mark.slow
@pytest.mark.parametrize("text", ["", "-", "1-", "a-b", "1-2-3", "9" * 5000 + "-1", ",,"])
def test_odd_names_of_pairs_are_left_out(desk: Client, matches: list[Match], text: str) -> None:
    assert desk.get(reverse("catalog:review_next"), {"not": text}).status_code == 200
    assert desk.get(reverse("catalog:review_previous"), {"of": text}).status_code == 302


def test_a_script_is_answered_with_what_was_said_what_is_left_and_the_next_pair(
    desk: Client, matches: list[Match]
) -> None:
    body = by_script(desk, "decide", matches[0], choice="keep_b", **{"not": named(*matches[:2])})
    assert "keep B" in body["said"][0]["html"]
    assert "1 decided" in body["counts"]
    assert "3 left" in body["counts"]
    assert f'data-pair="{named(matches[2])}"' in body["next"]
    assert body["undo"]["url"] == reverse("catalog:review_undo", args=[Decision.objects.get().pk])
    body = by_script(desk, "skip", matches[1], **{"not": named(*matches)})
    assert "1 skipped" in body["counts"]
    assert body["next"] == ""
    assert not desk.get("/catalog/review/").context["messages"], "what was said is not said again"


def test_a_script_hears_that_somebody_was_first(desk: Client, matches: list[Match], owner: User) -> None:
    match = matches[0]
    decide(one=match.query_track, other=match.reference_track, verdict="version", keeper=None, decided_by=owner)
    body = by_script(desk, "decide", match, choice="keep_b")
    assert body["said"][0]["tone"] == "warning"
    assert "owner decided about this pair" in body["said"][0]["html"]


def test_undo_tells_a_script_where_to_go(desk: Client, matches: list[Match]) -> None:
    by_script(desk, "decide", matches[0], choice="different")
    answer = desk.post(reverse("catalog:review_undo", args=[Decision.objects.get().pk]), headers=SCRIPT)
    assert answer.json()["go"] == address("pair", matches[0])


def test_what_others_decide_falls_out_of_the_plan(desk: Client, matches: list[Match], owner: User) -> None:
    desk.get("/catalog/review/")
    for match in matches[:3]:
        decide(one=match.query_track, other=match.reference_track, verdict="version", keeper=None, decided_by=owner)
    assert f'data-pair="{named(matches[3])}"' in desk.get("/catalog/review/").content.decode()


def test_what_was_put_aside_comes_back_in_its_place(desk: Client, matches: list[Match]) -> None:
    desk.post(address("skip", matches[0]))
    page = desk.post(reverse("catalog:review_skipped"), follow=True).content.decode()
    assert f'data-pair="{named(matches[0])}"' in page
