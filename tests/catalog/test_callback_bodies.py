"""What real tasks send to each of an account's URLs: the contract's body byte for byte, or all that was found."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from catalog.models import Job, Track
from catalog.services.tasks import accepting, work
from tests.conftest import client_of
from tests.webhooks.receiver import Receiver
from webhooks.models import Message
from webhooks.services import add_endpoint, change_endpoint, verify_endpoint
from webhooks.tasks import deliver_message


@pytest.fixture
def urls(owner: User, receiver: Receiver) -> None:
    """Three URLs: as the contract has it, with the matches, and for matches alone."""
    for name, choices in (
        ("contract", {}),
        ("full", {"body_format": "full"}),
        ("found", {"events": ["match.found"]}),
    ):
        endpoint = verify_endpoint(endpoint=add_endpoint(owner=owner, url=f"{receiver.url}/{name}"))
        change_endpoint(endpoint=endpoint, **choices)


def bodies(job: Job, receiver: Receiver) -> dict[str, bytes]:
    """Do a job, deliver what it sends, and return it by the last part of the URL."""
    work.run(job.pk)
    before = len(receiver.callbacks)
    for message in Message.objects.filter(subject=job.task_id):
        deliver_message(message.pk)
    return {request.path.rsplit("/", 1)[1]: request.body for request in receiver.callbacks[before:]}


@pytest.mark.slow
def test_check_that_finds_a_copy(
    owner: User,
    urls: None,
    receiver: Receiver,
    indexed: Callable[[Path], Track],
    add_track: Callable[..., Track],
    battle: Path,
) -> None:
    reference, query = indexed(battle), add_track(battle)
    job = accepting.accept_job(track=query, owner=owner, task_name=Job.Name.CHECK)
    sent = bodies(job, receiver)
    job.refresh_from_db()
    assert set(sent) == {"contract", "full", "found"}
    assert (
        sent["contract"]
        == (
            f'{{"task_id": "{job.task_id}", "task_name": "check_is_same", "status": "success", "result": '
            f'{{"is_duplicate": true, "matched_music_id": "{reference.music_id}", '
            f'"matched_musicname": "battle-music"}}, '
            f'"completed_at": "{job.callback_body["completed_at"]}"}}'
        ).encode()
    )
    full = json.loads(sent["full"])
    told = client_of(owner).get(f"/api/v1/task/result/{job.task_id}/matches").json()
    assert full == json.loads(sent["contract"]) | {"music_id": str(query.music_id), "matches": told["matches"]}
    (match,) = full["matches"]
    assert (match["musicId"], match["is_copy"]) == (str(reference.music_id), True)
    found = json.loads(sent["found"])
    assert (found["type"], found["task_id"], found["music_id"]) == ("match.found", job.task_id, str(query.music_id))
    assert found["matches"] == told["matches"]


@pytest.mark.slow
def test_check_that_finds_nothing_and_add(
    owner: User, urls: None, receiver: Receiver, add_track: Callable[..., Track], battle: Path
) -> None:
    track = add_track(battle)
    check = accepting.accept_job(track=track, owner=owner, task_name=Job.Name.CHECK)
    sent = bodies(check, receiver)
    assert set(sent) == {"contract", "full"}, "match.found is for matches"
    assert json.loads(sent["full"])["matches"] == []
    add = accepting.accept_job(track=track, owner=owner, task_name=Job.Name.ADD)
    sent = bodies(add, receiver)
    assert json.loads(sent["full"]) == json.loads(sent["contract"]) | {"music_id": str(track.music_id)}


def test_task_that_fails(
    owner: User, urls: None, receiver: Receiver, add_track: Callable[..., Track], battle: Path
) -> None:
    track = add_track(battle)
    job = accepting.accept_job(track=track, owner=owner, task_name=Job.Name.ADD)
    Track.objects.filter(pk=track.pk).update(removed_at=timezone.now())
    sent = bodies(job, receiver)
    assert set(sent) == {"contract", "full"}
    assert json.loads(sent["contract"])["status"] == "failure"
    assert "error" in json.loads(sent["full"])
