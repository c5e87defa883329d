"""Requests that were turned away, and why."""

from django.contrib import admin
from django.utils.safestring import SafeString

from webhooks.admin.base import RecordAdmin
from webhooks.admin.cells import badge, moment
from webhooks.models import Refused

_REASONS = {
    Refused.Reason.UNKNOWN_SOURCE: ("unknown source", "help"),
    Refused.Reason.SIGNATURE: ("signature", "gpp_bad"),
    Refused.Reason.BODY: ("body", "data_object"),
    Refused.Reason.TOO_LARGE: ("too large", "expand"),
}


@admin.register(Refused)
class RefusedAdmin(RecordAdmin):
    """One row a request; only the newest are kept, each source counts its own."""

    list_display = ["why", "detail", "slug", "remote_address", "when"]
    list_filter = ["reason"]
    search_fields = ["slug", "detail", "remote_address"]
    date_hierarchy = "at"
    fields = ["why", "detail", "slug", "source", "remote_address", "when"]
    readonly_fields = fields

    @admin.display(description="Reason", ordering="reason")
    def why(self, refused: Refused) -> SafeString:
        """The class of the refusal."""
        word, icon = _REASONS[Refused.Reason(refused.reason)]
        return badge(word, icon=icon, tone="bad")

    @admin.display(description="When", ordering="at")
    def when(self, refused: Refused) -> SafeString | str:
        """When it was refused."""
        return moment(refused.at)
