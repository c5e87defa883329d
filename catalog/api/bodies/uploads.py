"""Bodies about uploads in more than one call."""

from datetime import UTC
from typing import Any

from django.urls import reverse
from rest_framework import serializers

from catalog.api.bodies.contract import MusicSerializer
from catalog.models import Upload
from catalog.services.tracks.tags import MAX_TEXT_CHARS
from catalog.services.uploads.presigned import Signed

MOST_BYTES = 10**15


class BeginSerializer(serializers.Serializer[None]):
    """Body of `POST /uploads/presigned`."""

    file_name = serializers.CharField(max_length=MAX_TEXT_CHARS, help_text="The track's title is made from it")
    size_bytes = serializers.IntegerField(min_value=1, max_value=MOST_BYTES)


class UploadStateSerializer(serializers.Serializer[Upload]):
    """How an upload stands: the contract's upload answer is in `track` once there is one."""

    id = serializers.UUIDField()
    url = serializers.SerializerMethodField(help_text="Below this service's address")
    state = serializers.ChoiceField(choices=Upload.State.choices)
    file_name = serializers.CharField()
    size_bytes = serializers.IntegerField()
    received_bytes = serializers.IntegerField(help_text="Less than the size until there is a track")
    expires_at = serializers.DateTimeField(default_timezone=UTC)
    error = serializers.CharField(help_text="Why it was refused; empty otherwise")
    track = MusicSerializer(allow_null=True)

    def get_url(self, upload: Upload) -> str:
        """Return where the upload is asked for, continued and deleted."""
        return reverse("api-upload", args=[upload.pk])


class SignedSerializer(serializers.Serializer[Signed]):
    """Where the file is sent: a multipart POST of these fields, in this order, and the file as the last one, `file`."""

    url = serializers.CharField()
    fields = serializers.DictField(child=serializers.CharField())  # type: ignore[assignment]  # DRF's own name


class PresignedSerializer(UploadStateSerializer):
    """Answer of `POST /uploads/presigned`."""

    post = SignedSerializer()


def presigned_body(upload: Upload, signed: Signed) -> dict[str, Any]:
    """Return the answer to a presigned upload that begins."""
    return {**UploadStateSerializer(upload).data, "post": {"url": signed.url, "fields": signed.fields}}
