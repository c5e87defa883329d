"""A receiver, an account with a verified endpoint, and a source."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.webhooks import receiver as receivers
from webhooks.models import Endpoint, Message, Source
from webhooks.services import create_source, queue_messages, register_endpoint

TASK_ID = "task_20260402055414_LmxwriSZ"
CHECKED: dict[str, Any] = {
    "task_id": TASK_ID,
    "task_name": "check_is_same",
    "status": "success",
    "result": {
        "is_duplicate": True,
        "matched_music_id": "6d516670-e81b-49b5-a1f6-465407f84830",
        "matched_musicname": "Summer Breeze",
    },
    "completed_at": "2026-04-02T14:54:14.859289",
}
ADDED = {
    "task_id": TASK_ID,
    "task_name": "add_audio_in_index",
    "status": "success",
    "completed_at": "2026-04-02T14:54:14.859289",
}
FAILED = ADDED | {"status": "failure", "error": "The file is not audio."}
NO_MATCH = CHECKED | {"result": {"is_duplicate": False, "matched_music_id": None, "matched_musicname": None}}

CHOICES: dict[str, Any] = {  # what the form of a URL sends beside its address
    "events": ["add_audio_in_index", "check_is_same"],
    "body_format": "contract",
    "scheme": "hmac",
}


@pytest.fixture
def outside() -> Client:
    """A caller without cookies whose requests go through the CSRF check."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def account(db: None) -> User:
    """An account with an address."""
    return User.objects.create_user("account", email="account@example.org")


@pytest.fixture
def endpoint(account: User, receiver: receivers.Receiver) -> Endpoint:
    """The account's endpoint, verified by the receiver."""
    return register_endpoint(owner=account, url=receiver.url)


@pytest.fixture
def send(account: User, endpoint: Endpoint) -> Callable[..., Message]:
    """Queue a message for the account's endpoint."""

    def queue(key: str = "end", body: dict[str, Any] | None = None) -> Message:
        (message,) = queue_messages(
            owner=account, event="check_is_same", event_key=key, subject=TASK_ID, body=body or CHECKED
        )
        return message

    return queue


@pytest.fixture
def source(db: None) -> tuple[Source, str]:
    """A source and its secret."""
    return create_source(slug="label")
