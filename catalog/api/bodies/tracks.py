"""Bodies about the caller's own tracks."""

from typing import Any

from rest_framework import serializers

from catalog.api.bodies.contract import MusicSerializer
from catalog.api.bodies.strict import ChangeOfMembers, StrictText
from catalog.models import IndexOperation
from catalog.services.tracks.tags import MAX_TEXT_CHARS, clean_text, isrc_of


class TrackSerializer(MusicSerializer):
    """A track: the contract's members, and what else is known of it."""

    artist = serializers.CharField()
    album = serializers.CharField()
    isrc = serializers.CharField()
    tags = serializers.DictField(child=serializers.CharField(), help_text="Other tags, of the file or set since")
    file_name = serializers.CharField()
    duration_s = serializers.FloatField(source="length_s", allow_null=True)
    size_bytes = serializers.IntegerField(source="stored_bytes", allow_null=True)
    codec = serializers.CharField(source="audio_file.codec", default=None, allow_null=True)
    has_audio = serializers.SerializerMethodField(help_text="false: its fingerprint alone was uploaded")
    confirmed = serializers.SerializerMethodField(
        help_text="Of a track without audio: whether checks of other accounts find it; null for others"
    )
    indexed = serializers.SerializerMethodField(help_text="Whether checks of other tracks find it")
    is_duplicate = serializers.BooleanField(
        source="was_duplicate", allow_null=True, help_text="What its last check said; null if it never was checked"
    )

    def get_has_audio(self, track: Any) -> bool:
        """Say whether this service has heard it."""
        return track.audio_file_id is not None

    def get_confirmed(self, track: Any) -> bool | None:
        """Say whether staff vouch for a fingerprint that a client made."""
        made = track.made_by_client
        return None if made is None else made.confirmed_at is not None

    def get_indexed(self, track: Any) -> bool:
        """Read the annotation of `with_standing`."""
        return bool(track.index_state == IndexOperation.Kind.ADD)


class TextField(StrictText):
    """One line of text, as it is stored: control characters are refused."""

    default_error_messages = {"no_line": "This must be one line without control characters."}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MAX_TEXT_CHARS, trim_whitespace=True, **options)

    def to_internal_value(self, data: Any) -> str:
        """Return the text without space around it."""
        text = super().to_internal_value(data)
        if clean_text(text) != text[:MAX_TEXT_CHARS]:
            self.fail("no_line")
        return text


class IsrcField(TextField):
    """An ISRC with or without hyphens, or nothing."""

    def to_internal_value(self, data: Any) -> str:
        """Return it as it is stored."""
        text = super().to_internal_value(data)
        if text and not isrc_of(text):
            raise serializers.ValidationError("This is not an ISRC, such as DEA123400001.")
        return isrc_of(text)


class ChangeSerializer(ChangeOfMembers):
    """Body of `PATCH /music/{musicId}`: what is left out stays."""

    title = TextField(required=False)
    artist = TextField(required=False, allow_blank=True)
    album = TextField(required=False, allow_blank=True)
    isrc = IsrcField(required=False, allow_blank=True)
    tags = serializers.DictField(
        child=TextField(allow_null=True),
        required=False,
        help_text="Merged with the existing tags; null removes a tag",
    )

    def validate_tags(self, tags: dict[str, str | None]) -> dict[str, str | None]:
        """Hold the names to the rules of texts."""
        for name in tags:
            TextField().run_validation(name)
        return tags
