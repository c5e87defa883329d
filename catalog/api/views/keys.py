"""The key itself: what it may do and how much it was used."""

from typing import Any, cast

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api import examples
from catalog.api.base import account_of, tracks_of
from catalog.api.openapi import REFUSALS
from catalog.models import ApiKey
from catalog.services import rate_limits
from catalog.services.audio import formats


class DaySerializer(serializers.Serializer[None]):
    """The calls of one day in UTC."""

    day = serializers.DateField()
    calls = serializers.IntegerField()


class LimitsSerializer(serializers.Serializer[None]):
    """What may be sent."""

    calls_per_minute = serializers.IntegerField()
    file_mb = serializers.IntegerField()
    audio_seconds = serializers.IntegerField()
    tracks = serializers.IntegerField(allow_null=True, help_text="Of the account; null for no limit")
    tracks_mb = serializers.IntegerField(allow_null=True, help_text="Of the account's files; null for no limit")
    batch_tracks = serializers.IntegerField()
    resumable_mb = serializers.IntegerField(help_text="Of a file that is sent in pieces, or to the bucket")
    fingerprint_kb = serializers.IntegerField(help_text="Of a fingerprint that the client made")
    formats = serializers.ListField(child=serializers.CharField())


class KeySerializer(serializers.Serializer[Any]):
    """Answer of `GET /key`."""

    prefix = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF has an attribute of this name for its own use
    account = serializers.CharField()
    tier = serializers.ChoiceField(choices=ApiKey.Tier.values)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    limits = LimitsSerializer()
    tracks = serializers.IntegerField(help_text="Of the account")
    use = DaySerializer(many=True, help_text="The last 30 days, today last; refused calls are not counted")


class KeyView(APIView):
    """Tells about the key of the call."""

    @extend_schema(
        operation_id="get_key",
        summary="Get what this key may do, its limits and its use",
        responses={200: KeySerializer, **REFUSALS},
        examples=[examples.KEY],
    )
    def get(self, request: Request) -> Response:
        """Answer about the key of the call itself. A key may make every call here, for its own account alone."""
        key = cast("ApiKey", request.auth)
        told = {
            "prefix": key.prefix,
            "label": key.label,
            "account": account_of(request).get_username(),
            "tier": key.tier,
            "created_at": key.created_at,
            "expires_at": key.expires_at,
            "limits": _limits(key),
            "tracks": tracks_of(request).count(),
            "use": [{"day": day, "calls": calls} for day, calls in rate_limits.use_by_day(key)],
        }
        return Response(KeySerializer(told).data)


def _limits(key: ApiKey) -> dict[str, object]:
    return {
        "calls_per_minute": rate_limits.per_minute(key),
        "file_mb": settings.MAX_UPLOAD_MB,
        "audio_seconds": settings.MAX_AUDIO_SECONDS,
        "tracks": settings.ACCOUNT_MAX_TRACKS or None,
        "tracks_mb": settings.ACCOUNT_MAX_MB or None,
        "batch_tracks": settings.BATCH_MAX_TRACKS,
        "resumable_mb": settings.MAX_RESUMABLE_MB,
        "fingerprint_kb": settings.MAX_FINGERPRINT_KB,
        "formats": [taken.name for taken in formats.taken()],
    }
