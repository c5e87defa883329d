"""The audit trail: who did what, on what, when and from where."""

from typing import Any

from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter

from staff import display
from staff.admin.base import ReadOnlyAdmin
from staff.admin.columns import moment_column
from staff.models import AuditEntry

_KINDS = {
    AuditEntry.Kind.CHANGE: ("good", "edit"),
    AuditEntry.Kind.EXPORT: ("warning", "download"),
    AuditEntry.Kind.LOGIN: ("off", "login"),
    AuditEntry.Kind.REFUSED: ("bad", "block"),
}


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """The audit trail, one row for each act. Nobody changes or deletes rows; `prune` deletes old ones."""

    list_title = "audit trail"
    nothing_yet = "The audit trail records what staff change, export or are refused."
    list_display = ("what", "actor", "object_shown", "address", "happened")
    wide_columns = ("object_shown",)
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("act", FieldTextFilter),
        ("actor", FieldTextFilter),
        ("address", FieldTextFilter),
        "at",
    )
    search_fields = ("words__contains",)
    search_help_text = "Who, what, on what or from where"
    fields = (
        *("what", "actor", "actor_key", "address", "happened", "object_shown", "object_type", "object_key"),
        *("changes_shown", "detail_shown"),
    )
    readonly_fields = ("what", "happened", "object_shown", "changes_shown", "detail_shown")
    happened = moment_column("at", "when")

    @admin.display(description="what", ordering="act")
    def what(self, entry: AuditEntry) -> str:
        """The act, with the colour of its kind."""
        tone, icon = _KINDS[AuditEntry.Kind(entry.kind)]
        return display.badge(tone, icon, entry.act)

    @admin.display(description="on what", ordering="object_name")
    def object_shown(self, entry: AuditEntry) -> str:
        """The name that the row had then, linked to its page if it has one."""
        if not entry.object_type:
            return display.NOTHING
        name = entry.object_name or entry.object_key
        try:
            page = reverse(f"admin:{entry.object_type.replace('.', '_')}_change", args=[entry.object_key])
        except NoReverseMatch:
            return name
        return format_html('<a class="mf-link mf-cut" href="{}" title="{}">{}</a>', page, entry.object_type, name)

    @admin.display(description="before and after")
    def changes_shown(self, entry: AuditEntry) -> str:
        """A line for each field that changed."""
        return _lines((field, f"{before!r} → {after!r}") for field, (before, after) in entry.changes.items())

    @admin.display(description="more")
    def detail_shown(self, entry: AuditEntry) -> str:
        """What else the entry holds."""
        return _lines(entry.detail.items())


def _lines(pairs: Any) -> str:
    return format_html_join("", "<div><b>{}</b>: {}</div>", pairs) or display.NOTHING
