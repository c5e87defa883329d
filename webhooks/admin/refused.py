"""Requests that were turned away, and why."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from staff.display import badge, moment
from webhooks.admin.base import RecordAdmin
from webhooks.models import Refused
from webhooks.selectors import refused_by_reason

_REASONS = {
    Refused.Reason.UNKNOWN_SOURCE: ("unknown source", "help"),
    Refused.Reason.SIGNATURE: ("signature", "gpp_bad"),
    Refused.Reason.BODY: ("body", "data_object"),
    Refused.Reason.TOO_LARGE: ("too large", "expand"),
}


@admin.register(Refused)
class RefusedAdmin(RecordAdmin):
    """One row a request; only the newest are kept, each source counts its own."""

    nothing_yet = "No callback has been refused so far."
    list_display = ["why", "detail", "slug", "remote_address", "when"]
    list_filter = ["reason", "at"]
    search_fields = ["words__contains", "remote_address"]
    fields = ["why", "detail", "slug", "source", "remote_address", "when"]
    readonly_fields = fields
    list_before_template = "webhooks/refused_counts.html"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Count the reasons above the list."""
        answer: HttpResponse = super().changelist_view(
            request, (extra_context or {}) | {"refused_counts": refused_by_reason()}
        )
        return answer

    @admin.display(description="Reason", ordering="reason")
    def why(self, refused: Refused) -> SafeString:
        """The class of the refusal."""
        word, icon = _REASONS[Refused.Reason(refused.reason)]
        return badge("bad", icon, word)

    @admin.display(description="When", ordering="at")
    def when(self, refused: Refused) -> SafeString | str:
        """When it was refused."""
        return moment(refused.at)
