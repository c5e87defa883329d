"""Decisions: who decided what about which pair; staff can undo them here too."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from catalog.admin.track_columns import Playable, track_column, without_bytes
from catalog.models import Decision, Rule
from catalog.pages.pair_export import DECISIONS_FILE
from catalog.services.decisions import undo
from staff import display
from staff.admin.base import ReadOnlyAdmin
from staff.admin.columns import moment_column
from staff.admin.exports import Exported
from staff.row_ids import page_of, row_id
from textsearch.admin import ACCOUNT_WORDS

SHOWN_RULES = 50

_VERDICTS = {
    Decision.Verdict.SAME: ("bad", "content_copy", "same recording"),
    Decision.Verdict.VERSION: ("warning", "call_split", "another version"),
    Decision.Verdict.USES: ("warning", "join_inner", "one is used in the other"),
    Decision.Verdict.DIFFERENT: ("good", "block", "not a duplicate"),
    Decision.Verdict.ALLOWED: ("off", "playlist_add_check", "allowed"),
}


class StandingFilter(admin.SimpleListFilter):
    """Filters decisions that stand, or that were undone."""

    title = "state"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the choices."""
        return [("yes", "in force"), ("no", "undone")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:  # noqa: ARG002
        """Filter."""
        return queryset.filter(undone_at__isnull=self.value() == "yes") if self.value() else queryset


class RuleFilter(admin.SimpleListFilter):
    """Filters decisions of people, or of one rule."""

    title = "rule"
    parameter_name = "rule"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the newest rules."""
        rules = Rule.objects.order_by("-pk")[:SHOWN_RULES]
        return [("none", "decided by people"), *((str(rule.pk), str(rule)) for rule in rules)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:  # noqa: ARG002
        """Filter."""
        chosen = self.value()
        if chosen == "none":
            return queryset.filter(rule=None)
        return queryset.filter(rule=row_id(chosen)) if chosen else queryset


@admin.register(Decision)
class DecisionAdmin(Playable, ReadOnlyAdmin, Exported):
    """The list of decisions of staff and rules."""

    nothing_yet = "You make decisions in the duplicate review."
    csv_file = DECISIONS_FILE
    csv_related = ("first_track__owner", "second_track__owner")
    list_display = ("first", "second", "verdict_shown", "kept", "author", "decided", "holds")
    list_filter = (StandingFilter, "verdict", ("decided_by", AutocompleteSelectFilter), RuleFilter, "decided_at")
    list_select_related = (
        "first_track__client_fingerprint",
        "second_track__client_fingerprint",
        "keeper",
        "decided_by",
        "rule",
    )
    search_fields = ("first_track__words__contains", "second_track__words__contains", f"decided_by__{ACCOUNT_WORDS}")
    search_help_text = "A track's title or who decided"
    fields = ("first", "second", "verdict_shown", "kept", "author", "decided", "undone")
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
        """Read along what the columns show of the tracks."""
        return without_bytes(super().get_queryset(request), "first_track", "second_track")

    @admin.display(description="decision", ordering="verdict")
    def verdict_shown(self, decision: Decision) -> str:
        """The decision as a badge."""
        badge = display.badge(*_VERDICTS[Decision.Verdict(decision.verdict)])
        if decision.container_id is None:
            return badge
        return format_html('{}<span class="mf-sub">{}</span>', badge, decision.words)

    @admin.display(description="decided by", ordering="decided_by__username")
    def author(self, decision: Decision) -> str:
        """The account, or the rule, that decided."""
        if decision.rule is None:
            return decision.author
        return format_html('<a class="mf-cut" href="{}">{}</a>', page_of(decision.rule), decision.author)

    @admin.display(description="keep", ordering="keeper__title")
    def kept(self, decision: Decision) -> str:
        """Which of the two is kept."""
        if decision.keeper is None:
            return display.NOTHING
        return format_html('<span class="mf-cut" title="{0}">{0}</span>', decision.keeper.title)

    @admin.display(description="state")
    def holds(self, decision: Decision) -> str:
        """Whether the decision stands."""
        if decision.undone_at:
            return display.badge("off", "undo", "undone")
        return display.badge("good", "check_circle", "in force")

    def take_back(self, request: HttpRequest, decision: Decision) -> HttpResponse:
        """Undo the decision, so that the pair is reviewed again."""
        if count := undo(decision=decision):
            page = reverse("catalog:review_pair", args=[decision.first_track_id, decision.second_track_id])
            words = "Undone." if count == 1 else f"Undone, with the {count - 1} made together with it."
            messages.success(request, format_html('{} <a class="mf-inline" href="{}">Review the pair</a>', words, page))
        return self.back_to(decision)
