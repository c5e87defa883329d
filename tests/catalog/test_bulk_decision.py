"""A preview of many pairs reads few columns, and says what whole rows would say."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import ClientFingerprint, Match
from catalog.selectors.bulk_decision import BulkPlan, plan
from catalog.selectors.keeper import suggest_keeper
from catalog.services.match_words import relation_words
from tests.rows import make_audio_file, make_copy, make_track

FILES = (
    {},
    {"codec": "flac", "cutoff_hz": 22_050, "bit_rate": 900_000},
    {"codec": "pcm_u8", "cutoff_hz": None},
    {"bit_rate": 320_000, "skipped_places": 2},
    {"duration_s": 700.0, "claimed_s": 900.0},
)
FOUND = (
    *({"relation": relation} for relation in ("identical", "same", "excerpt", "contains")),
    *({"relation": "same", "edit": edit} for edit in Match.Edit.values),
    {"relation": "same", "tempo_ratio": 1.2, "pitch_semitones": 2.0},
    {"relation": "same", "similarity": 0.5},
    {"relation": "contains", "query_coverage": 0.2},
)


@pytest.fixture
def matches(owner: User) -> list[Match]:
    """Pairs of every kind, with files of every kind, and one whose track a client described."""
    made = []
    for number, values in enumerate(FOUND):
        one, other = (FILES[(number + beside) % len(FILES)] for beside in (0, 2))
        tracks = [make_track(owner, audio_file=make_audio_file(**file)) for file in (one, other)]
        made.append(make_copy(*tracks, **values))
    unheard = make_track(owner, audio_file=None)
    ClientFingerprint.objects.create(track=unheard, version="1", data=b"x", size_bytes=1, duration_s=30.0)
    return [*made, make_copy(unheard, make_track(owner))]


def planned() -> tuple[BulkPlan, int]:
    """Return the plan about all pairs, told in words, and how many queries that took."""
    with CaptureQueriesContext(connection) as queries:
        found = plan(Match.objects.order_by("pk"), "same")
        for match, keeper in found.examples:
            assert relation_words(match)
            assert keeper is None or keeper.title
    return found, len(queries)


def test_the_preview_asks_three_times_and_agrees_with_whole_rows(
    matches: list[Match], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.selectors.bulk_decision.SHOWN_EXAMPLES", len(matches))
    found, queries = planned()
    assert queries == 3  # keys, rows, standing decisions
    expected = {}
    for match in Match.objects.select_related("query_track__audio_file", "reference_track__audio_file"):
        side = suggest_keeper(match).side
        if side and match.pk != matches[-1].pk:
            expected[match.pk] = match.query_track_id if side == "a" else match.reference_track_id
    assert sorted(found.keepers.values()) == sorted(expected.values())  # type: ignore[type-var]
    assert len(expected) >= 5
    assert found.looked_at == len(matches)
    assert found.skipped["a client made one of the fingerprints, and nobody confirmed it"] == 1
