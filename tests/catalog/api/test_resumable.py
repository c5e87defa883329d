"""Uploads in pieces (tus 1.0): what is answered to each call, and what is refused."""

import base64
import hashlib
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings
from rest_framework.test import APIClient

from catalog.models import Track, Upload
from catalog.services.uploads import resumable
from tests.catalog.api.pieces import TUS, URL, begun, offset_of, piece
from tests.catalog.api.test_uploads import files_there

pytestmark = pytest.mark.usefixtures("own_folder")


def test_says_what_it_speaks(api: APIClient) -> None:
    answer = api.options(URL)
    assert answer.status_code == 204
    assert answer["Tus-Version"] == "1.0.0"
    assert answer["Tus-Extension"] == "creation,checksum,termination,expiration"
    assert answer["Tus-Max-Size"] == str(500 * 1024 * 1024)
    assert "sha1" in answer["Tus-Checksum-Algorithm"]


def test_every_answer_says_where_the_key_stands(api: APIClient) -> None:
    url = begun(api, 1000)
    left = []
    for answer in (api.options(URL), api.head(url, headers=TUS), piece(api, url, 0, b"x"), piece(api, url, 0, b"x")):
        assert answer["Tus-Resumable"] == "1.0.0"
        left.append(int(answer["X-RateLimit-Remaining"]))
    assert left == [998, 997, 996, 995]
    refused = piece(APIClient(), url, 1, b"x")
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")


def test_pieces_become_a_track(api: APIClient, battle: Path, owner: User) -> None:
    before = files_there()
    data = battle.read_bytes()
    url = begun(api, len(data), "../../Größe.ogg")
    middle = len(data) // 2
    first = piece(api, url, 0, data[:middle])
    assert (first.status_code, first["Upload-Offset"]) == (204, str(middle))
    assert "Music-Id" not in first
    assert first["Upload-Expires"].endswith("GMT")
    assert offset_of(api, url) == middle
    last = piece(api, url, middle, data[middle:])
    assert last.status_code == 204, last.content
    track = Track.objects.get()
    assert (last["Music-Id"], track.title, track.owner) == (str(track.music_id), "Größe", owner)
    assert last["Tus-Resumable"] == "1.0.0"
    assert track.audio_file.sha256 == hashlib.sha256(data).hexdigest()
    assert len(files_there() - before) == 1, "the pieces are gone"
    told = api.get(url).json()
    assert (told["state"], told["track"]["musicId"]) == ("done", str(track.music_id))
    assert list(told["track"]) == ["musicId", "title", "created_at"]
    assert api.head(url, headers=TUS)["Music-Id"] == str(track.music_id)


def test_a_piece_at_another_place_is_refused(api: APIClient) -> None:
    url = begun(api, 1000)
    piece(api, url, 0, b"x" * 100)
    for offset in (0, 99, 101, 1000):
        assert piece(api, url, offset, b"y" * 10).status_code == 409
    assert offset_of(api, url) == 100
    assert piece(api, url, 100, b"z" * 901).status_code == 413
    assert offset_of(api, url) == 100


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_a_piece_that_is_not_what_its_checksum_says_is_dropped(api: APIClient, algorithm: str) -> None:
    url = begun(api, 1000)
    digest = base64.b64encode(hashlib.new(algorithm, b"right").digest()).decode()
    wrong = piece(api, url, 0, b"wrong", **{"Upload-Checksum": f"{algorithm} {digest}"})
    assert wrong.status_code == 460
    assert offset_of(api, url) == 0
    assert piece(api, url, 0, b"right", **{"Upload-Checksum": f"{algorithm} {digest}"}).status_code == 204
    assert offset_of(api, url) == 5


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Upload-Checksum": "crc32 AAAA"}, 400),
        ({"Upload-Checksum": "sha1 no-base64!"}, 422),
        ({"Upload-Offset": "-1"}, 422),
        ({"Upload-Offset": "x"}, 422),
        ({"Upload-Offset": "99999999999999999999"}, 422),
        ({"Tus-Resumable": "0.2.2"}, 412),
    ],
)
def test_headers_that_make_no_sense(api: APIClient, headers: dict[str, str], code: int) -> None:
    url = begun(api, 1000)
    answer = piece(api, url, 0, b"x", **headers)
    assert answer.status_code == code
    assert ("Tus-Version" in answer) == (code == 412)
    assert Upload.objects.get().received_bytes == 0


def test_another_content_type(api: APIClient) -> None:
    url = begun(api, 1000)
    answer = api.generic("PATCH", url, b"x", content_type="text/plain", headers={**TUS, "Upload-Offset": "0"})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 422),
        ({"Upload-Length": "0"}, 422),
        ({"Upload-Length": "many"}, 422),
        ({"Upload-Length": str(501 * 1024 * 1024)}, 422),
        ({"Upload-Length": "5", "Upload-Metadata": "filename no-base64!"}, 422),
        ({"Upload-Length": "5", "Upload-Metadata": "a " + "x" * 5000}, 422),
        ({"Upload-Defer-Length": "1"}, 422),
    ],
)
def test_beginnings_that_are_refused(api: APIClient, headers: dict[str, str], code: int) -> None:
    assert api.post(URL, headers={**TUS, **headers}).status_code == code
    assert api.post(URL, headers=headers).status_code == 412
    assert not Upload.objects.exists()
    assert list(resumable.folder().iterdir()) == []


def test_begins_without_the_slash_as_well(api: APIClient) -> None:
    """Sent on to the other address, a POST would come there as a GET."""
    answer = api.post(URL.rstrip("/"), headers={**TUS, "Upload-Length": "9"})
    assert (answer.status_code, answer["Location"]) == (201, f"{URL}{Upload.objects.get().pk}")


def test_more_than_the_account_may_have(api: APIClient, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ACCOUNT_MAX_OPEN_UPLOADS = 2
    settings.ACCOUNT_MAX_MB = 3
    begun(api, 2 * 1024 * 1024)
    answer = api.post(URL, headers={**TUS, "Upload-Length": str(2 * 1024 * 1024)})
    assert answer.status_code == 422, "what has begun counts"
    begun(api, 10)
    answer = api.post(URL, headers={**TUS, "Upload-Length": "10"})
    assert "2 uploads that have not ended" in answer.json()["detail"]
    settings.ACCOUNT_MAX_OPEN_UPLOADS = 3
    monkeypatch.setattr("catalog.services.audio.disk_room.free_mb", lambda: settings.DISK_RESERVE_MB)
    assert api.post(URL, headers={**TUS, "Upload-Length": "10"}).status_code == 503


def test_given_up(api: APIClient, outsider_api: APIClient) -> None:
    url = begun(api, 1000)
    piece(api, url, 0, b"x" * 10)
    for answer in (
        outsider_api.get(url),
        outsider_api.head(url, headers=TUS),
        piece(outsider_api, url, 10, b"x"),
        outsider_api.delete(url, headers=TUS),
        api.get(f"{URL}nothing"),
    ):
        assert answer.status_code == 404
    assert api.delete(url, headers=TUS).status_code == 204
    assert list(resumable.folder().iterdir()) == []
    assert api.head(url, headers=TUS).status_code == 404


def test_begun_twice_with_one_key_it_is_one(api: APIClient) -> None:
    headers = {**TUS, "Upload-Length": "1000", "Idempotency-Key": "k"}
    first, again = (api.post(URL, headers=headers) for _ in range(2))
    assert first["Location"] == again["Location"]
    assert again["Upload-Expires"] == first["Upload-Expires"]
    assert api.post(URL, headers={**headers, "Upload-Length": "1001"}).status_code == 422
    assert Upload.objects.count() == 1
