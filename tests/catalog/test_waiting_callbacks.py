"""A task that ends while the account's callback URL has not answered yet: its callback waits, and arrives."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from catalog.models import Job, Track
from catalog.selectors import overview
from tests.webhooks import receiver as receivers
from webhooks.models import Message
from webhooks.services import store_endpoint, sweep_due_messages, verify_endpoint

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.slow
@pytest.mark.parametrize("call", ["add", "check"])
def test_callback_of_a_task_that_ended_before_the_url_answered_arrives_after(
    api: APIClient,
    desk: Client,
    owner: User,
    add_track: Callable[..., Track],
    battle: Path,
    drain: Callable[[], int],
    receiver: receivers.Receiver,
    call: str,
) -> None:
    endpoint = store_endpoint(owner=owner, url=receiver.url)
    body = {"musicId": str(add_track(battle).music_id)}
    task_id = api.post(f"/api/v1/fingerprint/{call}", body, format="json").json()["taskId"]
    assert overview.needs().failing_endpoints == 0
    drain()
    told = api.get(f"/api/v1/task/result/{task_id}").json()
    assert told["status"] == "success"
    assert Message.objects.get(subject=task_id).state == Message.State.PENDING
    assert receiver.requests == []
    assert overview.needs().failing_endpoints == 1
    page = desk.get(f"/admin/catalog/job/{Job.objects.get(task_id=task_id).pk}/change/").content.decode()
    assert receiver.url in page
    assert "next attempt" not in page

    verify_endpoint(endpoint=endpoint)
    assert overview.needs().failing_endpoints == 0
    assert sweep_due_messages() == 1
    drain()
    (request,) = receiver.callbacks
    assert request.json == told
