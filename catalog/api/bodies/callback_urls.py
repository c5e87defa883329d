"""Bodies about the caller's callback URLs."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from catalog.api.bodies.contract import stamp
from catalog.api.bodies.strict import ChangeOfMembers, StrictText
from webhooks.contract import Event
from webhooks.services import SecretUnreadableError, endpoint_secret, public_keys
from webhooks.services.account_urls import Endpoint
from webhooks.services.choosing import BodyFormat, Scheme
from webhooks.services.custom_headers import headers_of, masked
from webhooks.services.standing import State, standing_of

_CHOICES = ("name", "description", "events", "body_format", "headers")


class UrlChangeSerializer(ChangeOfMembers):
    """Body of `PATCH /callback-url/{id}`: what is left out stays."""

    url = StrictText(required=False, help_text="http or https; a private address is refused. It is challenged at once")
    name = StrictText(required=False, allow_blank=True, help_text="At most 100 characters")
    description = StrictText(required=False, allow_blank=True, help_text="At most 1000 characters")
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=Event.values), required=False, help_text="The events that it receives"
    )
    body_format = serializers.ChoiceField(choices=BodyFormat.values, required=False)
    signature = serializers.ChoiceField(
        choices=Scheme.values, required=False, help_text="How webhook-signature is made: v1, or v1a with ed25519"
    )
    headers = serializers.DictField(
        child=StrictText(),
        required=False,
        help_text="Sent with every callback. Answers show values as dots; dots sent back keep the value",
    )
    enabled = serializers.BooleanField(
        required=False, help_text="true sends the challenge; the right answer enables it"
    )

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
    reason = serializers.CharField(help_text="Why it is in this state, for a person")
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
    previous_valid_until = serializers.DateTimeField(allow_null=True, help_text="The previous secret signs until then")
    public_keys = serializers.ListField(child=serializers.CharField())


class SentTestSerializer(serializers.Serializer[None]):
    """Answer of `/test`."""

    message_id = serializers.CharField(help_text="Look at it with GET …/deliveries/{message_id}")
