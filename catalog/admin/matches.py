"""Matches: what checks found, with both tracks to listen to."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import RangeNumericFilter

from catalog.admin.track_columns import Playable, track_column
from catalog.models import Match
from catalog.pages.pair_export import MATCHES_FILE
from catalog.presentation.comparison import comparison_of
from catalog.presentation.relation import relation_badge
from catalog.selectors.review import on_review
from catalog.services.evidence import make_link
from catalog.services.match_words import alterations
from staff import audit, display
from staff.access import person
from staff.admin.base import ReadOnlyAdmin
from staff.admin.columns import moment_column
from staff.admin.exports import Exported
from staff.row_ids import row_id


@admin.register(Match)
class MatchAdmin(Playable, ReadOnlyAdmin, Exported):
    """The list of matches, one row for each track that was found."""

    nothing_yet = (
        "A check stores a match when it finds one track in another. "
        "Check tracks in the track list, or scan the catalog."
    )
    csv_file = MATCHES_FILE
    csv_related = ("job", "query_track__owner", "reference_track__owner")
    list_display = ("query", "reference", "found_as", "strength", "place", "coverage", "altered", "found")
    list_display_links = ("found_as",)
    wide_columns = ("query", "reference")
    late_columns = ("strength", "place")
    list_filter = ("relation", "verdict", ("score", RangeNumericFilter), "created_at")
    whole_ids = ("job__task_id",)
    search_fields = ("query_track__words__contains", "reference_track__words__contains")
    search_help_text = "Words of either track, or a task id"
    fields = ("job", "scan", "engine_version", "found")
    change_form_outer_before_template = "catalog/match.html"
    post_actions: ClassVar[dict[str, tuple[str, str]]] = {"evidence": ("make_evidence", "add_evidencelink")}
    query = track_column("query_track", "checked")
    reference = track_column("reference_track", "found in the catalog")
    found = moment_column("created_at", "found")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Match]:
        """Leave the curves in the database: a list does not draw them."""
        return super().get_queryset(request).with_tracks()

    @admin.display(description="relation", ordering="relation")
    def found_as(self, match: Match) -> str:
        """The relation of the checked track to the other, as a badge."""
        return relation_badge(match)

    @admin.display(description="score", ordering="score")
    def strength(self, match: Match) -> str:
        """The engine's score."""
        return display.figure(match.score)

    @admin.display(description="offset", ordering="offset_s")
    def place(self, match: Match) -> str:
        """The reference's time at the query's first sample."""
        return f"{display.signed(match.offset_s)} s"

    @admin.display(description="coverage", ordering="query_coverage")
    def coverage(self, match: Match) -> str:
        """How much of each track is in the other."""
        return f"{display.share(match.query_coverage)} = {display.share(match.reference_coverage)}"

    @admin.display(description="altered")
    def altered(self, match: Match) -> str:
        """What was altered in the checked track, in words."""
        return ", ".join(alterations(match)) or display.NOTHING

    def make_evidence(self, request: HttpRequest, match: Match) -> HttpResponse:
        """Make a link that shows the evidence to somebody without an account."""
        link = make_link(match=match, made_by=person(request))
        audit.note(on=link, match=match.pk, expires_at=str(link.expires_at))
        return self.back_to(link)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show both tracks side by side above the fields."""
        context = {}
        match = (
            Match.objects.select_related("query_track__audio_file", "reference_track__audio_file", "job")
            .filter(pk=row_id(object_id))
            .first()
        )
        if match:
            context = {"comparison": comparison_of(on_review(match))}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | context)
