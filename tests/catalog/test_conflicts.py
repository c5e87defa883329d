"""A match's conflict is a column that is true however matches and tracks were written."""

import importlib
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Match, Track
from catalog.services.tracks.tagging import set_tags
from tests.rows import make_copy, make_track

ALIKE = {"artist": "Somebody", "isrc": "GBAYE0601498"}


@pytest.fixture
def match(owner: User) -> Match:
    return make_copy(make_track(owner, **ALIKE), make_track(owner, **ALIKE))


def _conflict(match: Match) -> int:
    return Match.objects.values_list("conflict", flat=True).get(pk=match.pk)


def test_a_copy_that_agrees_has_none(match: Match) -> None:
    assert _conflict(match) == 0


@pytest.mark.parametrize(
    ("texts", "weight"),
    [
        ({"artist": "SOMEBODY"}, 0),
        ({"artist": ""}, 0),
        ({"artist": "Nobody"}, 3),
        ({"isrc": "USABC2600001"}, 3),
        ({"artist": "Nobody", "isrc": "USABC2600001"}, 6),
        ({"artist": "Nobody", "isrc": ""}, 4),
    ],
)
def test_new_texts_of_either_track_weigh_it_anew(match: Match, texts: dict[str, str], weight: int) -> None:
    for track in (match.query_track, match.reference_track):
        set_tags(track_id=track.pk, texts=texts, tags={})
        assert _conflict(match) == weight
        set_tags(track_id=track.pk, texts=ALIKE, tags={})
        assert _conflict(match) == 0


def test_another_account_and_another_speed_count(owner: User, outsider: User) -> None:
    match = make_copy(make_track(owner, **ALIKE), make_track(outsider, **ALIKE), tempo_ratio=1.02)
    assert _conflict(match) == 3


def test_what_is_no_copy_has_no_conflict(owner: User, outsider: User) -> None:
    match = make_copy(
        make_track(owner), make_track(outsider), relation="overlap", verdict="contains", query_coverage=0.1
    )
    assert _conflict(match) == 0


def _unsaved(like: Match, tracks: list[tuple[Track, Track]]) -> list[Match]:
    columns = {f.attname: getattr(like, f.attname) for f in Match._meta.concrete_fields if not f.primary_key}
    columns |= {"scan_id": None, "conflict": 0}
    pairs = [{"query_track_id": one.pk, "reference_track_id": other.pk} for one, other in tracks]
    return [Match(**(columns | pair)) for pair in pairs]


def test_rows_that_are_stored_together_are_weighed_together(match: Match, owner: User) -> None:
    others = [(match.query_track, make_track(owner, artist=f"Other {number}")) for number in range(5)]
    with CaptureQueriesContext(connection) as asked:
        Match.objects.bulk_create(_unsaved(match, others))
    assert len([one for one in asked if "catalog_track" in one["sql"] and one["sql"].startswith("SELECT")]) == 2
    assert list(Match.objects.exclude(pk=match.pk).values_list("conflict", flat=True)) == [4] * 5


def test_the_upgrade_weighs_what_is_there(match: Match, owner: User) -> None:
    other = make_copy(make_track(owner, artist="One"), make_track(owner, artist="Two"))
    Match.objects.update(conflict=0)
    fill = importlib.import_module("catalog.migrations.0041_weigh_conflicts").fill
    fill(apps, SimpleNamespace(connection=connection))
    assert (_conflict(match), _conflict(other)) == (0, 4)
