"""Filters of the track list; none of them looks through the table to find its choices."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.models import Track


class PresenceFilter(admin.SimpleListFilter):
    """Present tracks unless asked for others."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the choices."""
        return [("removed", "removed"), ("all", "present and removed")]

    def choices(self, changelist: Any) -> Any:
        """Call the default by its name."""
        for number, choice in enumerate(super().choices(changelist)):
            yield choice | {"display": "present"} if number == 0 else choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Track]) -> QuerySet[Track]:  # noqa: ARG002
        """Filter; an autocomplete or a detail page does not come through here."""
        if self.value() == "all":
            return queryset
        return queryset.filter(removed_at__isnull=self.value() != "removed")


class FormatFilter(admin.SimpleListFilter):
    """The codecs that uploads come in."""

    title = "format"
    parameter_name = "codec"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the choices."""
        return [(codec, codec) for codec in ("mp3", "aac", "vorbis", "opus", "flac", "alac")] + [("pcm", "wav")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Track]) -> QuerySet[Track]:  # noqa: ARG002
        """Filter by the codec's beginning: FFmpeg has `mp3` and `mp3float`, and many kinds of PCM."""
        value = self.value()
        return queryset.filter(audio_file__codec__startswith=value) if value else queryset
