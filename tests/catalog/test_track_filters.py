"""A filter of the track list means the same in the list, in a scan and in a schedule."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import BulkWork, Job, Track
from catalog.selectors.track_filters import FILTERS, UnknownFilterError, asked_of, filtered, words_of
from tests.rows import make_check, make_match, make_track

pytestmark = pytest.mark.django_db


def titles(asked: str) -> set[str]:
    """Return the titles of what a filter leaves."""
    return set(filtered(asked).values_list("title", flat=True))


def in_list(desk: Client, asked: str) -> set[int]:
    """Return the tracks that the list shows for the same filter."""
    answer = desk.get(f"{reverse('admin:catalog_track_changelist')}?{asked}")
    return {track.pk for track in answer.context["cl"].result_list}


@pytest.fixture
def shelf(owner: User) -> dict[str, Track]:
    """Tracks that the filters tell apart."""
    now = timezone.now()
    named = {"new": "Émile Ünal", "old": "ÉMILE ÜNAL", "album": "Other", "removed": "Émile Ünal"}
    tracks = {title: make_track(owner, title=title, artist=artist) for title, artist in named.items()}
    tracks["album"].album = "Émile Ünal"  # no artist of this name
    tracks["album"].save()
    Track.objects.filter(pk=tracks["old"].pk).update(created_at=now - timedelta(days=40), scanned_at=now)
    Track.objects.filter(pk=tracks["new"].pk).update(scanned_at=now - timedelta(days=10))
    Track.objects.filter(pk=tracks["removed"].pk).update(removed_at=now)
    work = BulkWork.objects.create(kind="check", track_ids=[], total=1, asked_by=owner)
    Job.objects.filter(pk=make_check(tracks["album"]).pk).update(bulk_work=work)
    tracks["album"].batch = work.pk  # type: ignore[attr-defined]
    return tracks


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("", {"new", "old", "album"}),
        ("artist=%C3%A9mile+%C3%BCnal", {"new", "old"}),
        ("added=7", {"new", "album"}),
        ("added=365", {"new", "old", "album"}),
        ("added=2001-01-01", {"new", "old", "album"}),
        ("scanned=never", {"album"}),
        ("scanned=7", {"new", "album"}),
        ("scanned=365", {"album"}),
        ("checked=never", {"new", "old"}),
        ("checked=none", {"album"}),
        ("added=7&artist=%C3%A9mile+%C3%BCnal", {"new"}),
        ("q=UNAL", set()),
        ("q=%C3%BCnal+%C3%A9MILE", {"new", "old", "album"}),
        ("codec=flac", set()),
    ],
)
def test_leaves(shelf: dict[str, Track], desk: Client, asked: str, left: set[str]) -> None:
    assert titles(asked) == left
    assert in_list(desk, asked) == {shelf[title].pk for title in left}


def test_a_bulk_action(shelf: dict[str, Track], desk: Client) -> None:
    number = shelf["album"].batch  # type: ignore[attr-defined]
    assert titles(f"batch={number}") == {"album"}
    assert in_list(desk, f"batch={number}") == {shelf["album"].pk}


def test_one_form_of_each_filter() -> None:
    assert (
        asked_of({"q": "a b", "added": "7", "o": "1", "p": "3", "view": "4", "state": "all", "codec": ""})
        == "added=7&q=a+b"
    )
    assert asked_of({}) == ""


@pytest.mark.parametrize("query", [{"title__icontains": "x"}, {"artist": "x" * 300}, {"q": "a\0b"}])
def test_what_a_scan_does_not_know_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(UnknownFilterError):
        asked_of(query)


def test_words(owner: User) -> None:
    asked = asked_of({"artist": "Ünal", "scanned": "30", "owner__id__exact": str(owner.pk), "added": "2026-11-01"})
    assert words_of(asked) == [
        "uploaded: since 2026-11-01",
        "artist: Ünal",
        "owner: owner",
        "scanned: not in the last 30 days",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("value", ["nonsense", "9" * 30, "-1", "\N{RIGHT SINGLE QUOTATION MARK}", "%", '"'])
def test_odd_values_are_no_error(owner: User, desk: Client, name: str, value: str) -> None:
    make_match(make_track(owner), make_track(owner))
    asked = asked_of({name: value})
    list(filtered(asked)[:3])
    assert words_of(asked)
    assert desk.get(reverse("admin:catalog_track_changelist"), {name: value}).status_code in (200, 302)
