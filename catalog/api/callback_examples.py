"""Examples of what is sent and answered about callback URLs, for the schema."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from catalog.api.examples import CHECK_TASK, CHECKED_BODY, CREATED_AT
from webhooks.contract import Event

_ID = "0b0e7b6a-5d0c-4d35-9c2e-1d0f3a0a7c11"
_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105  (of the Standard Webhooks specification's examples)
_MESSAGE = "msg_2c1f0a9e4b7d48f0a1b2c3d4e5f60718"
_DELIVERED_AT = "2026-04-02T05:54:16Z"
_URL = {
    "id": _ID,
    "url": "https://label.example/hook",
    "new_url": None,
    "name": "Rights department",
    "description": "",
    "events": [Event.ADD.value, Event.CHECK.value],
    "body_format": "contract",
    "signature": "hmac",
    "headers": {"X-Api-Key": "••••••"},
    "enabled": True,
    "verified": True,
    "state": "healthy",
    "reason": "",
    "challenge_error": "",
    "paused_until": None,
    "public_keys": [],
    "created_at": CREATED_AT,
}
_ATTEMPT = {"number": 1, "started_at": _DELIVERED_AT, "duration_ms": 38, "status": 200, "error": ""}
_DELIVERY = {
    "message_id": _MESSAGE,
    "event": Event.CHECK.value,
    "task_id": CHECK_TASK,
    "state": "delivered",
    "error": "",
    "attempts": [_ATTEMPT],
    "next_attempt_at": None,
    "created_at": CREATED_AT,
    "delivered_at": _DELIVERED_AT,
    "content_deleted_at": None,
}
_WHOLE = _ATTEMPT | {
    "url": "https://label.example/hook",
    "request_headers": {"webhook-id": _MESSAGE, "X-Api-Key": "••••••"},
    "response_headers": {"Content-Type": "text/plain"},
    "response_body": "thanks",
}
_NEW = {
    "url": "https://label.example/hook",
    "name": "Rights department",
    "events": [Event.CHECK.value, Event.MATCH_FOUND.value],
    "body_format": "full",
    "headers": {"X-Api-Key": "3f9a0c"},
}


def _sent(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value, request_only=True)


def _answered(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value, response_only=True, status_codes=["200"])


URL = _answered("A callback URL", _URL)
NEW_URL = _sent("Every match of every check", _NEW)
ADDED_URL = _answered("Added and verified", _URL | {"secret": _SECRET})
URL_CHANGE = _sent("Other events", {"events": [Event.MATCH_FOUND.value]})
SECRET = _answered("A secret", {"secret": _SECRET, "previous_valid_until": CREATED_AT, "public_keys": []})
TEST_SENT = _answered("In the queue", {"message_id": _MESSAGE})
DELIVERY = _answered("Delivered", _DELIVERY)
WHOLE_DELIVERY = _answered("Delivered", _DELIVERY | {"attempts": [_WHOLE], "body": str(CHECKED_BODY).replace("'", '"')})
SINCE = _sent("Since a moment", {"since": CREATED_AT})
COUNT = _answered("Three callbacks", {"count": 3})
