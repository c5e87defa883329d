"""Body of the call that takes a fingerprint in place of audio."""

from rest_framework import serializers

from catalog.services.tracks.tags import MAX_TEXT_CHARS


class FingerprintUploadSerializer(serializers.Serializer[None]):
    """Body of `POST /fingerprint`."""

    fingerprint = serializers.FileField(
        help_text="What `python -m catalog.engine fingerprint FILE` writes",
        error_messages={
            "required": "Send the fingerprint as the multipart field `fingerprint`.",
            "invalid": "Send the fingerprint as a file, not as text.",
            "empty": "The fingerprint is empty.",
        },
        max_length=None,
    )
    title = serializers.CharField(
        required=False, max_length=MAX_TEXT_CHARS, help_text="Of the recording; without it the file's name"
    )
    musicId = serializers.UUIDField(  # noqa: N815  (the contract's name)
        required=False,
        help_text="A track with an outdated fingerprint: this one takes its place",
    )
