"""The staff pages of refused requests: what came, and why it was refused."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from staff.display import badge, moment
from staff.row_ids import row_id
from webhooks.admin.base import RecordAdmin
from webhooks.models import Refused
from webhooks.secret_box import SecretUnreadableError
from webhooks.selectors import refused_by_reason
from webhooks.services.refusals import try_signature
from webhooks.signing import BadSignatureError

_REASONS = {
    Refused.Reason.UNKNOWN_SOURCE: ("unknown source", "help"),
    Refused.Reason.SIGNATURE: ("signature", "gpp_bad"),
    Refused.Reason.BODY: ("body", "data_object"),
    Refused.Reason.TOO_LARGE: ("too large", "expand"),
}


@admin.register(Refused)
class RefusedAdmin(RecordAdmin):
    """The list of refused requests. Only the newest are kept; each source counts all of its own."""

    nothing_yet = "No callback has been refused so far."
    list_display = ["why", "told", "about", "slug", "sender", "when"]
    wide_columns = ("told", "about")
    list_filter = ["reason", "at"]
    search_fields = ["words__contains", "remote_address"]
    search_help_text = "Source, detail or address"
    fields = ()
    list_before_template = "webhooks/refused_counts.html"
    change_form_outer_before_template = "webhooks/refused.html"
    post_actions: ClassVar[dict[str, tuple[str, str]]] = {"try-signature": ("try_it", "view_refused")}

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Count the reasons above the list."""
        answer: HttpResponse = super().changelist_view(
            request, (extra_context or {}) | {"refused_counts": refused_by_reason()}
        )
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show what came and why it was refused."""
        refused = Refused.objects.select_related("source").filter(pk=row_id(object_id)).first()
        context: dict[str, Any] = {"title": "Refused callback", "refused": refused}
        if refused:
            context["why"] = self.why(refused)
        answer: HttpResponse = super().change_view(request, object_id, form_url, (extra_context or {}) | context)
        return answer

    def try_it(self, request: HttpRequest, refused: Refused) -> HttpResponse:
        """Check the signature that came against the source's secrets of today."""
        try:
            messages.success(request, try_signature(refused=refused, now=timezone.now()))
        except (BadSignatureError, SecretUnreadableError) as error:
            messages.error(request, str(error))
        return self.back_to(refused)

    @admin.display(description="Reason", ordering="reason")
    def why(self, refused: Refused) -> SafeString:
        """The class of the refusal."""
        word, icon = _REASONS[Refused.Reason(refused.reason)]
        return badge("bad", icon, word)

    @admin.display(description="Detail")
    def told(self, refused: Refused) -> SafeString:
        """The reason in one line; all of it on hover."""
        return format_html('<span class="mf-cut" title="{}">{}</span>', refused.detail, refused.detail)

    @admin.display(description="About", ordering="task_id")
    def about(self, refused: Refused) -> SafeString | str:
        """The task that the body names, and the message's id."""
        return format_html(
            '<span class="mf-cut" title="{}">{}</span><span class="mf-sub mf-cut" title="{}">{}</span>',
            refused.task_id,
            refused.task_id,
            refused.message_id,
            refused.message_id,
        )

    @admin.display(description="From", ordering="remote_address")
    def sender(self, refused: Refused) -> SafeString:
        """The sender's address and the program that it named."""
        return format_html(
            '{}<span class="mf-sub mf-cut" title="{}">{}</span>', refused.remote_address, refused.agent, refused.agent
        )

    @admin.display(description="When", ordering="at")
    def when(self, refused: Refused) -> SafeString | str:
        """When it was refused."""
        return moment(refused.at)
