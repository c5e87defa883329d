"""Bodies about what was sent to a callback URL."""

from datetime import UTC
from typing import Any

from rest_framework import serializers

from catalog.api.bodies.contract import stamp
from catalog.api.bodies.strict import KnownMembers
from webhooks.services.account_urls import Attempt, Message


def told_delivery(message: Message) -> dict[str, Any]:
    """Return what the API answers about one callback of a list."""
    attempts = list(message.attempts.all())
    waits = message.state == Message.State.PENDING and message.endpoint.is_deliverable
    return {
        "message_id": message.message_id,
        "event": message.event,
        "task_id": message.subject or None,
        "state": message.state,
        "error": message.error,
        "attempts": [_told_attempt(attempt) for attempt in attempts],
        "next_attempt_at": stamp(message.expected_at) if waits else None,
        "created_at": stamp(message.created_at),
        "delivered_at": stamp(message.delivered_at),
        "content_deleted_at": stamp(message.content_deleted_at),
    }


def told_delivery_whole(message: Message) -> dict[str, Any]:
    """Return all about one callback: its body, and what was sent and answered in each attempt."""
    whole = [
        _told_attempt(attempt)
        | {
            "url": attempt.url,
            "request_headers": attempt.request_headers,
            "response_headers": attempt.response_headers,
            "response_body": attempt.response_body,
        }
        for attempt in message.attempts.all()
    ]
    return told_delivery(message) | {"attempts": whole, "body": message.body}


def _told_attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "started_at": stamp(attempt.started_at),
        "duration_ms": attempt.duration_ms,
        "status": attempt.status,
        "error": attempt.error,
    }


class AttemptSerializer(serializers.Serializer[None]):
    """One HTTP request of a callback."""

    number = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    duration_ms = serializers.IntegerField(allow_null=True)
    status = serializers.IntegerField(allow_null=True, help_text="null: no answer came")
    error = serializers.CharField()


class WholeAttemptSerializer(AttemptSerializer):
    """With what was sent and answered."""

    url = serializers.CharField()
    request_headers = serializers.DictField(child=serializers.CharField())
    response_headers = serializers.DictField(child=serializers.CharField())
    response_body = serializers.CharField(help_text="The first kB")


class DeliverySerializer(serializers.Serializer[None]):
    """One callback to one URL."""

    message_id = serializers.CharField(help_text="The webhook-id of every attempt")
    event = serializers.CharField()
    task_id = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=Message.State.choices)
    error = serializers.CharField(help_text="Why it failed for good")
    attempts = AttemptSerializer(many=True)
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    delivered_at = serializers.DateTimeField(allow_null=True)
    content_deleted_at = serializers.DateTimeField(allow_null=True)


class WholeDeliverySerializer(DeliverySerializer):
    """One callback with its body and its whole attempts."""

    attempts = WholeAttemptSerializer(many=True)
    body = serializers.CharField(help_text="The JSON text as sent; empty once its content was deleted")


class SinceSerializer(KnownMembers):
    """Body of `/recover` and `/replay`."""

    since = serializers.DateTimeField(
        help_text="Callbacks made at this time or later; without an offset in UTC", default_timezone=UTC
    )


class CountSerializer(serializers.Serializer[None]):
    """How many callbacks."""

    count = serializers.IntegerField()
