"""Fingerprints, read-only."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.models import Fingerprint
from catalog.services.index.log import CURRENT_VERSION
from staff import display
from staff.admin.base import ReadOnlyAdmin
from staff.admin.columns import moment_column


class VersionFilter(admin.SimpleListFilter):
    """Filters by whether today's engine compares them, so that no page looks up which versions occur."""

    title = "parameters"
    parameter_name = "parameters"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the choices."""
        return [("current", "current"), ("outdated", "outdated")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Fingerprint]) -> QuerySet[Fingerprint]:  # noqa: ARG002
        """Filter by the version."""
        current = queryset.filter(version=CURRENT_VERSION)
        outdated = queryset.exclude(version=CURRENT_VERSION)
        return {"current": current, "outdated": outdated}.get(self.value() or "", queryset)


@admin.register(Fingerprint)
class FingerprintAdmin(ReadOnlyAdmin):
    """The list of fingerprints, and the version of the parameters of each."""

    list_display = ("audio_file", "state", "length", "volume", "density", "made")
    list_filter = (VersionFilter, "created_at")
    list_select_related = ("audio_file",)
    search_fields = ("audio_file__sha256", "audio_file__tracks__words__contains")
    search_help_text = "SHA-256 or a track's title"
    ordering = ("-pk",)
    fields = ("audio_file", "version", "length", "volume", "density", "made")
    made = moment_column("created_at", "made")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Fingerprint]:
        """Leave the bytes in the database."""
        return super().get_queryset(request).defer("data", "audio_file__peaks")

    @admin.display(description="parameters", ordering="version")
    def state(self, fingerprint: Fingerprint) -> str:
        """Whether today's engine compares it."""
        if fingerprint.version == CURRENT_VERSION:
            return display.badge("good", "check_circle", f"current, version {fingerprint.version}")
        return display.badge("off", "history", f"outdated, version {fingerprint.version}")

    @admin.display(description="length", ordering="duration_s")
    def length(self, fingerprint: Fingerprint) -> str:
        """How much audio was analysed, in minutes and seconds."""
        return display.clock(fingerprint.duration_s)

    @admin.display(description="size", ordering="size_bytes")
    def volume(self, fingerprint: Fingerprint) -> str:
        """The stored bytes."""
        return display.size(fingerprint.size_bytes)

    @admin.display(description="a minute")
    def density(self, fingerprint: Fingerprint) -> str:
        """The stored bytes for each minute of audio."""
        return display.size(round(fingerprint.size_bytes * 60 / max(fingerprint.duration_s, 1)))
