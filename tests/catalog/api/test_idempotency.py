"""`Idempotency-Key`: a POST that is repeated is done once, whoever comes at the same moment and whatever dies."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from catalog.models import AudioFile, IdempotentCall, Job, Track
from catalog.services import idempotency, pruning
from catalog.services.tasks import accepting
from catalog.services.tracks import adding
from tests.catalog.api.test_schema import CALLS
from tests.conftest import client_of
from tests.indexed import fingerprint_at
from tests.rows import make_track

ADD, CHECK, REMOVE, MUSIC = (
    *(f"/api/v1/fingerprint/{name}" for name in ("add", "check", "remove")),
    "/api/v1/music",
)
FINGERPRINT = "/api/v1/fingerprint"
OF_UPLOADS = {f"/api/v1/uploads/{call}" for call in ("", "presigned", "{upload_id}/complete")}  # test_resumable.py …
JSON_CALLS = [ADD, CHECK, REMOVE]
KEY = "order-4711"


def post(api: APIClient, url: str, body: Any, key: str = KEY) -> Any:
    """Send a body with a key."""
    return api.post(url, body, format="json", headers={"Idempotency-Key": key})


def send(api: APIClient, path: Path, key: str = KEY, *, url: str = MUSIC, name: str = "") -> Any:
    """Upload a file with a key."""
    file = SimpleUploadedFile(name or path.name, path.read_bytes())
    return api.post(url, {"file": file}, format="multipart", headers={"Idempotency-Key": key})


def body_of(track: Track) -> dict[str, str]:
    """Return what names a track."""
    return {"musicId": str(track.music_id)}


def test_every_post_is_covered_here() -> None:
    posts = {path for path, method in CALLS if method == "post" and not path.startswith("/api/v1/callback-url")}
    assert posts == {MUSIC, FINGERPRINT, *JSON_CALLS, *OF_UPLOADS}


def test_a_new_key_costs_one_statement_before_the_work(owner: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        claimed = idempotency.claim(owner=owner, key=KEY, request_digest="x")
    assert len(queries) == 1
    assert isinstance(claimed, idempotency.Claim)
    stored = IdempotentCall.objects.get()
    assert (stored.pk, stored.lease_token, stored.owner) == (claimed.call_id, claimed.token, owner)


@pytest.mark.parametrize("url", JSON_CALLS)
def test_repeated_it_is_done_once_and_answered_the_same(api: APIClient, owner: User, url: str) -> None:
    body = body_of(make_track(owner))
    first, again = post(api, url, body), post(api, url, body)
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert "Idempotency-Replayed" not in first
    assert (again["Idempotency-Replayed"], again["Cache-Control"]) == ("true", "no-store")
    assert Job.objects.count() == (0 if url == REMOVE else 1)
    assert post(api, url, body, "another").content != first.content or url == REMOVE


def test_a_batch_and_the_order_of_its_members(api: APIClient, owner: User) -> None:
    tracks = [str(make_track(owner).music_id) for _ in range(3)]
    first = post(api, CHECK, {"musicIds": tracks})
    assert post(api, CHECK, {"musicIds": tracks}).content == first.content
    assert post(api, CHECK, {"musicIds": tracks[::-1]}).status_code == 422
    assert Job.objects.count() == 3


def test_a_fingerprint_that_is_repeated_makes_one_track(api: APIClient, battle: Path) -> None:
    data = fingerprint_at(battle).to_bytes()

    def send_it(title: str) -> Any:
        body = {"fingerprint": SimpleUploadedFile("a.fp", data), "title": title}
        return api.post(FINGERPRINT, body, format="multipart", headers={"Idempotency-Key": KEY})

    first, again = send_it("one"), send_it("one")
    assert first.status_code == 200, first.content
    assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")
    assert send_it("two").status_code == 422
    assert Track.objects.count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("then", ["", "?then=add,check"])
def test_an_upload_that_is_repeated_makes_one_track(api: APIClient, battle: Path, then: str) -> None:
    first, again = (send(api, battle, url=f"{MUSIC}{then}") for _ in range(2))
    assert first.status_code == 200, first.content
    assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")
    assert Track.objects.count() == 1
    assert Job.objects.count() == (2 if then else 0)


def test_another_request_under_the_same_key_is_422(api: APIClient, owner: User, battle: Path, forest: Path) -> None:
    one, other = make_track(owner), make_track(owner)
    assert post(api, CHECK, body_of(one)).status_code == 200
    refused = [post(api, CHECK, body_of(other)), post(api, ADD, body_of(one)), send(api, battle)]
    assert send(api, battle, "file").status_code == 200
    refused += [
        send(api, forest, "file"),
        send(api, battle, "file", name="renamed.ogg"),
        send(api, battle, "file", url=f"{MUSIC}?then=add"),
    ]
    for answer in refused:
        assert answer.status_code == 422
        assert answer.json()["errors"] == {"Idempotency-Key": ["This key was used for another request. Use a new one."]}
    assert (Job.objects.count(), Track.objects.count()) == (1, 3)


def test_keys_of_two_accounts_are_apart(api: APIClient, outsider_api: APIClient, owner: User, outsider: User) -> None:
    mine, theirs = make_track(owner), make_track(outsider)
    assert post(api, CHECK, body_of(mine)).status_code == 200
    assert post(outsider_api, CHECK, body_of(theirs)).status_code == 200
    assert post(client_of(owner), CHECK, body_of(mine))["Idempotency-Replayed"] == "true"  # a new key of the account


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "é", "a\tb"])
def test_what_is_no_key_is_422(api: APIClient, owner: User, key: str) -> None:
    answer = post(api, CHECK, body_of(make_track(owner)), key)
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {"Idempotency-Key"}
    assert not Job.objects.exists()


def test_a_refusal_leaves_the_key_free(api: APIClient, owner: User, outsider: User, battle: Path) -> None:
    assert post(api, CHECK, body_of(make_track(outsider))).status_code == 422
    assert post(api, CHECK, "nothing").status_code == 422
    empty = SimpleUploadedFile("a.mp3", b"no music")
    refused = api.post(MUSIC, {"file": empty}, format="multipart", headers={"Idempotency-Key": KEY})
    assert refused.status_code == 422
    assert not IdempotentCall.objects.exists()
    assert post(api, CHECK, body_of(make_track(owner))).status_code == 200


@pytest.mark.slow
def test_a_defect_leaves_nothing_and_the_key_free(
    api: APIClient, owner: User, battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever raises after the work: neither the work nor an answer is there, and the same call can be made again."""
    api.raise_request_exception = False
    body, keep = body_of(make_track(owner)), idempotency.keep

    def fail(*args: Any) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr(idempotency, "keep", fail)
    assert post(api, CHECK, body).status_code == 500
    assert send(api, battle, "file", url=f"{MUSIC}?then=add").status_code == 500
    assert (Job.objects.count(), IdempotentCall.objects.count(), AudioFile.objects.count()) == (0, 0, 1)
    monkeypatch.setattr(idempotency, "keep", keep)
    assert post(api, CHECK, body).status_code == 200
    assert send(api, battle, "file").status_code == 200


def test_neither_key_nor_answer_is_stored_in_clear(api: APIClient, owner: User) -> None:
    track = make_track(owner)
    answer = post(api, CHECK, body_of(track))
    row = IdempotentCall.objects.get()
    stored = str([getattr(row, field.name) for field in IdempotentCall._meta.fields])
    for text in (KEY, answer.json()["taskId"], str(track.music_id)):
        assert text not in stored


def test_an_answer_is_kept_for_a_day(api: APIClient, owner: User, settings: Settings) -> None:
    one, other = make_track(owner), make_track(owner)
    first = post(api, CHECK, body_of(one))
    yesterday = timezone.now() - timedelta(hours=settings.IDEMPOTENCY_HOURS, minutes=1)
    IdempotentCall.objects.update(created_at=yesterday)
    later = post(api, CHECK, body_of(other))  # before the sweeper came to it
    assert later.status_code == 200
    assert later.content != first.content
    assert pruning.prune() == 0
    IdempotentCall.objects.update(created_at=yesterday)
    assert pruning.prune() == 1
    assert not IdempotentCall.objects.exists()


def test_of_a_worker_that_died_the_key_is_free_when_its_lease_is_over(api: APIClient, owner: User) -> None:
    body = body_of(make_track(owner))
    assert post(api, CHECK, body).status_code == 200
    IdempotentCall.objects.update(sealed_answer="", status=None, lease_until=timezone.now() + timedelta(seconds=30))
    waits = post(api, CHECK, body)
    assert (waits.status_code, waits["Retry-After"]) == (409, "1")
    IdempotentCall.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert post(api, CHECK, body).status_code == 200
    assert post(api, CHECK, body)["Idempotency-Replayed"] == "true"


def test_a_worker_that_was_thought_dead_undoes_its_work(
    api: APIClient, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = accepting.accept_jobs

    def accept_late(**values: Any) -> Any:
        jobs = accept(**values)
        IdempotentCall.objects.update(lease_token="00000000-0000-0000-0000-000000000007")  # another took over
        return jobs

    monkeypatch.setattr(accepting, "accept_jobs", accept_late)
    assert post(api, CHECK, body_of(make_track(owner))).status_code == 409
    assert not Job.objects.exists()


def test_an_answer_sealed_under_another_key_is_409(api: APIClient, owner: User, settings: Settings) -> None:
    body = body_of(make_track(owner))
    assert post(api, CHECK, body).status_code == 200
    settings.SECRETS_KEY = "another"
    assert post(api, CHECK, body).status_code == 409


def at_once(count: int, call: Callable[[], Any]) -> list[Any]:
    """Make a call from threads of their own, begun together; return the answers."""
    barrier, answers = threading.Barrier(count), []

    def run() -> None:
        barrier.wait()
        answers.append(call())
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["check", "batch", "upload"])
def test_at_the_same_moment_one_is_done(owner: User, battle: Path, what: str) -> None:
    """Of eight at once one does the work; the others are told to wait, or what it was answered."""
    track = make_track(owner)
    clients = [client_of(owner) for _ in range(8)]
    calls = {
        "check": lambda: post(clients.pop(), CHECK, body_of(track)),
        "batch": lambda: post(clients.pop(), CHECK, {"musicIds": [str(track.music_id)]}),
        "upload": lambda: send(clients.pop(), battle),
    }
    answers = at_once(8, calls[what])
    assert {answer.status_code for answer in answers} <= {200, 409}
    done = {answer.content for answer in answers if answer.status_code == 200}
    assert len(done) == 1
    assert sum(answer.status_code == 200 and "Idempotency-Replayed" not in answer for answer in answers) == 1
    assert Job.objects.count() == (0 if what == "upload" else 1)
    assert Track.objects.count() == (2 if what == "upload" else 1)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_who_comes_while_it_is_worked_on_is_told_409(
    owner: User, battle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on = threading.Event(), threading.Event()
    add = adding.add_track

    def add_slowly(**values: Any) -> Track:
        began.set()
        assert go_on.wait(20)
        return add(**values)

    monkeypatch.setattr(adding, "add_track", add_slowly)
    first: list[Any] = []

    def upload() -> None:
        first.append(send(client_of(owner), battle))
        connections.close_all()

    thread = threading.Thread(target=upload)
    thread.start()
    assert began.wait(20)
    second = send(client_of(owner), battle)
    go_on.set()
    thread.join()
    assert (first[0].status_code, second.status_code) == (200, 409)
    assert second["Retry-After"] == "1"
    assert send(client_of(owner), battle).content == first[0].content
    assert Track.objects.count() == 1
