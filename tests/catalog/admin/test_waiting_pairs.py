"""The review as a list: what waits, in which order, by which filters, and many pairs decided at once."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import BulkWork, ClientFingerprint, Decision, Match, Scan, Track
from catalog.pages import review_bulk
from catalog.selectors import bulk_decision
from catalog.services import bulk_decisions
from catalog.services.bulk_decisions import decide_many
from catalog.services.decisions import decide
from staff.models import AuditEntry
from tests.rows import make_copy, make_match, make_track

LIST = "/admin/catalog/waitingpair/"
BULK = "/catalog/review/bulk/"


def titles(desk: Client, query: str = "") -> list[str]:
    """Return the titles of the checked tracks in the list's order."""
    answer = desk.get(f"{LIST}{query}")
    assert answer.status_code == 200
    return [match.query_track.title for match in answer.context["cl"].result_list]


def pair_of(match: Match) -> tuple[int, int]:
    """Return the ids of a match's tracks, the smaller one first."""
    one, other = sorted((match.query_track_id, match.reference_track_id))
    return one, other


@pytest.fixture
def pairs(owner: User, outsider: User) -> dict[str, Match]:
    """Pairs of every kind, by the title of what was checked."""

    def checked(title: str, **values: Any) -> Track:
        return make_track(values.pop("owner", owner), title=title, **values)

    reference = {name: make_track(owner, title=f"of {name}", isrc="USABC1234567") for name in "abcdef"}
    return {
        "plain": make_copy(checked("plain"), reference["a"]),
        "identical": make_copy(checked("identical"), reference["b"], relation="identical", score=90.0),
        "excerpt": make_match(checked("excerpt"), reference["c"], tempo_ratio=1.0, pitch_semitones=0.0),
        "disguised": make_copy(
            checked("disguised", artist="Nobody"), reference["d"], tempo_ratio=1.25, pitch_semitones=3.86
        ),
        "other account": make_copy(checked("other account", owner=outsider), reference["e"]),
        "other isrc": make_copy(checked("other isrc", isrc="GBXYZ7654321"), reference["f"], similarity=0.5),
    }


def test_conflicts_come_first_and_then_the_oldest(desk: Client, pairs: dict[str, Match]) -> None:
    assert titles(desk) == ["disguised", "other isrc", "other account", "plain", "identical", "excerpt"]


def test_the_reason_of_a_conflict_is_said(desk: Client, pairs: dict[str, Match]) -> None:
    page = desk.get(f"{LIST}?conflict=artist").content.decode()
    words = re.findall(r'<span class="mf-item">(.*?)</span>', page.split("mf-bad mf-toned")[1])
    assert words[:3] == ["sped up 25 %", "other artist", "no ISRC"]


def test_the_review_begins_with_the_conflicts(desk: Client, pairs: dict[str, Match]) -> None:
    first, second = pair_of(pairs["disguised"])
    assert f'data-pair="{first}-{second}"' in desk.get("/catalog/review/").content.decode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?relation=identical", {"identical"}),
        ("?relation=excerpt", {"excerpt"}),
        ("?altered=none", {"plain", "identical", "excerpt", "other account"}),
        ("?altered=speed", {"disguised"}),
        ("?altered=pitch", {"disguised"}),
        ("?altered=masked", {"other isrc"}),
        ("?altered=edit", set()),
        ("?share=0.99", {"plain", "identical", "disguised", "other account", "other isrc"}),
        ("?share=0.99&altered=none&relation=same", {"plain", "other account"}),
        ("?conflict=any", {"disguised", "other account", "other isrc"}),
        ("?conflict=isrc", {"other isrc"}),
        ("?conflict=account", {"other account"}),
        ("?conflict=none", {"plain", "identical", "excerpt"}),
        ("?score_from=80", {"identical"}),
        ("?q=nobody", {"disguised"}),
        ("?q=GBXYZ7654321", {"other isrc"}),
        ("?q=none-such", set()),
        ("?scan=4711", set()),
        ("?batch=4711", set()),
        ("?care=mine", set()),
        ("?care=opinion", set()),
    ],
)
def test_filters(desk: Client, pairs: dict[str, Match], query: str, found: set[str]) -> None:
    assert set(titles(desk, query)) == found


def test_of_an_account_a_scan_and_a_bulk_check(
    desk: Client, pairs: dict[str, Match], outsider: User, staff: User
) -> None:
    scan = Scan.objects.create(status="done", ended_at=timezone.now(), last_track=1, total=1, started_by=staff)
    work = BulkWork.objects.create(kind="check", track_ids=[1], total=1, asked_by=staff)
    Match.objects.filter(pk=pairs["plain"].pk).update(job=None, scan=scan)
    pairs["excerpt"].job.bulk_work = work  # type: ignore[union-attr]
    pairs["excerpt"].job.save()  # type: ignore[union-attr]
    assert titles(desk, f"?scan={scan.pk}") == ["plain"]
    assert titles(desk, f"?batch={work.pk}") == ["excerpt"]
    assert titles(desk, f"?query_track__owner={outsider.pk}") == ["other account"]


@pytest.mark.slow
def test_each_column_sorts(desk: Client, pairs: dict[str, Match]) -> None:
    columns = desk.get(LIST).context["cl"].list_display
    for number, name in enumerate(columns):
        if name != "action_checkbox":
            assert len(titles(desk, f"?o={number}")) == len(titles(desk, f"?o=-{number}")) == 6, name
    assert titles(desk, f"?o=-{columns.index('strength')}")[0] == "identical"
    assert titles(desk, f"?o=-{columns.index('altered')}")[0] == "disguised"
    assert titles(desk, f"?o={columns.index('shares')}")[0] == "excerpt"


def test_one_row_a_pair_with_its_closest_match(desk: Client, owner: User) -> None:
    a, b = make_track(owner, title="a"), make_track(owner, title="b")
    make_match(a, b, score=0.9)
    make_match(b, a, score=0.5)
    closest = make_copy(a, b, score=0.1)
    make_copy(a, b, score=0.1)  # the newest where all else is level
    (row,) = desk.get(LIST).context["cl"].result_list
    assert row.pk == Match.objects.latest("pk").pk > closest.pk


def test_what_does_not_wait_is_not_there(desk: Client, pairs: dict[str, Match], owner: User) -> None:
    plain, gone = pairs["plain"], pairs["identical"].query_track
    decide(one=plain.query_track, other=plain.reference_track, verdict="version", keeper=None, decided_by=owner)
    Track.objects.filter(pk=gone.pk).update(removed_at=timezone.now())
    make_match(make_track(owner), make_track(owner), verdict="contains")
    assert set(titles(desk)) == {"excerpt", "disguised", "other account", "other isrc"}


def test_a_row_leads_to_its_pair(desk: Client, pairs: dict[str, Match]) -> None:
    match = pairs["plain"]
    page = reverse("catalog:review_pair", args=[match.query_track_id, match.reference_track_id])
    assert f'href="{page}"' in desk.get(LIST).content.decode()
    assert desk.get(f"{LIST}{match.pk}/change/")["Location"] == page


def test_how_often_the_database_is_asked_does_not_grow(desk: Client, owner: User) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            desk.get(LIST)
        return len(queries)

    make_copy(make_track(owner), make_track(owner))
    desk.get(LIST)
    few = asked()
    for _ in range(8):
        make_copy(make_track(owner), make_track(owner))
    assert asked() == few


def agreed(desk: Client, page: str) -> Any:
    """Press the button of a preview and return the page that follows."""
    values = dict(re.findall(r'<input type="hidden" name="(verdict|preset|pairs)" value="([^"]*)">', page))
    return desk.post(BULK, values, follow=True).content.decode()


def preview_of(desk: Client, action: str, *matches: Match, query: str = "", **more: Any) -> str:
    """Choose an action for rows of the list and return the preview."""
    rows = [match.pk for match in matches]
    answer = desk.post(f"{LIST}{query}", {"action": action, "_selected_action": rows, **more})
    assert answer.status_code == 200
    return answer.content.decode()


def standing() -> dict[tuple[int, int], tuple[str, int | None]]:
    """Return what stands."""
    rows = Decision.objects.filter(undone_at=None)
    return {(row.first_track_id, row.second_track_id): (row.verdict, row.keeper_id) for row in rows}


@pytest.mark.slow
def test_a_preview_says_what_will_be_done_and_does_nothing(desk: Client, pairs: dict[str, Match]) -> None:
    page = preview_of(desk, "decide_same", pairs["plain"], pairs["identical"], pairs["disguised"])
    assert "Decide about 2 pairs" in page
    assert "1: the same recording, unaltered" in page
    assert "1: the same audio" in page
    assert "1 is skipped" in page
    assert "1: no track is proposed to be kept: one of the two was altered" in page
    assert not Decision.objects.exists()


@pytest.mark.slow
def test_many_are_decided_and_one_undo_takes_all_back(desk: Client, pairs: dict[str, Match], staff: User) -> None:
    page = agreed(desk, preview_of(desk, "decide_same", pairs["plain"], pairs["identical"]))
    assert "2 pairs decided together" in page
    assert standing() == {
        pair_of(pairs[name]): ("same", pairs[name].reference_track_id) for name in ("plain", "identical")
    }
    assert Decision.objects.values_list("batch").distinct().count() == 1
    entry = AuditEntry.objects.filter(act="review_bulk").get()
    assert (entry.actor, entry.detail["pairs"], entry.detail["verdict"]) == ("staff", 2, "same")
    undo = reverse("catalog:review_undo", args=[Decision.objects.latest("pk").pk])
    page = desk.post(undo, {"back": "list"}, follow=True).content.decode()
    assert "2 decisions made together" in page
    assert standing() == {}
    assert len(titles(desk)) == 6


def test_all_that_the_filter_finds(desk: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_decisions, "CHUNK", 7)
    for _ in range(60):  # more than a page
        make_copy(make_track(owner), make_track(owner))
    excerpt = make_match(make_track(owner), make_track(owner))
    first = Match.objects.filter(relation="same").latest("pk")
    page = preview_of(desk, "decide_different", first, query="?relation=same", select_across="1")
    assert "Decide about 60 pairs" in page
    assert "60 pairs decided together" in agreed(desk, page)
    assert len(standing()) == 60
    assert pair_of(excerpt) not in standing()


def test_a_preset_that_no_pair_fits_is_named(desk: Client) -> None:
    page = desk.get(f"{BULK}?preset=identical").content.decode()
    assert "All identical: there is nothing to decide about" in page
    assert "No waiting pair fits." in page


@pytest.mark.slow
@pytest.mark.parametrize(("preset", "decided"), [("identical", {"identical"}), ("same", {"plain", "other account"})])
def test_presets(desk: Client, pairs: dict[str, Match], preset: str, decided: set[str]) -> None:
    assert f"{BULK}?preset={preset}" in desk.get(LIST).content.decode()
    agreed(desk, desk.get(f"{BULK}?preset={preset}").content.decode())
    assert standing().keys() == {pair_of(pairs[name]) for name in decided}


def test_the_preset_of_unaltered_copies_leaves_out_all_else(desk: Client, owner: User) -> None:
    whole = make_copy(make_track(owner), make_track(owner), query_coverage=0.99, reference_coverage=0.99)
    for values in (
        {"query_coverage": 0.98}, {"reference_coverage": 0.98}, {"tempo_ratio": 1.02}, {"pitch_semitones": -1.0},
        {"similarity": 0.3}, {"edit": Match.Edit.CUT}, {"relation": Match.Relation.EXCERPT},
    ):  # fmt: skip
        make_copy(make_track(owner), make_track(owner), **values)
    agreed(desk, desk.get(f"{BULK}?preset=same").content.decode())
    assert standing().keys() == {pair_of(whole)}


def test_another_persons_word_stands_and_is_told(desk: Client, pairs: dict[str, Match], owner: User) -> None:
    page = preview_of(desk, "decide_different", *pairs.values())
    plain, gone = pairs["plain"], pairs["identical"].query_track
    decide(one=plain.query_track, other=plain.reference_track, verdict="version", keeper=None, decided_by=owner)
    Track.objects.filter(pk=gone.pk).update(removed_at=timezone.now())
    after = agreed(desk, page)
    assert "4 pairs decided together" in after
    assert "owner decided about 1 of these pairs first. That decision stays." in after
    assert "Skipped 1 of these pairs: they are not waiting any more." in after
    assert standing()[pair_of(plain)] == ("version", None)
    assert pair_of(pairs["identical"]) not in standing()


def test_a_fingerprint_that_a_client_made_is_not_decided_unheard(desk: Client, pairs: dict[str, Match]) -> None:
    track = pairs["identical"].query_track
    Track.objects.filter(pk=track.pk).update(audio_file=None)
    ClientFingerprint.objects.create(track=track, version="1", data=b"x", size_bytes=1, duration_s=30.0)
    page = desk.get(f"{BULK}?preset=identical").content.decode()
    assert "All identical: there is nothing to decide about" in page
    assert "a client made one of the fingerprints, and nobody confirmed it" in page


def test_at_most_so_many_at_once(desk: Client, pairs: dict[str, Match], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_decision, "MOST_PAIRS", 3)
    page = preview_of(desk, "decide_different", *pairs.values())
    assert "Decide about 3 pairs" in page
    assert "These are the first" in page


def test_readers_see_the_list_and_decide_nothing(reading_desk: Client, pairs: dict[str, Match], reader: User) -> None:
    page = reading_desk.get(LIST).content.decode()
    assert "disguised" in page
    assert "decide_same" not in page
    assert BULK not in page
    values = {"verdict": "different", "pairs": "1-2-0"}
    assert reading_desk.get(f"{BULK}?preset=identical").status_code == 403
    assert reading_desk.post(BULK, values).status_code == 403
    reader.user_permissions.remove(Permission.objects.get(codename="view_track"))
    assert reading_desk.get(LIST).status_code == 403


@pytest.mark.slow
@pytest.mark.parametrize(
    "values",
    [
        {"verdict": "no", "pairs": "1-2-0"},
        {"verdict": "uses", "pairs": "1-2-0"},
        {"verdict": "same"},
        {"verdict": "same", "pairs": "x,-,1-2,2-1-0,1-2-3-4,0-1-0,1-2-99"},
        {"verdict": "same", "pairs": "9" * 5000 + "-1-0"},
        {"verdict": "different", "pairs": "1-2-1"},
    ],
)
def test_odd_forms_store_nothing(desk: Client, pairs: dict[str, Match], values: dict[str, str]) -> None:
    assert desk.post(BULK, values, follow=True).status_code in (200, 404)
    assert not Decision.objects.exists()


def test_a_pair_that_no_check_found_is_not_decided(owner: User, staff: User) -> None:
    one, other = make_track(owner), make_track(owner)
    outcome = decide_many(verdict="different", keepers={(one.pk, other.pk): None}, decided_by=staff)
    assert (outcome.stored, outcome.gone) == (0, 1)


def test_a_use_is_not_decided_with_the_duplicates(owner: User, staff: User) -> None:
    one, other = make_track(owner), make_track(owner)
    make_match(other, one, verdict="contains")
    outcome = decide_many(verdict="different", keepers={(one.pk, other.pk): None}, decided_by=staff)
    assert (outcome.stored, outcome.gone) == (0, 1)
    assert not Decision.objects.exists()


def test_one_at_a_time_takes_the_selected_first(desk: Client, pairs: dict[str, Match]) -> None:
    rows = [pairs["excerpt"].pk, pairs["identical"].pk]
    page = desk.post(f"{LIST}?o=2", {"action": "one_by_one", "_selected_action": rows}, follow=True).content.decode()
    named = {f'data-pair="{first}-{second}"' for first, second in map(pair_of, (pairs["excerpt"], pairs["identical"]))}
    assert any(name in page for name in named)


def test_the_number_of_pairs_is_said(desk: Client, pairs: dict[str, Match]) -> None:
    assert review_bulk.VERDICTS.keys() == {"same", "version", "different"}
    assert desk.get(LIST).context["cl"].result_count == 6
