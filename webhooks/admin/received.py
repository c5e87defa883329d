"""Callbacks in: payload, verdict of the signatures, how often each came."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from webhooks.admin.base import RecordAdmin
from webhooks.admin.cells import badge, moment, pretty_json
from webhooks.models import Received


@admin.register(Received)
class ReceivedAdmin(RecordAdmin):
    """One row a callback, however often it came."""

    list_display = ["task_id", "event", "outcome", "signatures", "times_seen", "source", "first_seen"]
    list_select_related = ["source"]
    list_filter = ["event", "status", "source", "mippia_verified", "standard_verified"]
    search_fields = ["task_id", "message_id", "source__slug"]
    search_help_text = "Task id, message id or source"
    date_hierarchy = "first_seen_at"
    fields = [
        "task_id",
        "event",
        "outcome",
        "signatures",
        "source",
        "message_id",
        "first_seen",
        "last_seen",
        "times_seen",
        "payload",
    ]
    readonly_fields = fields

    @admin.display(description="Status", ordering="status")
    def outcome(self, received: Received) -> SafeString:
        """Whether the task it tells of succeeded."""
        if received.status == "success":
            return badge("success", icon="check_circle", tone="good")
        return badge("failure", icon="error", tone="bad")

    @admin.display(description="Signatures")
    def signatures(self, received: Received) -> SafeString:
        """Which kinds were there and held."""
        kinds = [("x-mippia", received.mippia_verified), ("webhook", received.standard_verified)]
        badges = [
            badge(name, icon="verified_user", tone="good", title="was there and held")
            if held
            else badge(name, icon="remove", tone="plain", title="was not there")
            for name, held in kinds
        ]
        return format_html('<span class="whitespace-nowrap">{} {}</span>', *badges)

    @admin.display(description="First seen", ordering="first_seen_at")
    def first_seen(self, received: Received) -> SafeString | str:
        """When it came first."""
        return moment(received.first_seen_at)

    @admin.display(description="Last seen", ordering="last_seen_at")
    def last_seen(self, received: Received) -> SafeString | str:
        """When it came last."""
        return moment(received.last_seen_at)

    @admin.display(description="Payload")
    def payload(self, received: Received) -> SafeString | str:
        """The body, indented."""
        return pretty_json(received.body)
