"""The duplicate review as a list: every pair that waits, sorted, filtered, and decided many at a time."""

from typing import Any

from django.contrib import admin
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeNumericFilter

from catalog.admin.pair_filters import (
    AlterationFilter,
    BulkCheckFilter,
    CareFilter,
    ConflictFilter,
    RelationFilter,
    ScanFilter,
    ShareFilter,
)
from catalog.admin.track_columns import Playable, track_link
from catalog.models import Decision, WaitingPair
from catalog.pages.review_bulk import PRESETS, preview
from catalog.pages.review_context import DECIDE, SEE
from catalog.pages.review_session import ReviewSitting
from catalog.presentation.relation import relation_badge
from catalog.selectors.review import last_decision_of
from catalog.selectors.review_plan import PLANNED
from catalog.selectors.waiting_pairs import pairs_of, waiting_pairs, with_care
from catalog.services.match_words import alterations, conflict_words
from staff import display
from staff.access import person
from staff.admin.base import ReadOnly, StaffAdmin
from staff.admin.columns import moment_column


@admin.register(WaitingPair)
class WaitingPairAdmin(Playable, ReadOnly, StaffAdmin):
    """The list of undecided pairs, conflicts first."""

    nothing_yet = "When a check or a scan finds a duplicate, the pair appears here until somebody decides about it."
    list_display = ("checked", "found_in", "relation_shown", "altered", "conflicts", "shares", "strength", "found")
    wide_columns = ("checked", "found_in")
    late_columns = ("strength", "found")
    list_display_links = None  # the cells link themselves
    list_filter = (
        RelationFilter,
        AlterationFilter,
        ShareFilter,
        ConflictFilter,
        CareFilter,
        ("score", RangeNumericFilter),
        ("query_track__owner", AutocompleteSelectFilter),
        ScanFilter,
        BulkCheckFilter,
        ("query_track__created_at", admin.DateFieldListFilter),
    )
    whole_ids = ("job__task_id",)
    search_fields = ("query_track__words__contains", "reference_track__words__contains")
    search_help_text = "Artist, title, ISRC or file name of either track, or a task id"
    actions = ("one_by_one", "decide_same", "decide_version", "decide_different")
    list_before_template = "catalog/waiting_pairs_top.html"
    found = moment_column("created_at", "found")

    def get_queryset(self, request: HttpRequest) -> QuerySet[WaitingPair]:
        """Return one match for each pair that waits."""
        matches = super().get_queryset(request).with_tracks()
        return with_care(waiting_pairs(matches.select_related("query_track__owner", "reference_track__owner")))

    def get_ordering(self, request: HttpRequest) -> list[Any]:  # noqa: ARG002
        """Sort conflicts first, then the oldest."""
        return [F("conflict").desc(), F("pk").asc()]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Allow it to those who may see the review."""
        return request.user.has_perms(SEE)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Allow it to those who may see the list."""
        return self.has_view_permission(request)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Allow it to those who may decide about one pair."""
        return request.user.has_perms((*SEE, *DECIDE))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list with its presets and the undo of the last decision."""
        context = {
            "presets": [(name, words) for name, (words, _) in PRESETS.items()],
            "can_decide": self.has_decide_permission(request),
            "last_decision": last_decision_of(person(request).pk),
        }
        return super().changelist_view(request, (extra_context or {}) | context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Go to the pair itself."""
        match = self.get_object(request, object_id)
        if match is None or not self.has_view_permission(request):
            return super().change_view(request, object_id, form_url, extra_context)
        return HttpResponseRedirect(_page_of(match))

    @admin.display(description="A, checked", ordering="query_track__artist")
    def checked(self, match: WaitingPair) -> str:
        """The track that was checked, its artist and its account."""
        return _track(match.query_track)

    @admin.display(description="B, in the catalog", ordering="reference_track__artist")
    def found_in(self, match: WaitingPair) -> str:
        """The track that was found."""
        return _track(match.reference_track)

    @admin.display(description="relation", ordering="rank")
    def relation_shown(self, match: WaitingPair) -> str:
        """The relation of A to B, linked to the pair."""
        return format_html('<a href="{}">{}</a>{}', _page_of(match), relation_badge(match), _care(match))

    @admin.display(description="altered", ordering="alteredness")
    def altered(self, match: WaitingPair) -> str:
        """What was altered in A."""
        return _listed(alterations(match))

    @admin.display(description="conflict", ordering="conflict")
    def conflicts(self, match: WaitingPair) -> str:
        """Why it may pretend to be another recording."""
        words = conflict_words(match)
        return format_html('<span class="mf-bad mf-toned">{}</span>', _listed(words)) if words else display.NOTHING

    @admin.display(description="shares", ordering="smaller")
    def shares(self, match: WaitingPair) -> str:
        """How much of each matches, sorted by the smaller share."""
        return f"{display.share(match.query_coverage)} = {display.share(match.reference_coverage)}"

    @admin.display(description="score", ordering="score")
    def strength(self, match: WaitingPair) -> str:
        """The engine's score."""
        return display.figure(match.score)

    @admin.action(description="Review one at a time", permissions=["decide"])
    def one_by_one(self, request: HttpRequest, queryset: QuerySet[WaitingPair]) -> HttpResponse:
        """Review the selected pairs first, in the order of the list."""
        ReviewSitting(request.session).plan = pairs_of(queryset, limit=PLANNED)
        return HttpResponseRedirect(reverse("catalog:review"))

    @admin.action(description="Decide: the same recording, keep the proposed ones…", permissions=["decide"])
    def decide_same(self, request: HttpRequest, queryset: QuerySet[WaitingPair]) -> HttpResponse:
        """Show what deciding "the same recording" would do."""
        return preview(request, queryset, Decision.Verdict.SAME)

    @admin.action(description="Decide: another version, keep both…", permissions=["decide"])
    def decide_version(self, request: HttpRequest, queryset: QuerySet[WaitingPair]) -> HttpResponse:
        """Show what deciding "another version" would do."""
        return preview(request, queryset, Decision.Verdict.VERSION)

    @admin.action(description="Decide: not a duplicate…", permissions=["decide"])
    def decide_different(self, request: HttpRequest, queryset: QuerySet[WaitingPair]) -> HttpResponse:
        """Show what deciding "not a duplicate" would do."""
        return preview(request, queryset, Decision.Verdict.DIFFERENT)


def _page_of(match: WaitingPair) -> str:
    return reverse("catalog:review_pair", args=[match.query_track_id, match.reference_track_id])


def _track(track: Any) -> str:
    account = track.owner.get_username()
    return format_html(
        '<span class="mf-two">{}<span class="mf-sub mf-cut">{}</span></span>', track_link(track), account
    )


def _care(match: Any) -> str:
    given = [f"assigned to {match.assigned_to}"] if match.assigned_to else []
    asked = [f"{match.opinion_asked_by} asks for a second opinion"] if match.opinion_asked_by else []
    notes = ["has notes"] if match.has_notes else []
    return format_html_join("", '<span class="mf-sub">{}</span>', ((words,) for words in [*given, *asked, *notes]))


def _listed(words: list[str]) -> str:
    """Return a few words, below each other on a desk and in one line on a phone."""
    return format_html_join("", '<span class="mf-item">{}</span>', ((word,) for word in words)) or display.NOTHING
