"""Attempts: one HTTP request each, with the request and the response."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from staff.blocks import boxed, head, json_box
from staff.display import moment, span_ms
from webhooks.admin.base import RecordAdmin
from webhooks.cells import attempt_outcome, link
from webhooks.models import Attempt


class OutcomeFilter(admin.SimpleListFilter):
    """Filters by class of status, so that no page looks up which statuses occur in millions of rows."""

    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """The classes."""
        return [("none", "no answer"), *((str(first), f"{first}xx") for first in range(2, 6))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Attempt]) -> QuerySet[Attempt]:  # noqa: ARG002
        """Return the attempts of the chosen class."""
        if self.value() == "none":
            return queryset.filter(status=None)
        if self.value() in {"2", "3", "4", "5"}:
            first = int(str(self.value())) * 100
            return queryset.filter(status__gte=first, status__lt=first + 100)
        return queryset


@admin.register(Attempt)
class AttemptAdmin(RecordAdmin):
    """The list of attempts, one row for each HTTP request."""

    list_display = ["task", "number", "outcome", "took", "started", "error"]
    wide_columns = ("error",)
    list_select_related = ["message"]
    list_filter = [OutcomeFilter, "started_at"]
    whole_ids = ("message__subject", "message__message_id")
    search_fields = ["message__subject", "message__message_id", "url_words__contains", "error_words__contains"]
    search_help_text = "Task id, message id, URL or error"
    ordering = ["-pk"]
    fields = [
        "task",
        "number",
        "outcome",
        "error",
        "started",
        "took",
        "url",
        "request_head",
        "request_body",
        "response_head",
        "response_text",
    ]
    readonly_fields = fields

    def has_module_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Give it no menu entry: a message's page leads to its attempts."""
        return False

    @admin.display(description="Task", ordering="message__subject")
    def task(self, attempt: Attempt) -> SafeString:
        """The task, as a link to the message."""
        return link(attempt.message, attempt.message.subject)

    @admin.display(description="Outcome", ordering="status")
    def outcome(self, attempt: Attempt) -> SafeString:
        """The response's status, or why there was no response."""
        return attempt_outcome(attempt)

    @admin.display(description="Started", ordering="started_at")
    def started(self, attempt: Attempt) -> SafeString | str:
        """When the request was sent."""
        return moment(attempt.started_at)

    @admin.display(description="Took", ordering="duration_ms")
    def took(self, attempt: Attempt) -> str:
        """How long it took until the response had arrived."""
        return span_ms(attempt.duration_ms)

    @admin.display(description="Request head")
    def request_head(self, attempt: Attempt) -> SafeString | str:
        """The head of the request."""
        return head(attempt.request_headers)

    @admin.display(description="Request body")
    def request_body(self, attempt: Attempt) -> SafeString | str:
        """The message's body, the same in each attempt."""
        return json_box(attempt.message.body)

    @admin.display(description="Response head")
    def response_head(self, attempt: Attempt) -> SafeString | str:
        """The head of the response."""
        return head(attempt.response_headers)

    @admin.display(description="Response body")
    def response_text(self, attempt: Attempt) -> SafeString | str:
        """The first kB of the response's body."""
        return boxed(attempt.response_body)
