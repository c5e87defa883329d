"""Filters of the track list; none of them looks through the table to find its choices."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from catalog.models import ClientFingerprint, IndexOperation, Track
from catalog.models.audio_file import damaged_audio
from catalog.selectors.families import in_open_pairs
from catalog.selectors.uses import containers
from catalog.services.index.log import CURRENT_VERSION


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


class IndexedFilter(admin.SimpleListFilter):
    """Whether checks find the track: its last index operation."""

    title = "index"
    parameter_name = "indexed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the choices."""
        return [("yes", "in the index"), ("no", "not in the index"), ("not-refreshed", "new fingerprint failed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Track]) -> QuerySet[Track]:  # noqa: ARG002
        """Filter by the annotation of `with_standing`."""
        added = Q(index_state=IndexOperation.Kind.ADD)
        chosen = {"yes": added, "no": Q(index_state=None) | ~added, "not-refreshed": ~Q(refresh_error="")}
        return queryset.filter(chosen.get(self.value() or "", Q()))


class CheckedFilter(admin.SimpleListFilter):
    """What the last check said."""

    title = "last check"
    parameter_name = "checked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the choices."""
        return [
            ("duplicate", "duplicate"),
            ("open", "duplicate, to decide"),
            ("settled", "duplicate, settled"),
            ("uses", "uses other recordings"),
            ("none", "no duplicate, uses nothing"),
            ("never", "never checked"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Track]) -> QuerySet[Track]:  # noqa: ARG002
        """Filter by the annotation of `with_standing`, and by the matches that are uses."""
        holding = Q(pk__in=containers())
        chosen = {
            "duplicate": Q(was_duplicate=True),
            "open": Q(was_duplicate=True) & in_open_pairs(),
            "settled": Q(was_duplicate=True) & ~in_open_pairs(),
            "uses": holding,
            "none": Q(was_duplicate=False) & ~holding,
            "never": Q(was_duplicate__isnull=True),
        }
        return queryset.filter(chosen.get(self.value() or "", Q()))


class DamageFilter(admin.SimpleListFilter):
    """Whether something could not be read, or less came than the file promises."""

    title = "audio"
    parameter_name = "audio"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the choices."""
        return [("damaged", "damaged or cut short")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Track]) -> QuerySet[Track]:  # noqa: ARG002
        """Filter by what decoding found."""
        return queryset.filter(damaged_audio("audio_file__")) if self.value() == "damaged" else queryset


class SourceFilter(admin.SimpleListFilter):
    """Whether there is audio, or only a fingerprint that the owner's program made."""

    title = "fingerprint"
    parameter_name = "fingerprint"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the choices."""
        return [
            ("unconfirmed", "made by the client, not confirmed"),
            ("confirmed", "made by the client, confirmed"),
            ("outdated", "made by the client, outdated"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Track]) -> QuerySet[Track]:  # noqa: ARG002
        """Filter; the client's fingerprints are few, and found by their own table."""
        made = ClientFingerprint.objects.all()
        wanted = {
            "unconfirmed": made.filter(confirmed_at=None),
            "confirmed": made.filter(confirmed_at__isnull=False),
            "outdated": made.exclude(version=CURRENT_VERSION),
        }.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(pk__in=wanted.values("track_id"))


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
