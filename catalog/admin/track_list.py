"""The columns of the track list."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from catalog.admin.track_columns import track_link
from catalog.models import IndexOperation, Track
from catalog.presentation import wording
from catalog.presentation.family import family_cell
from catalog.presentation.relation import uses_badge
from catalog.services.tracks.families import families_of
from staff import display
from staff.admin.columns import moment_column, words_column
from staff.admin.large_tables import CountedChangeList

SETTLED = display.badge("off", "gavel", "duplicate, settled")


class FamilyChangeList(CountedChangeList):
    """A list that reads the families of a page's tracks together."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, then the families."""
        super().get_results(request)
        tracks: list[Any] = list(self.result_list)
        families = families_of([track.pk for track in tracks])
        for track in tracks:
            track.family_found = families.get(track.pk)
        self.result_list = tracks


class TrackColumns:
    """The columns of the list, from the annotations of `with_standing`."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FamilyChangeList]:  # noqa: ARG002
        """Use the list that reads families."""
        return FamilyChangeList

    length = words_column("audio_file__duration_s", "length", lambda track: display.clock(track.length_s))
    coding = words_column("audio_file__codec", "format", lambda track: wording.audio_format(track.audio_file))
    volume = words_column("audio_file__size_bytes", "size", lambda track: display.size(track.stored_bytes))
    uploaded = moment_column("created_at", "uploaded")

    @admin.display(description="title", ordering="title")
    def name(self, track: Track) -> str:
        """Title, artist, and whether it was removed."""
        return track_link(track)

    @admin.display(description="index")
    def indexed(self, track: Any) -> str:
        """Whether checks find the track."""
        if track.index_state == IndexOperation.Kind.ADD:
            return display.badge("good", "check_circle", "in the index")
        return display.badge("off", "radio_button_unchecked", "not added")

    @admin.display(description="family")
    def family(self, track: Any) -> str:
        """The track's role among its copies and versions."""
        return family_cell(track, track.family_found)

    @admin.display(description="last check")
    def verdict(self, track: Any) -> str:
        """What the last check said."""
        if track.was_duplicate is None:
            return display.NOTHING
        if track.was_duplicate:
            return display.badge("bad", "content_copy", "duplicate") if track.is_open else SETTLED
        if track.uses:
            return format_html(
                '<a href="{}">{}</a>',
                reverse("catalog:uses_mix", args=[track.pk]),
                uses_badge(track.uses, track.open_uses or 0),
            )
        return display.badge("good", "check_circle", "no duplicate")
