"""Uploads in pieces (tus 1.0): what is kept of each, what is refused, and that a track is made once."""

import base64
import hashlib
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from catalog.models import Job, Track, Upload
from catalog.services.audio import store
from catalog.services.errors import NotReachableError
from catalog.services.uploads import finishing, resumable
from catalog.services.uploads.expiring import expire_uploads
from tests.catalog.api.test_uploads import files_there
from tests.conftest import client_of

URL = "/api/v1/uploads/"
ANOTHER = "6d516670-e81b-49b5-a1f6-465407f84830"  # call's lease
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture(autouse=True)
def own_folder(settings: Settings, tmp_path: Path) -> None:
    """Put pieces together where no other test does."""
    settings.RESUMABLE_DIR = tmp_path / "resumable"
    settings.RESUMABLE_DIR.mkdir()


def named(name: str) -> dict[str, str]:
    """Return the header that names a file."""
    return {"Upload-Metadata": f"filename {base64.b64encode(name.encode()).decode()},filetype YXVkaW8="}


def begun(api: APIClient, size: int, name: str = "song.ogg") -> str:
    """Begin an upload and return its address."""
    answer = api.post(URL, headers={**TUS, "Upload-Length": str(size), **named(name)})
    assert answer.status_code == 201, answer.content
    assert answer["Location"] == answer.json()["url"]
    return str(answer["Location"])


def piece(api: APIClient, url: str, offset: int, data: bytes, **headers: str) -> Any:
    """Send a piece."""
    content_type = "application/offset+octet-stream"
    sent = {**TUS, "Upload-Offset": str(offset), **headers}
    return api.generic("PATCH", url, data, content_type=content_type, headers=sent)


def offset_of(api: APIClient, url: str) -> int:
    """Ask how far an upload is."""
    answer = api.head(url, headers=TUS)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    return int(answer["Upload-Offset"])


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


def test_what_is_no_audio_ends_the_upload_in_words(api: APIClient) -> None:
    text = b"<html>not music</html>" * 50
    url = begun(api, len(text), "page.mp3")
    answer = piece(api, url, 0, text)
    assert answer.status_code == 422
    assert "mp3, wav, flac" in answer.json()["errors"]["file"][0]
    assert list(resumable.folder().iterdir()) == []
    assert api.head(url, headers=TUS).status_code == 410
    assert piece(api, url, 0, text).status_code == 410
    told = api.get(url).json()
    assert (told["state"], told["track"]) == ("refused", None)
    assert "mp3, wav, flac" in told["error"]
    assert not Track.objects.exists()


@pytest.mark.slow
def test_a_store_that_does_not_answer_has_the_last_byte_sent_again(
    api: APIClient, battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that asks how far it is must not take the upload for ended."""
    data = battle.read_bytes()
    url = begun(api, len(data))

    def away(**_: Any) -> None:
        raise NotReachableError("The store of uploaded files cannot be reached.")

    with monkeypatch.context() as patched:
        patched.setattr(store, "save", away)
        answer = piece(api, url, 0, data)
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert offset_of(api, url) == len(data) - 1
    assert piece(api, url, len(data) - 1, data[-1:]).status_code == 204
    assert Track.objects.get().audio_file.sha256 == hashlib.sha256(data).hexdigest()


class Breaking:
    """A body that gives so many bytes and breaks off."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __call__(self, count: int) -> bytes:
        """Return the next bytes; raise at the end of them."""
        if not self._data:
            raise OSError("the sender went away")
        given, self._data = self._data[:count], self._data[count:]
        return given


@pytest.mark.parametrize("checksum", [None, resumable.Checksum("sha1", b"x")])
def test_what_arrived_of_a_broken_piece_is_kept(owner: User, api: APIClient, checksum: Any) -> None:
    """Unless nobody can say that it is right: its checksum is of the whole piece."""
    begun(api, 300_000)
    upload = Upload.objects.get()
    with pytest.raises(resumable.BrokenOffError):
        resumable.receive(upload=upload, offset=0, read=Breaking(b"x" * 100_000), checksum=checksum)
    upload.refresh_from_db()
    assert upload.received_bytes == (0 if checksum else 100_000)
    assert upload.lease_token is None


def test_what_a_killed_process_wrote_and_did_not_count_is_written_over(api: APIClient, battle: Path) -> None:
    data = battle.read_bytes()
    url = begun(api, len(data))
    piece(api, url, 0, data[:1000])
    with resumable.path_of(Upload.objects.get()).open("ab") as file:
        file.write(b"nobody counted this" * 1000)
    assert piece(api, url, 1000, data[1000:]).status_code == 204
    assert Track.objects.get().audio_file.sha256 == hashlib.sha256(data).hexdigest()


def test_lost_pieces_are_said(api: APIClient) -> None:
    url = begun(api, 1000)
    piece(api, url, 0, b"x" * 10)
    resumable.path_of(Upload.objects.get()).unlink()
    answer = piece(api, url, 10, b"x")
    assert answer.status_code == 410
    assert "Begin a new upload" in answer.json()["detail"]


def test_one_call_at_a_time(api: APIClient) -> None:
    url = begun(api, 1000)
    Upload.objects.update(lease_token=ANOTHER, lease_until=timezone.now() + timedelta(seconds=30))
    for answer in (piece(api, url, 0, b"x"), api.delete(url, headers=TUS)):
        assert (answer.status_code, answer["Retry-After"]) == (423, "1")
    Upload.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert piece(api, url, 0, b"x").status_code == 204


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


def test_expired_ones_go_with_their_bytes(api: APIClient, owner: User, settings: Settings) -> None:
    url = begun(api, 1000)
    piece(api, url, 0, b"x" * 10)
    young = begun(api, 1000)
    later = timezone.now() + timedelta(hours=settings.UPLOAD_KEPT_HOURS, minutes=1)
    Upload.objects.filter(pk=young.rsplit("/", 1)[-1]).update(expires_at=later + timedelta(hours=1))
    assert expire_uploads(now=later) == 1
    assert api.head(url, headers=TUS).status_code == 404
    assert [path.name for path in resumable.folder().iterdir()] == [young.rsplit("/", 1)[-1]]


def test_begun_twice_with_one_key_it_is_one(api: APIClient) -> None:
    headers = {**TUS, "Upload-Length": "1000", "Idempotency-Key": "k"}
    first, again = (api.post(URL, headers=headers) for _ in range(2))
    assert first["Location"] == again["Location"]
    assert again["Upload-Expires"] == first["Upload-Expires"]
    assert api.post(URL, headers={**headers, "Upload-Length": "1001"}).status_code == 422
    assert Upload.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_ends_at_once_make_one_track(owner: User, battle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second comes while the first makes the track, and after its lease was lost as well."""
    api = client_of(owner)
    data = battle.read_bytes()
    url = begun(api, len(data))
    piece(api, url, 0, data[:-1])
    answers: list[int] = []
    barrier = threading.Barrier(4)

    def send() -> None:
        barrier.wait()
        answers.append(piece(client_of(owner), url, len(data) - 1, data[-1:]).status_code)
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert min(answers) == 204
    assert set(answers) <= {204, 409, 410, 423}
    assert Track.objects.count() == 1
    assert Job.objects.count() == 0


@pytest.mark.slow
def test_an_end_whose_lease_was_lost_makes_nothing(
    api: APIClient, battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = battle.read_bytes()
    url = begun(api, len(data))
    add_track: Callable[..., Track] = finishing.adding.add_track

    def add_while_another_takes_over(**values: Any) -> Track:
        Upload.objects.update(lease_token=ANOTHER)
        return add_track(**values)

    before = files_there()
    with monkeypatch.context() as patched:
        patched.setattr(finishing.adding, "add_track", add_while_another_takes_over)
        assert piece(api, url, 0, data).status_code == 423
    assert not Track.objects.exists()
    assert files_there() == before, "nothing is stored but the pieces"
    Upload.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert piece(api, url, len(data) - 1, data[-1:]).status_code == 204
    assert Track.objects.count() == 1
