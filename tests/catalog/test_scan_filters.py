"""Scans of what a filter of the track list leaves: their tracks, what they found anew and again, how far they are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from catalog.models import Scan, Track
from catalog.scans import scanning, starting
from catalog.scans.scanning import scan_stretch
from catalog.scans.starting import cancel_scan, has_done, next_track, start_scan
from catalog.services.audio.analysis import fingerprint_of
from catalog.services.errors import CatalogError
from catalog.services.index import log
from catalog.services.tracks.removal import remove_track
from tests.rows import make_track

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def the_scan() -> Scan:
    """Return the newest scan as it stands."""
    return Scan.objects.latest("pk")


@pytest.fixture
def three(add_track: Callable[..., Track], battle: Path, forest: Path) -> list[Track]:
    """Two of one recording and one of another, all in the index."""
    tracks = [add_track(battle), add_track(battle), add_track(forest)]
    for track in tracks:
        fingerprint_of(track)
        log.record_add(track_id=track.pk)
    return tracks


def test_looks_for_the_filters_tracks_alone(three: list[Track], staff: User, drain: Callable[[], int]) -> None:
    three[1].artist = "Somebody"
    three[1].save()
    start_scan(started_by=staff, asked="artist=somebody")
    drain()
    scan = the_scan()
    assert (scan.status, scan.total, scan.searched, scan.found, scan.known) == ("done", 1, 1, 1, 0)
    assert [row.scanned_at is not None for row in Track.objects.order_by("pk")] == [False, True, False]
    assert scan.matches.get().query_track_id == three[1].pk


def test_what_is_left_to_scan_is_a_filter(three: list[Track], staff: User, drain: Callable[[], int]) -> None:
    start_scan(started_by=staff, asked="scanned=never")
    drain()
    assert the_scan().searched == 3
    with pytest.raises(CatalogError, match="leaves no track"):
        start_scan(started_by=staff, asked="scanned=never")


def test_pairs_found_again_are_counted_once(three: list[Track], staff: User, drain: Callable[[], int]) -> None:
    start_scan(started_by=staff)
    drain()
    assert (the_scan().found, the_scan().known) == (1, 0), "the second side of a new pair is no known one"
    for asked in ("", "added=7", f"owner__id__exact={three[0].owner_id}"):
        start_scan(started_by=staff, asked=asked)
        drain()
        assert (the_scan().found, the_scan().known) == (0, 1), asked


def test_a_pair_whose_other_track_is_not_in_the_scan_counts(
    three: list[Track], staff: User, drain: Callable[[], int]
) -> None:
    start_scan(started_by=staff)
    drain()
    Track.objects.filter(pk=three[1].pk).update(scanned_at=None)
    start_scan(started_by=staff, asked="scanned=never")
    drain()
    assert (the_scan().total, the_scan().known) == (1, 1)


def test_tracks_removed_meanwhile_are_passed(owner: User, staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "AT_ONCE", 2)
    tracks = [make_track(owner) for _ in range(7)]
    make_track(owner, artist="Another")
    scan = start_scan(started_by=staff, asked="artist=somebody")
    for track in (*tracks[:3], tracks[6]):
        remove_track(track=track)
    walked = []
    while track := next_track(scan):
        walked.append(track.pk)
        scan.done_track = track.pk
    assert walked == [track.pk for track in tracks[3:6]]
    assert [has_done(scan, pk) for pk in (tracks[0].pk, tracks[5].pk, tracks[6].pk, 0)] == [True, True, False, False]


def test_the_filter_is_of_the_moment_of_the_start(three: list[Track], staff: User, drain: Callable[[], int]) -> None:
    scan = start_scan(started_by=staff, asked="scanned=never")
    Track.objects.update(scanned_at="2026-01-01T00:00:00Z")
    drain()
    scan.refresh_from_db()
    assert scan.searched == 3


def test_a_long_recording_tells_how_far_it_is_and_stops_within_it(
    three: list[Track], staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = start_scan(started_by=staff)
    seen: list[Any] = []

    def long_search(*_args: object, progress: Callable[[float, int], None], **_values: object) -> None:
        progress._due_s = 0.0  # type: ignore[attr-defined]
        progress(120.0, 2)
        seen.append(the_scan().progress)
        cancel_scan(scan=scan)
        progress._due_s = 0.0  # type: ignore[attr-defined]
        progress(180.0, 3)
        seen.append("went on")

    monkeypatch.setattr(scanning.process_index, "find", long_search)
    scan_stretch(scan.pk)
    length_s = round(three[0].length_s or 0)
    assert seen == [{"title": three[0].title, "done_s": 120, "total_s": length_s, "found": 2}]
    assert (the_scan().status, the_scan().searched, the_scan().progress) == ("cancelled", 0, {})


def test_too_many_are_refused_before_anything_is_stored(
    owner: User, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "MOST_FILTERED", 2)
    for _ in range(3):
        make_track(owner)
    with pytest.raises(CatalogError, match="more than 2 tracks"):
        start_scan(started_by=staff, asked="added=7")
    assert not Scan.objects.exists()
    assert start_scan(started_by=staff).total == 3, "the whole catalog has no limit"
