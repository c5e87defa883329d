"""Uploads in pieces (tus 1.0): the last piece makes a track once, or says why it makes none."""

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
from rest_framework.test import APIClient

from catalog.models import Job, Track, Upload
from catalog.services.audio import store
from catalog.services.errors import NotReachableError
from catalog.services.uploads import finishing, resumable
from tests.catalog.api.pieces import ANOTHER, TUS, begun, offset_of, piece
from tests.catalog.api.test_uploads import files_there
from tests.conftest import client_of

pytestmark = pytest.mark.usefixtures("own_folder")


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
