"""The staff pages of received callbacks: the payload, which signatures were valid, how often each came."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from staff.admin.large_tables import known_values_filter
from staff.display import badge, moment
from staff.row_ids import row_id
from webhooks.admin.base import RecordAdmin
from webhooks.contract import ENDED, TaskName
from webhooks.models import Received
from webhooks.services.links import links_of


@admin.register(Received)
class ReceivedAdmin(RecordAdmin):
    """The list of received callbacks, one row for each, however often it came."""

    nothing_yet = (
        "Other deployments send callbacks to the URL of their source. "
        "Create a source and give its URL and secret to the sender."
    )
    list_display = ["task", "outcome", "signatures", "times_seen", "source", "first_seen"]
    wide_columns = ("task",)
    list_select_related = ["source"]
    list_filter = [
        known_values_filter("event", lambda: TaskName.values),
        known_values_filter("status", lambda: ENDED),
        ("source", AutocompleteSelectFilter),
        "mippia_verified",
        "standard_verified",
        "first_seen_at",
    ]
    whole_ids = id_beginnings = ("task_id", "message_id")
    search_fields = ["words__contains", "source__slug"]
    search_help_text = "Task id, message id or source"
    fields = ()
    change_form_outer_before_template = "webhooks/received.html"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show what came, which signatures verified it, and which of its tracks and tasks this site has."""
        pk = row_id(object_id)
        received = Received.objects.select_related("source").filter(pk=pk).first()
        context: dict[str, Any] = {"title": "Callback in"}
        if received:
            context["arrival"] = {
                "received": received,
                "outcome": self.outcome(received),
                "signatures": self.signatures(received),
                "links": links_of(received.body),
            }
        answer: HttpResponse = super().change_view(request, object_id, form_url, (extra_context or {}) | context)
        return answer

    @admin.display(description="Task", ordering="task_id")
    def task(self, received: Received) -> SafeString:
        """The task that the callback is about, and its kind."""
        return format_html(
            '<span class="whitespace-nowrap">{}<br><span class="mf-sub">{}</span></span>',
            received.task_id,
            received.event,
        )

    @admin.display(description="Status", ordering="status")
    def outcome(self, received: Received) -> SafeString:
        """Whether that task succeeded."""
        if received.status == "success":
            return badge("good", "check_circle", "success")
        return badge("bad", "error", "failure")

    @admin.display(description="Signatures")
    def signatures(self, received: Received) -> SafeString:
        """Which kinds of signature came and were valid."""
        kinds = [("x-mippia", received.mippia_verified), ("webhook", received.standard_verified)]
        badges = [
            badge("good", "verified_user", name, "valid") if held else badge("off", "remove", name, "missing")
            for name, held in kinds
        ]
        return format_html('<span class="whitespace-nowrap">{} {}</span>', *badges)

    @admin.display(description="First seen", ordering="first_seen_at")
    def first_seen(self, received: Received) -> SafeString | str:
        """When the callback first came."""
        return moment(received.first_seen_at)
