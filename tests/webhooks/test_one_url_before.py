"""Rows of when an account had one callback URL: all of it is there afterwards, and works."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.migrations.state import StateApps
from django.utils import timezone

from tests.migrated import schema_of
from tests.webhooks.conftest import TASK_ID
from tests.webhooks.receiver import Receiver
from webhooks.models import Attempt, Endpoint, Message
from webhooks.secret_box import new_secret, seal
from webhooks.services import add_endpoint, endpoint_secret, sweep_due_messages
from webhooks.tasks import deliver_message

BEFORE = [("webhooks", "0011_plain_words")]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def rows_before(apps: StateApps, people: list[User], url: str) -> list[str]:
    """Make URLs with a message that waits and one that failed, as the schema was; return their secrets."""
    now = timezone.now()
    secrets = [new_secret() for _ in people]
    for number, (person, secret) in enumerate(zip(people, secrets, strict=True)):
        endpoint = apps.get_model("webhooks", "Endpoint").objects.create(
            owner_id=person.pk, url=f"{url}{number}", sealed_secret=seal(secret), verified_at=now,
            candidate_url="https://label.example/new", failing_since=now, recovery_total=7,
        )  # fmt: skip
        for key, state in (("waits", "pending"), ("failed", "failed")):
            message = apps.get_model("webhooks", "Message").objects.create(
                message_id=f"msg_{key}{number}", endpoint=endpoint, event="check_is_same", event_key=key,
                subject=TASK_ID, body='{"a": 1}', state=state, attempt_count=1,
                schedule_start=now, next_attempt_at=now, created_at=now,
            )  # fmt: skip
            apps.get_model("webhooks", "Attempt").objects.create(message=message, number=1, started_at=now, status=500)
    with pytest.raises(IntegrityError), transaction.atomic():
        apps.get_model("webhooks", "Endpoint").objects.create(owner_id=people[0].pk, url=url, sealed_secret="x")
    return secrets


def test_rows_survive_and_work(receiver: Receiver, settings: Any) -> None:
    people = [User.objects.create_user(f"person-{number}") for number in range(3)]
    with schema_of(BEFORE) as before:
        secrets = rows_before(before, people, receiver.url)
    endpoints = list(Endpoint.objects.order_by("pk"))
    assert [endpoint_secret(endpoint=endpoint) for endpoint in endpoints] == secrets
    assert [endpoint.owner for endpoint in endpoints] == people
    assert len({endpoint.public_id for endpoint in endpoints}) == 3
    for endpoint in endpoints:
        assert (endpoint.events, endpoint.body_format, endpoint.scheme) == (
            ["add_audio_in_index", "check_is_same"], "contract", "hmac",
        )  # fmt: skip
        assert endpoint.is_deliverable
        assert (endpoint.candidate_url, endpoint.recovery_total) == ("https://label.example/new", 7)
        assert endpoint.failing_since is not None
        assert list(endpoint.messages.order_by("pk").values_list("state", flat=True)) == ["pending", "failed"]
    assert Attempt.objects.filter(status=500).count() == 6

    assert sweep_due_messages() == 3
    for message in Message.objects.filter(state="pending"):
        assert deliver_message(message.pk)
    ids = {request.headers["webhook-id"] for request in receiver.callbacks}
    assert ids == {"msg_waits0", "msg_waits1", "msg_waits2"}
    second = add_endpoint(owner=people[0], url="https://label.example/second")
    assert second.events == list(endpoints[0].events)
