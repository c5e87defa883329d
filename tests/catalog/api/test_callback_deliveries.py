"""Callbacks through the API: what was sent to a URL, sent again, deleted and paused."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from tests.catalog.api.callback_urls import sent
from tests.webhooks.conftest import CHECKED, TASK_ID
from tests.webhooks.receiver import Receiver, reply
from webhooks.models import Attempt, Endpoint, Message
from webhooks.services import queue_messages
from webhooks.services.delivery import claim_message
from webhooks.tasks import deliver_message


def test_recover_and_replay_say_first_how_many(
    api: APIClient, owner: User, endpoint: Endpoint, path: str, receiver: Receiver
) -> None:
    since = {"since": (timezone.now() - timedelta(hours=1)).isoformat()}
    sent(owner, "good")
    bad = sent(owner, "bad")
    Message.objects.filter(pk=bad.pk).update(state=Message.State.FAILED, delivered_at=None)
    for call, count in (("recover", 1), ("replay", 2)):
        assert api.get(f"{path}/{call}", since).json() == {"count": count}
    assert api.post(f"{path}/recover", since, format="json").json() == {"count": 1}
    deliver_message(bad.pk)
    assert api.post(f"{path}/replay", since, format="json").json() == {"count": 2}
    for message in Message.objects.all():
        deliver_message(message.pk)
    assert len(receiver.callbacks) == 5
    for wrong in ({}, {"since": "yesterday"}, {"since": "2026-01-01T00:00:00Z", "to": "now"}):
        assert api.post(f"{path}/replay", wrong, format="json").status_code == 422
        assert api.get(f"{path}/recover", wrong).status_code == 422


def test_deliveries_are_filtered_and_paged(api: APIClient, owner: User, endpoint: Endpoint, path: str) -> None:
    messages = [sent(owner, str(number)) for number in range(5)]
    Message.objects.filter(pk=messages[0].pk).update(state=Message.State.FAILED, delivered_at=None, event="match.found")
    newest = [message.message_id for message in reversed(messages)]
    first = api.get(f"{path}/deliveries", {"limit": 3}).json()
    rest = api.get(f"{path}/deliveries", {"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [row["message_id"] for row in first["results"] + rest["results"]] == newest
    assert rest["next_cursor"] is None
    before = messages[1].created_at.isoformat()
    for query in ({"state": "failed"}, {"event": "match.found"}, {"created_before": before}):
        assert [row["message_id"] for row in api.get(f"{path}/deliveries", query).json()["results"]] == [newest[-1]]
    for query in (
        {"state": "lost"},
        {"stat": "failed"},
        {"limit": 0},
        {"cursor": "nothing"},
        {"cursor": "\0"},
        {"event": "\0"},
    ):
        assert api.get(f"{path}/deliveries", query).status_code == 422


def test_content_is_deleted_and_the_record_stays(api: APIClient, owner: User, endpoint: Endpoint, path: str) -> None:
    message = sent(owner)
    of_message = f"{path}/deliveries/{message.message_id}"
    assert api.delete(f"{of_message}/content").status_code == 204
    told = api.get(of_message).json()
    assert (told["body"], told["state"], told["attempts"][0]["status"]) == ("", "delivered", 200)
    assert told["content_deleted_at"] is not None
    assert Attempt.objects.get().request_headers == {}
    (going,) = queue_messages(owner=owner, event="check_is_same", event_key="b", subject=TASK_ID, body=CHECKED)
    assert claim_message(message_pk=going.pk, now=timezone.now())
    busy = api.delete(f"{path}/deliveries/{going.message_id}/content")
    assert busy.status_code == 409
    assert busy["Retry-After"]


def test_pauses_are_told(api: APIClient, owner: User, endpoint: Endpoint, path: str, receiver: Receiver) -> None:
    receiver.behaviour = reply(429, Retry_After="120")
    sent(owner)
    told = api.get(path).json()
    assert (told["state"], told["enabled"]) == ("paused", True)
    assert "fewer calls" in told["reason"]
    assert told["paused_until"] > timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")
