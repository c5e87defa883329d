"""Callbacks out: each with its state, its attempts, and a way to send it again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.forms import BaseDialogForm

from webhooks import services
from webhooks.admin.base import RecordAdmin, back_to, confirmed_action
from webhooks.admin.cells import (
    NOTHING,
    attempt_outcome,
    boxed,
    chain,
    duration,
    link,
    message_state,
    moment,
    pretty_json,
    short_url,
    span,
)
from webhooks.models import Attempt, Message
from webhooks.secret_box import SecretUnreadableError
from webhooks.selectors import curl_command, messages_with_attempts


class AttemptInline(TabularInline):  # type: ignore[misc]
    """The attempts of a message, oldest first."""

    model = Attempt
    fields = readonly_fields = ["number", "outcome", "started", "took", "error"]
    extra = 0
    can_delete = False
    show_change_link = True
    ordering = ["number"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Attempts are made, not typed."""
        return False

    @admin.display(description="Outcome")
    def outcome(self, attempt: Attempt) -> SafeString:
        """The status, or what came instead."""
        return attempt_outcome(attempt)

    @admin.display(description="Started")
    def started(self, attempt: Attempt) -> SafeString | str:
        """When."""
        return moment(attempt.started_at)

    @admin.display(description="Took")
    def took(self, attempt: Attempt) -> str:
        """How long."""
        return duration(attempt.duration_ms)


@admin.register(Message)
class MessageAdmin(RecordAdmin):
    """One row a callback."""

    list_display = ["task", "state_badge", "history", "outlook", "made", "to"]
    list_filter = ["state", "event", ("endpoint", AutocompleteSelectFilter)]
    whole_ids = ("subject", "message_id")
    search_fields = ["subject", "message_id", "endpoint__url", "endpoint__owner__username"]
    search_help_text = "Task id, message id, URL or account"
    date_hierarchy = "created_at"
    fields = [
        "task",
        "state_badge",
        "outlook",
        "to",
        "message_id",
        "made",
        "error",
        "body_pretty",
        "curl",
    ]
    readonly_fields = fields
    inlines = [AttemptInline]
    actions = ["send_selected_again"]
    actions_row = ["send_again"]
    actions_detail = ["send_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """Fetch endpoints and attempts for all rows at once."""
        return messages_with_attempts(super().get_queryset(request))

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Sending again needs what changing would: staff who may only look may not."""
        return request.user.has_perm("webhooks.change_message")

    @admin.display(description="Task", ordering="subject")
    def task(self, message: Message) -> SafeString:
        """The task it tells of, and what kind it is."""
        return format_html(
            '<span class="whitespace-nowrap">{}<br><span class="text-xs opacity-70">{}</span></span>',
            message.subject,
            message.event,
        )

    @admin.display(description="State", ordering="state")
    def state_badge(self, message: Message) -> SafeString:
        """Where it stands."""
        return message_state(message)

    @admin.display(description="History")
    def history(self, message: Message) -> SafeString | str:
        """The attempts' outcomes in a row."""
        return chain(list(message.attempts.all()))

    @admin.display(description="Arrived / next", ordering="next_attempt_at")
    def outlook(self, message: Message) -> SafeString | str:
        """When it arrived, or when it is tried next."""
        if message.delivered_at is not None:
            took = span(message.delivered_at - message.created_at)
            return format_html('<span class="whitespace-nowrap tabular-nums">after {}</span>', took)
        if message.state == Message.State.PENDING and message.endpoint.is_deliverable:
            return format_html('<span class="whitespace-nowrap">next {}</span>', moment(message.next_attempt_at))
        return NOTHING

    @admin.display(description="To", ordering="endpoint")
    def to(self, message: Message) -> SafeString:
        """The endpoint, as a link."""
        return link(message.endpoint, short_url(message.endpoint.url), title=message.endpoint.url)

    @admin.display(description="Made", ordering="created_at")
    def made(self, message: Message) -> SafeString | str:
        """When the task ended."""
        return moment(message.created_at)

    @admin.display(description="Body")
    def body_pretty(self, message: Message) -> SafeString | str:
        """What is sent, indented."""
        return pretty_json(message.body)

    @admin.display(description="As curl")
    def curl(self, message: Message) -> SafeString | str:
        """The same request for a shell; its signature is made now."""
        try:
            return boxed(curl_command(message), copy="Copy as curl")
        except SecretUnreadableError as error:
            return str(error)

    @admin.action(description="Send selected callbacks again", permissions=["send"])
    def send_selected_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Give each selected message a new schedule."""
        count = 0
        for message in queryset:
            services.send_again(message=message)
            count += 1
        self.message_user(request, f"{count} callbacks are sent again.", messages.SUCCESS)

    @confirmed_action(
        description="Send again",
        icon="send",
        permission="webhooks.change_message",
        dialog={"title": "Send this callback again?", "description": "It keeps its id, so a receiver can tell."},
    )
    def send_again(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:  # noqa: ARG002
        """Give the message a new schedule, from now."""
        message = get_object_or_404(Message, pk=object_id)
        services.send_again(message=message)
        messages.success(request, "The callback is sent again.")
        return back_to(request, message)
