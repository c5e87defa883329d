"""The staff pages of sent callbacks: each with its state and attempts, and a button that sends it again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.forms import BaseDialogForm

from staff.admin.dialogs import back_to, confirmed_action
from staff.blocks import boxed
from staff.display import NOTHING, moment, number, span
from staff.row_ids import row_id, row_or_404
from textsearch.admin import ACCOUNT_WORDS
from webhooks import services
from webhooks.admin.base import RecordAdmin
from webhooks.causes import Cause
from webhooks.cells import chain, link, message_state, short_url
from webhooks.models import Attempt, Message
from webhooks.secret_box import SecretUnreadableError
from webhooks.selectors import curl_command, messages_with_attempts
from webhooks.services.due import schedule_length
from webhooks.services.history import LATELY, lost
from webhooks.services.links import Link, links_of


@dataclass(frozen=True)
class CallbackPage:
    """What the page of one callback shows."""

    message: Message
    attempts: list[Attempt]
    links: list[Link]
    curl: SafeString | str

    @classmethod
    def of(cls, object_id: str) -> "CallbackPage | None":
        """Return what the page shows; None if there is no such callback."""
        pk = row_id(object_id)
        message = Message.objects.select_related("endpoint__owner").filter(pk=pk).first()
        if message is None:
            return None
        try:
            curl = "" if message.content_deleted_at else boxed(curl_command(message), copy="Copy as curl")
        except SecretUnreadableError as error:
            curl = str(error)
        attempts = list(message.attempts.order_by("number"))
        return cls(message=message, attempts=attempts, links=links_of(message.body), curl=curl)

    @property
    def is_moving(self) -> bool:
        """Whether the callback is on its way, so that the page reloads by itself."""
        ended = self.message.state in (Message.State.DELIVERED, Message.State.FAILED)
        return not ended and self.message.endpoint.is_deliverable

    @property
    def waits_until(self) -> datetime | None:
        """Until when the callback waits for its URL to be verified; None if it does not wait for that."""
        endpoint = self.message.endpoint
        waits = self.message.state == Message.State.PENDING and not endpoint.verified_at and not endpoint.disabled_at
        return self.message.schedule_start + schedule_length() if waits else None

    @property
    def arrived_after(self) -> str:
        """How long after the task's end it arrived."""
        delivered_at = self.message.delivered_at
        return span(delivered_at - self.message.created_at) if delivered_at else NOTHING


class EventFilter(admin.SimpleListFilter):
    """Filters by event, among the events of the newest messages: no page goes through millions of rows."""

    title = "event"
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the events of the newest messages."""
        newest = Message.objects.order_by("-pk").values_list("event", flat=True)[:500]
        return [(event, event) for event in sorted(set(newest))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:  # noqa: ARG002
        """Return the messages of the chosen event."""
        return queryset.filter(event=self.value()) if self.value() else queryset


class LostFilter(admin.SimpleListFilter):
    """Filters the callbacks that somebody may want to send again, as the overview counts them."""

    title = "never arrived"
    parameter_name = "lost"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """The one choice."""
        return [("yes", f"failed in the last {LATELY.days} days")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:  # noqa: ARG002
        """Return the messages that were given up lately."""
        return lost(queryset, now=timezone.now()) if self.value() else queryset


class CauseFilter(admin.SimpleListFilter):
    """Filters by the cause of failure: of messages that were given up, or whose last attempt failed."""

    title = "cause"
    parameter_name = "cause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return all causes."""
        return [(value, str(label)) for value, label in Cause.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:  # noqa: ARG002
        """Return the messages whose last attempt failed for the chosen cause."""
        return queryset.filter(cause=self.value()) if self.value() else queryset


@admin.register(Message)
class MessageAdmin(RecordAdmin):
    """The list of sent callbacks, one row for each."""

    nothing_yet = "When a task ends, the service sends a callback if the account has a callback URL."
    list_display = ["task", "state_badge", "history", "outlook", "made", "to"]
    wide_columns = ("to",)
    late_columns = ("made",)
    list_filter = [LostFilter, "state", CauseFilter, EventFilter, ("endpoint", AutocompleteSelectFilter), "created_at"]
    whole_ids = id_beginnings = ("subject", "message_id")
    search_fields = ["subject", "message_id", "endpoint__words__contains", f"endpoint__owner__{ACCOUNT_WORDS}"]
    search_help_text = "Task id, message id, URL or account"
    fields = ()
    list_before_template = "staff/live_list.html"
    change_form_outer_before_template = "webhooks/message.html"
    actions = ["send_selected_again"]
    actions_detail = ["send_again", "delete_content"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """Read the endpoints and attempts of all rows at once."""
        return messages_with_attempts(super().get_queryset(request))

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Require what changing would: staff who may only look may not send again."""
        return request.user.has_perm("webhooks.change_message")

    @admin.display(description="Task", ordering="subject")
    def task(self, message: Message) -> SafeString:
        """The task that the callback is about, and its kind."""
        return format_html(
            '<span class="whitespace-nowrap">{}<br><span class="mf-sub">{}</span></span>',
            message.subject,
            message.event,
        )

    @admin.display(description="State", ordering="state")
    def state_badge(self, message: Message) -> SafeString:
        """The message's state."""
        return message_state(message)

    @admin.display(description="History")
    def history(self, message: Message) -> SafeString | str:
        """The outcomes of the attempts, in a row."""
        return chain(list(message.attempts.all()))

    @admin.display(description="Arrived / next", ordering="next_attempt_at")
    def outlook(self, message: Message) -> SafeString | str:
        """When the callback arrived, or when its next attempt is."""
        if message.delivered_at is not None:
            took = span(message.delivered_at - message.created_at)
            return format_html('<span class="whitespace-nowrap tabular-nums">after {}</span>', took)
        if message.state == Message.State.PENDING and message.endpoint.is_deliverable:
            return format_html('<span class="whitespace-nowrap">next {}</span>', moment(message.expected_at))
        return NOTHING

    @admin.display(description="To", ordering="endpoint")
    def to(self, message: Message) -> SafeString:
        """The endpoint, as a link."""
        return link(message.endpoint, short_url(message.endpoint.url), title=message.endpoint.url)

    @admin.display(description="Made", ordering="created_at")
    def made(self, message: Message) -> SafeString | str:
        """When the task ended."""
        return moment(message.created_at)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the state, each attempt with its request and response, and a shell command that sends the same."""
        context = {"callback": CallbackPage.of(object_id), "title": "Callback out"}
        answer: HttpResponse = super().change_view(request, object_id, form_url, (extra_context or {}) | context)
        return answer

    @admin.action(description="Send selected callbacks again", permissions=["send"])
    def send_selected_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        """Send each selected message again, by a new schedule."""
        self._tell(request, services.send_again(messages=queryset))

    def _tell(self, request: HttpRequest, outcome: services.SentAgain) -> None:
        """Say what became of them: also of those that nothing was done about."""
        for count, level, words in (
            (outcome.sent, messages.SUCCESS, "sent again."),
            (outcome.held, messages.WARNING, "waiting until the URL is verified."),
            (outcome.in_hands, messages.WARNING, "skipped: a worker is sending now."),
            (outcome.disabled, messages.ERROR, "not sent: the URL is disabled. “Verify again” on its page enables it."),
            (outcome.without_content, messages.ERROR, "not sent: its content was deleted."),
        ):
            if count:
                self.message_user(request, f"{number(count)} callback{'s are' if count > 1 else ' is'} {words}", level)

    @confirmed_action(
        description="Send again",
        icon="send",
        permission="webhooks.change_message",
        dialog={
            "title": "Send this callback again?",
            "description": "It keeps its id, so the receiver can recognise it.",
        },
    )
    def send_again(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:  # noqa: ARG002
        """Send the message again, by a new schedule from now."""
        message = row_or_404(Message, object_id)
        self._tell(request, services.send_again(messages=Message.objects.filter(pk=message.pk)))
        return back_to(request, message)

    @confirmed_action(
        description="Delete content",
        icon="delete_sweep",
        permission="webhooks.change_message",
        dialog={
            "title": "Delete the content of this callback?",
            "description": "Its body and what was sent and answered are deleted for good. The record stays: when it was"
            " sent, and with what outcome. It can never be sent again. If it is waiting, it fails.",
        },
    )
    def delete_content(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:  # noqa: ARG002
        """Delete the body, requests and responses, and keep the record of the callback."""
        message = row_or_404(Message, object_id)
        try:
            services.delete_content(message=message, now=timezone.now())
        except services.BeingSentError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, "The content is deleted. The record stays.", messages.SUCCESS)
        return back_to(request, message)
