"""Uploads straight to the bucket: a form that is signed for one name and one size, and a track once it is sent."""

import base64
import hmac
import json
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from catalog.models import PendingFile, Track, Upload
from catalog.services.audio import stored_files
from catalog.services.uploads.expiring import expire_uploads
from tests.conftest import client_of
from tests.object_store import ObjectStore

pytestmark = pytest.mark.slow
URL = "/api/v1/uploads/presigned"


def begun(api: APIClient, size: int, name: str = "song.ogg") -> dict[str, Any]:
    """Begin an upload."""
    answer = api.post(URL, {"file_name": name, "size_bytes": size}, format="json")
    assert answer.status_code == 201, answer.content
    told: dict[str, Any] = answer.json()
    return told


def post(upload: dict[str, Any], data: bytes, **fields: str) -> int:
    """Send the file as a client does: the fields first, and the file last."""
    form = upload["post"]
    answer = requests.post(form["url"], data=form["fields"] | fields, files={"file": data}, timeout=10)
    return answer.status_code


def complete(api: APIClient, upload: dict[str, Any], **headers: str) -> Any:
    """Say that the file is there."""
    return api.post(f"{upload['url']}/complete", headers=headers)


def test_from_the_form_to_the_track(s3_of_forms: ObjectStore, api: APIClient, owner: User, battle: Path) -> None:
    data = battle.read_bytes()
    upload = begun(api, len(data), "Summer Breeze.ogg")
    assert post(upload, data) == 204
    answer = complete(api, upload)
    assert answer.status_code == 200, answer.content
    track = Track.objects.get()
    assert answer.json()["track"]["musicId"] == str(track.music_id)
    assert (track.title, track.owner) == ("Summer Breeze", owner)
    assert s3_of_forms.read(track.audio_file.stored_name) == data
    again = complete(api, upload)
    assert again.json() == answer.json() == api.get(upload["url"]).json()
    assert Track.objects.count() == 1


def test_what_is_signed_is_one_name_and_one_size(s3_of_forms: ObjectStore, api: APIClient) -> None:
    """The bucket's server holds a sender to the policy, whose signature is made with the service's own secret."""
    upload = begun(api, 1234)
    fields = upload["post"]["fields"]
    policy = json.loads(base64.b64decode(fields["policy"]))
    name = f"originals/incoming/{upload['id']}"
    assert fields["key"] == name
    for condition in ({"bucket": "music"}, {"key": name}, ["content-length-range", 1234, 1234]):
        assert condition in policy["conditions"]
    ends_in = datetime.fromisoformat(policy["expiration"]) - timezone.now()
    assert timedelta(minutes=55) < ends_in <= timedelta(hours=1)
    key = f"AWS4{s3_of_forms.secret_key}".encode()
    for part in (*fields["x-amz-credential"].split("/")[1:], fields["policy"]):
        key = hmac.digest(key, part.encode(), "sha256")
    assert key.hex() == fields["x-amz-signature"]


def test_completed_too_early_and_with_another_size(s3_of_forms: ObjectStore, api: APIClient, battle: Path) -> None:
    data = battle.read_bytes()
    upload = begun(api, len(data))
    assert "not arrived" in complete(api, upload).json()["errors"]["file"][0]
    s3_of_forms.write(f"incoming/{upload['id']}", data[:-1])
    assert f"{len(data) - 1} bytes" in complete(api, upload).json()["errors"]["file"][0]
    assert Upload.objects.get().lease_token is None
    s3_of_forms.write(f"incoming/{upload['id']}", data)
    assert complete(api, upload).status_code == 200


def test_what_is_no_audio_is_refused_in_words(s3_of_forms: ObjectStore, api: APIClient) -> None:
    text = b"<html>not music</html>" * 50
    upload = begun(api, len(text), "page.mp3")
    post(upload, text)
    assert "mp3, wav, flac" in complete(api, upload).json()["errors"]["file"][0]
    assert complete(api, upload).status_code == 410
    assert api.get(upload["url"]).json()["state"] == "refused"
    assert not Track.objects.exists()


def test_unclaimed_ones_expire_with_their_bytes(
    s3_of_forms: ObjectStore, api: APIClient, battle: Path, settings: Settings
) -> None:
    data = battle.read_bytes()
    for _ in range(3):
        upload = begun(api, len(data))
        post(upload, data)
    complete(api, upload)
    later = timezone.now() + timedelta(hours=settings.UPLOAD_KEPT_HOURS, minutes=1)
    assert expire_uploads(now=later) == 3
    assert stored_files.remove_due(now=later) == 3
    assert s3_of_forms.names() == [Track.objects.get().audio_file.stored_name]
    assert not PendingFile.objects.exists()
    assert api.get(upload["url"]).status_code == 404


def test_given_up_and_another_accounts(s3_of_forms: ObjectStore, api: APIClient, outsider_api: APIClient) -> None:
    upload = begun(api, 1000)
    assert complete(outsider_api, upload).status_code == 404
    assert outsider_api.delete(upload["url"]).status_code == 404
    assert api.delete(upload["url"]).status_code == 204
    assert complete(api, upload).status_code == 410
    assert api.get(upload["url"]).json()["error"] == "The upload was deleted."


def test_limits(s3_of_forms: ObjectStore, api: APIClient, settings: Settings) -> None:
    settings.ACCOUNT_MAX_OPEN_UPLOADS = 1
    for size in (0, -1, 10**16, 501 * 1024 * 1024):
        answer = api.post(URL, {"file_name": "x.ogg", "size_bytes": size}, format="json")
        assert answer.status_code == 422, size
        assert set(answer.json()["errors"]) == {"size_bytes"}
    assert api.post(URL, {"size_bytes": 5}, format="json").status_code == 422
    upload = begun(api, 5)
    api.delete(upload["url"])
    answer = api.post(URL, {"file_name": "x.ogg", "size_bytes": 5}, format="json")
    assert "have not ended" in answer.json()["detail"], "its bytes may still be in the bucket"


def test_the_address_is_the_one_that_clients_reach(
    s3_of_forms: ObjectStore, api: APIClient, settings: Settings
) -> None:
    audio = settings.STORAGES["audio"]
    options = audio["OPTIONS"] | {"public_url": "https://files.example.org"}
    settings.STORAGES = settings.STORAGES | {"audio": audio | {"OPTIONS": options}}
    assert begun(api, 5)["post"]["url"].startswith("https://files.example.org/")


def test_each_way_belongs_to_a_kind_of_store(
    s3_of_forms: ObjectStore, api: APIClient, request: pytest.FixtureRequest
) -> None:
    answer = api.post("/api/v1/uploads/", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "5"})
    assert "presigned" in answer.json()["detail"]


def test_on_disk_there_is_nothing_to_sign(api: APIClient) -> None:
    answer = api.post(URL, {"file_name": "x.ogg", "size_bytes": 5}, format="json")
    assert answer.status_code == 422
    assert "on disk" in answer.json()["detail"]


@pytest.mark.django_db(transaction=True)
def test_two_completions_at_once_make_one_track(s3_of_forms: ObjectStore, owner: User, battle: Path) -> None:
    data = battle.read_bytes()
    upload = begun(client_of(owner), len(data))
    post(upload, data)
    answers: list[int] = []
    barrier = threading.Barrier(4)

    def send() -> None:
        api = client_of(owner)
        barrier.wait()
        answers.append(complete(api, upload).status_code)
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 200 in answers
    assert set(answers) <= {200, 423}
    assert Track.objects.count() == 1
