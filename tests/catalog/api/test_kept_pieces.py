"""Uploads in pieces (tus 1.0): what is kept of a piece that breaks off, of lost ones, and how long."""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from catalog.models import Track, Upload
from catalog.services.uploads import resumable
from catalog.services.uploads.expiring import expire_uploads
from tests.catalog.api.pieces import ANOTHER, TUS, begun, piece

pytestmark = pytest.mark.usefixtures("own_folder")


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


def test_expired_ones_go_with_their_bytes(api: APIClient, owner: User, settings: Settings) -> None:
    url = begun(api, 1000)
    piece(api, url, 0, b"x" * 10)
    young = begun(api, 1000)
    later = timezone.now() + timedelta(hours=settings.UPLOAD_KEPT_HOURS, minutes=1)
    Upload.objects.filter(pk=young.rsplit("/", 1)[-1]).update(expires_at=later + timedelta(hours=1))
    assert expire_uploads(now=later) == 1
    assert api.head(url, headers=TUS).status_code == 404
    assert [path.name for path in resumable.folder().iterdir()] == [young.rsplit("/", 1)[-1]]
