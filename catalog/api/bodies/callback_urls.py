"""Bodies about the caller's callback URLs and what was sent to them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from webhooks.contract import Event
from webhooks.services import SecretUnreadableError, endpoint_secret, public_keys
from webhooks.services.account_urls import Attempt, Endpoint, Message
from webhooks.services.choosing import BodyFormat, Scheme
from webhooks.services.custom_headers import headers_of, masked
from webhooks.services.standing import State, standing_of

_CHOICES = ("name", "description", "events", "body_format", "headers")


class NoneOthers(serializers.Serializer[None]):
    """A body of known members alone: a misspelt one would be left out without a word."""

    def to_internal_value(self, data: Any) -> Any:
        """Take a JSON object of these names."""
        if isinstance(data, Mapping):
            unknown = sorted(str(name)[:100] for name in data.keys() - self.fields.keys())
            if unknown:
                raise serializers.ValidationError({name: ["This cannot be set."] for name in unknown[:10]})
        return super().to_internal_value(data)


class StrictText(serializers.CharField):
    """Text as it is sent; a number is not made into text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        """Refuse what is no text."""
        if not isinstance(data, str):
            raise serializers.ValidationError("This must be text.")
        return str(super().to_internal_value(data))


class UrlChangeSerializer(NoneOthers):
    """Body of `PATCH /callback-url/{id}`: what is left out stays."""

    url = StrictText(required=False, help_text="http or https; a private address is refused. It is challenged at once")
    name = StrictText(required=False, allow_blank=True, help_text="At most 100 characters")
    description = StrictText(required=False, allow_blank=True, help_text="At most 1000 characters")
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=Event.values), required=False, help_text="What the URL is told of"
    )
    body_format = serializers.ChoiceField(choices=BodyFormat.values, required=False)
    signature = serializers.ChoiceField(
        choices=Scheme.values, required=False, help_text="How webhook-signature is made: v1, or v1a with ed25519"
    )
    headers = serializers.DictField(
        child=StrictText(),
        required=False,
        help_text="Sent with every callback; the dots of an answer, sent back, keep a value",
    )
    enabled = serializers.BooleanField(required=False, help_text="true sends the challenge; its answer enables")

    def choices(self) -> dict[str, Any]:
        """Return what was chosen, in the names of the service."""
        data: dict[str, Any] = self.validated_data
        chosen = {name: data[name] for name in _CHOICES if name in data}
        return chosen | ({"scheme": data["signature"]} if "signature" in data else {})


class UrlSerializer(UrlChangeSerializer):
    """Body of `POST /callback-url`."""

    url = StrictText(help_text="http or https; a private address is refused. It is challenged at once")
    secret = StrictText(required=False, max_length=200, help_text="Used instead of a new secret")
    enabled = None  # type: ignore[assignment]  # an answered challenge enables it


def told(endpoint: Endpoint) -> dict[str, Any]:
    """Return what the API answers about a callback URL. Values of its own headers are masked."""
    counted: int | None = getattr(endpoint, "lost_count", None)  # where it is one of a list
    standing = standing_of(endpoint, now=timezone.now(), lost_count=counted)
    return {
        "id": str(endpoint.public_id),
        "url": endpoint.url,
        "new_url": endpoint.candidate_url or None,
        "name": endpoint.name,
        "description": endpoint.description,
        "events": endpoint.events,
        "body_format": endpoint.body_format,
        "signature": endpoint.scheme,
        "headers": _readable(lambda: masked(headers_of(endpoint)), {}),
        "enabled": endpoint.disabled_at is None,
        "verified": endpoint.verified_at is not None,
        "state": standing.state.value,
        "reason": standing.reason,
        "challenge_error": endpoint.verify_error,
        "paused_until": stamp(standing.until),
        "public_keys": _readable(lambda: public_keys(endpoint), []),
        "created_at": stamp(endpoint.created_at),
    }


def _readable(read: Callable[[], Any], nothing: Any) -> Any:
    try:
        return read()
    except SecretUnreadableError:
        return nothing


def told_secret(endpoint: Endpoint) -> dict[str, Any]:
    """Return the secret in use, until when the one before signs too, and the public keys.

    Raises SecretUnreadableError.
    """
    until = endpoint.previous_secret_until
    overlaps = until is not None and until > timezone.now()
    return {
        "secret": endpoint_secret(endpoint=endpoint),
        "previous_valid_until": stamp(until) if overlaps else None,
        "public_keys": public_keys(endpoint),
    }


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


def stamp(moment: datetime | None) -> str | None:
    """Return a moment as the API writes it, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


class UrlAnswerSerializer(serializers.Serializer[None]):
    """A callback URL; `told` answers it."""

    id = serializers.UUIDField()
    url = serializers.CharField(help_text="Where callbacks go")
    new_url = serializers.CharField(allow_null=True, help_text="Takes the place of url once it answers the challenge")
    name = serializers.CharField()
    description = serializers.CharField()
    events = serializers.ListField(child=serializers.ChoiceField(choices=Event.values))
    body_format = serializers.ChoiceField(choices=BodyFormat.values)
    signature = serializers.ChoiceField(choices=Scheme.values)
    headers = serializers.DictField(child=serializers.CharField(), help_text="Names of its own headers, values masked")
    enabled = serializers.BooleanField()
    verified = serializers.BooleanField()
    state = serializers.ChoiceField(choices=State.choices)
    reason = serializers.CharField(help_text="Of the state, for a person")
    challenge_error = serializers.CharField(help_text="Why the last challenge failed; empty where it did not")
    paused_until = serializers.DateTimeField(allow_null=True)
    public_keys = serializers.ListField(child=serializers.CharField(), help_text="With ed25519, current first")
    created_at = serializers.DateTimeField()


class NewUrlSerializer(UrlAnswerSerializer):
    """Answer of `POST /callback-url`."""

    secret = serializers.CharField(allow_null=True, help_text="null in a repeated answer")


class SecretSerializer(serializers.Serializer[None]):
    """Answer of `/secret` and `/rotate`."""

    secret = serializers.CharField(allow_null=True, help_text="null in a repeated answer")
    previous_valid_until = serializers.DateTimeField(allow_null=True, help_text="Until then the one before signs too")
    public_keys = serializers.ListField(child=serializers.CharField())


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

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Answer a row of a list."""
        return told_delivery(instance)


class WholeDeliverySerializer(DeliverySerializer):
    """One callback with its body and its whole attempts."""

    attempts = WholeAttemptSerializer(many=True)
    body = serializers.CharField(help_text="The JSON text as sent; empty once its content was deleted")


class SinceSerializer(NoneOthers):
    """Body of `/recover` and `/replay`."""

    since = serializers.DateTimeField(
        help_text="Callbacks made at this time or later; without an offset in UTC", default_timezone=UTC
    )


class CountSerializer(serializers.Serializer[None]):
    """How many callbacks."""

    count = serializers.IntegerField()


class SentTestSerializer(serializers.Serializer[None]):
    """Answer of `/test`."""

    message_id = serializers.CharField(help_text="Look at it with GET …/deliveries/{message_id}")
