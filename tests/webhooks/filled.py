"""Rows of every table of callbacks, of every state."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from tests.webhooks.conftest import TASK_ID
from webhooks.models import Attempt, Endpoint, Message, Received, Refused
from webhooks.services import create_source, store_endpoint


def fill(count: int) -> None:
    """Make `count` rows of every table, of every state."""
    now = timezone.now()
    first = Endpoint.objects.count()
    for number in range(first, first + count):
        owner = User.objects.create_user(f"filled{number}")
        endpoint = store_endpoint(owner=owner, url=f"https://receiver{number}.example/hook")
        Endpoint.objects.filter(pk=endpoint.pk).update(
            verified_at=now if number % 3 else None, disabled_at=now if number % 4 == 1 else None
        )
        source, _ = create_source(slug=f"filled{number}")
        state = Message.State.values[number % 4]
        message = Message.objects.create(
            message_id=f"msg_{number}",
            endpoint=endpoint,
            event="check_is_same",
            event_key="k",
            subject=TASK_ID,
            body='{"task_id": "x"}',
            state=state,
            attempt_count=3,
            schedule_start=now,
            next_attempt_at=now + timedelta(minutes=4),
            created_at=now - timedelta(minutes=5),
            delivered_at=now if state == Message.State.DELIVERED else None,
        )
        for attempt, status in enumerate([None, 500, 200], start=1):
            Attempt.objects.create(
                message=message, number=attempt, started_at=now, ended_at=now, status=status, url=endpoint.url
            )
        Received.objects.create(
            source=source,
            message_id=f"m{number}",
            event="check_is_same",
            status="failure" if number % 2 else "success",
            task_id=TASK_ID,
            body='{"odd": "\\ud800"}',
            mippia_verified=True,
            standard_verified=bool(number % 2),
            first_seen_at=now,
            last_seen_at=now,
        )
        Refused.objects.create(source=source, slug="s", reason="signature", detail="no", at=now)


def fill_url(owner: User, *, delivered: int, failed: int) -> Endpoint:
    """Make a verified URL with callbacks: each delivered at its first attempt, or given up after its third."""
    now = timezone.now()
    endpoint = store_endpoint(owner=owner, url="https://receiver.example/hook")
    Endpoint.objects.filter(pk=endpoint.pk).update(verified_at=now)
    for number in range(delivered + failed):
        arrived = number < delivered
        message = Message.objects.create(
            message_id=f"msg_of_url_{number}",
            endpoint=endpoint,
            event="check_is_same",
            event_key=str(number),
            subject=f"task_20260402055414_{number:08}",
            body='{"task_id": "x"}',
            state=Message.State.DELIVERED if arrived else Message.State.FAILED,
            error="" if arrived else "Every attempt of the schedule failed.",
            attempt_count=1 if arrived else 3,
            schedule_start=now,
            next_attempt_at=now,
            created_at=now - timedelta(minutes=number),
            delivered_at=now if arrived else None,
        )
        for attempt, status in enumerate([200] if arrived else [302, 429, None], start=1):
            Attempt.objects.create(
                message=message, number=attempt, started_at=now, ended_at=now, status=status, url=endpoint.url
            )
    return endpoint
