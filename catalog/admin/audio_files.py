"""Stored files, read-only."""

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeNumericFilter

from catalog.models import AudioFile, Track
from catalog.presentation import wording
from staff import display
from staff.admin.base import ReadOnlyAdmin
from staff.admin.columns import moment_column, words_column


@admin.register(AudioFile)
class AudioFileAdmin(ReadOnlyAdmin):
    """The list of stored files."""

    list_display = ("digest", "coding", "length", "volume", "channels", "used_by", "stored")
    list_filter = (("duration_s", RangeNumericFilter), ("size_bytes", RangeNumericFilter), "created_at")
    search_fields = ("sha256", "tracks__words__contains")
    search_help_text = "SHA-256 or a track's title"
    ordering = ("-pk",)
    coding = words_column("codec", "format", wording.audio_format)
    length = words_column("duration_s", "length", lambda audio_file: display.clock(audio_file.duration_s))
    volume = words_column("size_bytes", "size", lambda audio_file: display.size(audio_file.size_bytes))
    stored = moment_column("created_at", "stored")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AudioFile]:
        """Count the tracks of each file, and leave the waveforms in the database."""
        tracks = Track.objects.filter(audio_file=OuterRef("pk")).order_by().values("audio_file")
        count = Coalesce(Subquery(tracks.annotate(count=Count("pk")).values("count")), 0)
        return super().get_queryset(request).defer("peaks").annotate(track_count=count)

    @admin.display(description="SHA-256", ordering="sha256")
    def digest(self, audio_file: AudioFile) -> str:
        """The first letters of the SHA-256, which tell files apart."""
        return f"{audio_file.sha256[:16]}…"

    @admin.display(description="tracks", ordering="track_count")
    def used_by(self, audio_file: AudioFile) -> str:
        """How many tracks share these bytes."""
        return display.number(getattr(audio_file, "track_count", 0))
