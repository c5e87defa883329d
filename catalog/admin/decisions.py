"""Decisions: who decided what about which pair; taken back here too."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from catalog.admin.track_columns import Playable, track_column, without_bytes
from catalog.models import Decision
from catalog.pages.pair_export import DECISIONS_FILE
from catalog.services.decisions import undo
from staff import display
from staff.admin.base import ReadOnlyAdmin
from staff.admin.columns import moment_column
from staff.admin.exports import Exported
from textsearch.admin import ACCOUNT_WORDS

_VERDICTS = {
    Decision.Verdict.SAME: ("bad", "content_copy", "same recording"),
    Decision.Verdict.VERSION: ("warning", "call_split", "another version"),
    Decision.Verdict.USES: ("warning", "join_inner", "one is used in the other"),
    Decision.Verdict.DIFFERENT: ("good", "block", "not a duplicate"),
}


class StandingFilter(admin.SimpleListFilter):
    """Decisions that hold, or that were taken back."""

    title = "state"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the choices."""
        return [("yes", "in force"), ("no", "undone")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:  # noqa: ARG002
        """Filter."""
        return queryset.filter(undone_at__isnull=self.value() == "yes") if self.value() else queryset


@admin.register(Decision)
class DecisionAdmin(Playable, ReadOnlyAdmin, Exported):
    """The history of what staff decided."""

    nothing_yet = "You make decisions in the duplicate review."
    csv_file = DECISIONS_FILE
    csv_related = ("first_track__owner", "second_track__owner")
    list_display = ("first", "second", "verdict_shown", "kept", "decided_by", "decided", "holds")
    list_filter = (StandingFilter, "verdict", ("decided_by", AutocompleteSelectFilter), "decided_at")
    list_select_related = (
        "first_track__client_fingerprint",
        "second_track__client_fingerprint",
        "keeper",
        "decided_by",
    )
    search_fields = ("first_track__words__contains", "second_track__words__contains", f"decided_by__{ACCOUNT_WORDS}")
    search_help_text = "A track's title or who decided"
    fields = ("first", "second", "verdict_shown", "kept", "decided_by", "decided", "undone")
    list_display_links = ("verdict_shown",)
    wide_columns = ("first", "second")
    late_columns = ("decided",)
    change_form_outer_before_template = "catalog/decision.html"
    post_actions: ClassVar[dict[str, tuple[str, str]]] = {"undo": ("take_back", "change_decision")}
    first = track_column("first_track", "track")
    second = track_column("second_track", "and track")
    decided = moment_column("decided_at", "decided")
    undone = moment_column("undone_at", "undone")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        """Read along what the columns say of the tracks."""
        return without_bytes(super().get_queryset(request), "first_track", "second_track")

    @admin.display(description="decision", ordering="verdict")
    def verdict_shown(self, decision: Decision) -> str:
        """The decision as a badge."""
        badge = display.badge(*_VERDICTS[Decision.Verdict(decision.verdict)])
        if decision.container_id is None:
            return badge
        return format_html('{}<span class="mf-sub">{}</span>', badge, decision.words)

    @admin.display(description="keep", ordering="keeper__title")
    def kept(self, decision: Decision) -> str:
        """Which of the two is to be kept."""
        return decision.keeper.title if decision.keeper else display.NOTHING

    @admin.display(description="state")
    def holds(self, decision: Decision) -> str:
        """Whether it still counts."""
        if decision.undone_at:
            return display.badge("off", "undo", "undone")
        return display.badge("good", "check_circle", "in force")

    def take_back(self, request: HttpRequest, decision: Decision) -> HttpResponse:
        """Undo, so that the pair is to be reviewed again."""
        if count := undo(decision=decision):
            page = reverse("catalog:review_pair", args=[decision.first_track_id, decision.second_track_id])
            words = "Undone." if count == 1 else f"Undone, with the {count - 1} made together with it."
            messages.success(request, format_html('{} <a class="mf-inline" href="{}">Review the pair</a>', words, page))
        return self.back_to(decision)
