"""Uploads in a bucket: a real S3 server, an account with no more rights than the documented policy gives."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from django.conf import settings
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from catalog.models import AudioFile, Job, PendingFile, Track
from catalog.services.audio import playback, store, stored_files
from catalog.services.errors import NotReachableError, TrackGoneError
from catalog.services.tasks import accepting, work
from catalog.services.tracks.removal import purge_removed, remove_track
from fingerprint_site.audio_storage import audio_storage
from tests.object_store import BUCKET, ObjectStore, free_port
from tests.rows import remove_for_good

pytestmark = pytest.mark.slow
URL = "/api/v1/music"


@pytest.fixture
def nobody_answers(settings: Settings) -> None:
    """Name a store where nothing listens."""
    options = {"access_key": "a", "secret_key": "b", "region_name": "x", "timeout_s": 1.0}
    away = audio_storage("s3://music", endpoint_url=f"http://127.0.0.1:{free_port()}", **options)
    settings.STORAGES = settings.STORAGES | {"audio": away}


def drafts() -> list[Path]:
    """Return what lies in this machine's upload folder."""
    return list(settings.UPLOAD_DIR.iterdir())


def done(track: Track, name: str) -> Job:
    """Run a job to its end in this process."""
    job = accepting.accept_job(track=track, owner=track.owner, task_name=name)
    work.run(job.pk)
    job.refresh_from_db()
    return job


def test_upload_goes_to_the_bucket_and_nowhere_else(
    s3: ObjectStore, api: APIClient, upload: Callable, battle: Path
) -> None:
    for _ in range(2):
        assert api.post(URL, {"file": upload(battle)}, format="multipart").status_code == 200
    name = AudioFile.objects.get().stored_name
    assert s3.names() == [name]
    assert s3.read(name) == battle.read_bytes()
    assert drafts() == []
    assert not (settings.AUDIO_DIR / name).exists()


def test_refused_upload_leaves_nothing(s3: ObjectStore, api: APIClient, upload: Callable, tmp_path: Path) -> None:
    text = tmp_path / "page.mp3"
    text.write_bytes(b"<html>not music</html>" * 50)
    assert api.post(URL, {"file": upload(text)}, format="multipart").status_code == 422
    assert s3.names() == []
    assert drafts() == []


@pytest.mark.django_db(transaction=True)
def test_last_removal_takes_the_object(s3: ObjectStore, add_track: Callable[..., Track], battle: Path) -> None:
    first, second = add_track(battle), add_track(battle)
    remove_for_good(first)
    assert len(s3.names()) == 1
    second.refresh_from_db()
    remove_for_good(second)
    assert s3.names() == []


def test_worker_fetches_and_leaves_no_copy(s3: ObjectStore, add_track: Callable[..., Track], battle: Path) -> None:
    reference = add_track(battle)
    assert done(reference, Job.Name.ADD).status == "success"
    query = add_track(battle)
    assert done(query, Job.Name.CHECK).result["matched_music_id"] == str(reference.music_id)
    assert drafts() == []


def test_waveform_of_a_fetched_copy(s3: ObjectStore, add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    assert playback.store_peaks(audio_file_id=track.audio_file_id)
    track.audio_file.refresh_from_db()
    assert max(track.audio_file.peaks) > 50
    assert drafts() == []


@pytest.mark.parametrize("damage", ["other bytes", "too few"])
def test_object_that_is_not_what_was_stored(
    s3: ObjectStore, add_track: Callable[..., Track], battle: Path, forest: Path, damage: str
) -> None:
    track = add_track(battle)
    s3.write(track.audio_file.stored_name, forest.read_bytes() if damage == "other bytes" else battle.read_bytes()[:-1])
    job = done(track, Job.Name.ADD)
    assert job.status == "failure"
    assert job.error == "The stored file is damaged: upload the track again."
    assert drafts() == []


def test_copy_never_grows_over_what_was_uploaded(
    s3: ObjectStore, add_track: Callable[..., Track], battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    track = add_track(battle)
    s3.write(track.audio_file.stored_name, bytes(20_000_000))
    written: list[int] = []
    fetch = store._fetch

    def measured(audio_file: AudioFile, copy: object) -> None:
        try:
            fetch(audio_file, copy)
        finally:
            written.append(copy.tell())

    monkeypatch.setattr(store, "_fetch", measured)
    with pytest.raises(TrackGoneError), store.on_this_machine(track.audio_file):
        pass
    assert written == [battle.stat().st_size]


def test_lost_object(s3: ObjectStore, add_track: Callable[..., Track], battle: Path) -> None:
    track = add_track(battle)
    s3.remove(track.audio_file.stored_name)
    assert "missing" in done(track, Job.Name.ADD).error
    add_track(battle)
    assert done(track, Job.Name.ADD).status == "success", "the next upload of the same bytes brings it back"


def test_account_can_do_no_more_than_its_work(s3: ObjectStore) -> None:
    for forbidden in (
        lambda: s3.client.put_object(Bucket=BUCKET, Key="elsewhere/x", Body=b""),
        lambda: s3.client.delete_bucket(Bucket=BUCKET),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            forbidden()


def test_store_that_does_not_answer_takes_no_upload(
    nobody_answers: None, api: APIClient, upload: Callable, battle: Path
) -> None:
    response = api.post(URL, {"file": upload(battle)}, format="multipart")
    assert response.status_code == 503
    assert "store" in response.json()["detail"]
    assert Track.objects.count() == 0
    assert drafts() == []


@pytest.mark.django_db(transaction=True)
def test_task_is_tried_again_while_the_store_does_not_answer(
    s3: ObjectStore, add_track: Callable[..., Track], owner: User, battle: Path, request: pytest.FixtureRequest
) -> None:
    track = add_track(battle)
    reachable = settings.STORAGES
    request.getfixturevalue("nobody_answers")
    job = done(track, Job.Name.ADD)
    assert (job.status, job.attempts) == ("pending", 1)
    request.getfixturevalue("settings").STORAGES = reachable
    work.run(job.pk)
    job.refresh_from_db()
    assert job.status == "success"


def test_task_fails_in_words_after_its_attempts(
    s3: ObjectStore, add_track: Callable[..., Track], battle: Path, request: pytest.FixtureRequest
) -> None:
    track = add_track(battle)
    request.getfixturevalue("nobody_answers")
    request.getfixturevalue("settings").JOB_MAX_ATTEMPTS = 1
    job = done(track, Job.Name.ADD)
    assert job.status == "failure"
    assert "store of uploaded files cannot be reached" in job.error


def test_removal_stands_while_the_store_does_not_answer(
    s3: ObjectStore, add_track: Callable[..., Track], battle: Path, request: pytest.FixtureRequest
) -> None:
    track = add_track(battle)
    request.getfixturevalue("nobody_answers")
    remove_track(track=track)
    assert purge_removed(now=timezone.now() + timedelta(days=365)) == 1
    with pytest.raises(NotReachableError):
        stored_files.remove_due()
    assert PendingFile.objects.get().state == PendingFile.State.REMOVING, "removed when the store answers again"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"AUDIO_STORAGE": "s3://music/originals"}, set()),
        ({"AUDIO_STORAGE": "music"}, {"catalog.E003"}),
        ({"AUDIO_STORAGE": "s3://key:secret@music"}, {"catalog.E003"}),
        ({"AUDIO_STORAGE": "https://music.example.org/bucket"}, {"catalog.E003"}),
        ({"AUDIO_STORAGE": "s3://music", "S3_ACCESS_KEY_ID": "a"}, {"catalog.E005"}),
        ({"AUDIO_STORAGE": "s3://music", "S3_ENDPOINT_URL": "minio:9000"}, {"catalog.E006"}),
        ({"S3_TIMEOUT_SECONDS": 0}, {"site.E002"}),
    ],
)
def test_settings_are_checked(settings: Settings, values: dict[str, object], expected: set[str]) -> None:
    for name, value in values.items():
        setattr(settings, name, value)
    assert {message.id for message in run_checks()} == expected


def test_missing_packages_are_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.AUDIO_STORAGE = "s3://music"
    monkeypatch.setattr("catalog.checks.find_spec", lambda _: None)
    (message,) = run_checks()
    assert message.hint == "pip install -r requirements-s3.txt"
