"""The audio view: real bytes of real recordings, whole and in parts, to staff alone."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django import Settings

from catalog.engine import what_tells
from catalog.models import Track
from catalog.presentation.spectrogram_picture import MAX_COLUMNS, _thinned
from catalog.services.audio.analysis import fingerprint_of
from catalog.services.tracks.removal import remove_track
from tests.object_store import ObjectStore
from tests.rows import make_track, remove_for_good, stored_path

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True, params=["folder", pytest.param("bucket", marks=pytest.mark.slow)])
def own_store(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> ObjectStore | None:
    """Keep the audio of each test apart, in either kind of store: one of them damages it."""
    settings.AUDIO_DIR = tmp_path
    return request.getfixturevalue("s3") if request.param == "bucket" else None


@pytest.fixture
def track(add_track: Callable[..., Track], battle: Path) -> Track:
    """A real recording in the catalog."""
    return add_track(battle)


def url_of(track: Track) -> str:
    """Return where a track's audio is."""
    return reverse("catalog:audio", args=[track.music_id])


def body(response: HttpResponse) -> bytes:
    """Read a streamed answer."""
    return response.getvalue()


def test_whole_file(desk: Client, track: Track, battle: Path) -> None:
    response = desk.get(url_of(track))
    assert response.status_code == 200
    assert body(response) == battle.read_bytes()
    assert response["Content-Type"] == "audio/ogg"
    assert response["Content-Length"] == str(battle.stat().st_size)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize(
    ("header", "part"),
    [("bytes=0-9", slice(0, 10)), ("bytes=100000-", slice(100000, None)), ("bytes=-7", slice(-7, None))],
)
def test_part(desk: Client, track: Track, battle: Path, header: str, part: slice) -> None:
    response = desk.get(url_of(track), headers={"Range": header})
    expected = battle.read_bytes()[part]
    assert response.status_code == 206
    assert body(response) == expected
    assert response["Content-Length"] == str(len(expected))
    total = battle.stat().st_size
    first = range(total)[part].start
    assert response["Content-Range"] == f"bytes {first}-{first + len(expected) - 1}/{total}"


def test_behind_the_end(desk: Client, track: Track, battle: Path) -> None:
    response = desk.get(url_of(track), headers={"Range": "bytes=99999999-"})
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{battle.stat().st_size}"


def test_nonsense_range_is_ignored(desk: Client, track: Track, battle: Path) -> None:
    response = desk.get(url_of(track), headers={"Range": "bytes=one-two"})
    assert response.status_code == 200
    assert body(response) == battle.read_bytes()


def test_part_of_the_version_that_the_client_has(desk: Client, track: Track) -> None:
    etag = desk.head(url_of(track))["ETag"]
    same = desk.get(url_of(track), headers={"Range": "bytes=0-9", "If-Range": etag})
    other = desk.get(url_of(track), headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)
    assert len(body(same)) == 10
    body(other)


def test_not_modified(desk: Client, track: Track) -> None:
    etag = desk.head(url_of(track))["ETag"]
    response = desk.get(url_of(track), headers={"If-None-Match": etag})
    assert response.status_code == 304
    assert response.content == b""


def test_head(desk: Client, track: Track, battle: Path) -> None:
    response = desk.head(url_of(track))
    assert response["Content-Length"] == str(battle.stat().st_size)
    assert response.content == b""


def test_download(desk: Client, track: Track) -> None:
    response = desk.get(url_of(track) + "?download")
    assert response["Content-Disposition"] == 'attachment; filename="battle-music.ogg"'
    body(response)


def test_removed_track(desk: Client, track: Track) -> None:
    remove_track(track=track)
    body(desk.get(url_of(track)))  # it can be heard before it is brought back
    remove_for_good(track)
    assert desk.get(url_of(track)).status_code == 404


def test_missing_file(desk: Client, owner: User) -> None:
    assert desk.get(url_of(make_track(owner))).status_code == 404


@pytest.mark.parametrize("name", ["audio", "peaks", "spectrogram", "telling"])
def test_refused(name: str, client: Client, outsider_desk: Client, track: Track) -> None:
    url = reverse(f"catalog:{name}", args=[track.music_id])
    anonymous = client.get(url)
    assert anonymous.status_code == 302
    assert anonymous["Location"].startswith("/admin/login/")
    assert outsider_desk.get(url).status_code == 403


@pytest.mark.parametrize("name", ["audio", "peaks", "spectrogram", "telling"])
def test_staff_without_permission(name: str, client: Client, outsider: User, track: Track) -> None:
    outsider.is_staff = True
    outsider.save()
    client.force_login(outsider)
    assert client.get(reverse(f"catalog:{name}", args=[track.music_id])).status_code == 403


def test_nothing_is_posted(desk: Client, track: Track) -> None:
    assert desk.post(url_of(track)).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_waveform_is_drawn_by_a_worker(desk: Client, track: Track, drain: Callable[[], int]) -> None:
    url = reverse("catalog:peaks", args=[track.music_id])
    first = desk.get(url)
    assert (first.status_code, first.json()) == (202, {"state": "waiting"})
    desk.get(url)
    assert drain() == 1, "asking twice queues one task"
    answer = desk.get(url).json()
    assert answer["state"] == "ready"
    duration_s = len(answer["peaks"]) / answer["peaks_per_s"]
    assert duration_s == pytest.approx(track.audio_file.duration_s, rel=0.01)
    assert max(answer["peaks"]) > 50, "this is music"


@pytest.mark.django_db(transaction=True)
def test_file_that_cannot_be_drawn(
    desk: Client, track: Track, drain: Callable[[], int], own_store: ObjectStore | None
) -> None:
    if own_store:
        own_store.write(track.audio_file.stored_name, b"damaged")
    else:
        stored_path(track).write_bytes(b"damaged")
    url = reverse("catalog:peaks", args=[track.music_id])
    desk.get(url)
    drain()
    assert desk.get(url).json()["peaks"] == []


def test_spectrogram_is_the_fingerprints(desk: Client, track: Track) -> None:
    url = reverse("catalog:spectrogram", args=[track.music_id])
    assert desk.get(url).status_code == 404, "no fingerprint yet"
    fingerprint = fingerprint_of(track)
    picture = Image.open(BytesIO(desk.get(url).content))
    assert picture.size == fingerprint.levels.shape
    pixels = np.asarray(picture)
    assert np.array_equal(pixels[::-1].T, fingerprint.levels)


def test_long_spectrogram_fits_a_screen() -> None:
    levels = np.zeros((5 * MAX_COLUMNS, 56), np.uint8)
    levels[7777] = 15
    thinned = _thinned(levels)
    assert thinned.shape == (MAX_COLUMNS, 56)
    assert thinned.max() == 15, "a short loud moment stays visible"


def test_most_telling_stretches_are_marked(desk: Client, track: Track) -> None:
    url = reverse("catalog:telling", args=[track.music_id])
    assert desk.get(url).status_code == 404, "no fingerprint yet"
    found = what_tells(fingerprint_of(track))
    answer = desk.get(url)
    assert answer["Content-Type"] == "image/svg+xml"
    drawn = ET.fromstring(answer.content)  # noqa: S314  (our own answer)
    assert len(drawn.findall("{*}rect")) == 2 * len(found.stretches) > 0
    title = drawn.findtext("{*}title") or ""
    assert title.startswith("Most distinctive: 0:")
