"""Callback URLs: their state, how well they do, and what can be done about them."""

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.forms import BaseDialogForm

from staff.admin.dialogs import back_to, confirmed_action
from staff.display import NOTHING, moment, number, span_ms
from staff.powers import accounts_open_to, may_act_for
from staff.row_ids import row_id, row_or_404
from textsearch.admin import ACCOUNT_WORDS
from webhooks import services
from webhooks.admin.base import CallbackAdmin
from webhooks.admin.endpoint_forms import EndpointForm, RecoverForm, RotateEndpointForm, ago
from webhooks.admin.secrets import RotateForm, rotated_meanwhile, secret_page, show_secret_once
from webhooks.cells import candidate, endpoint_state, short_url
from webhooks.models import Endpoint, Message
from webhooks.selectors import health_of, typical_ms, with_last_deliveries

COUNTED_DAYS = 7
_CHANGE = "webhooks.change_endpoint"


def _count(**conditions: Any) -> Coalesce:
    messages_of_one = Message.objects.filter(endpoint=OuterRef("pk"), **conditions).order_by().values("endpoint")
    return Coalesce(Subquery(messages_of_one.annotate(n=Count("*")).values("n"), output_field=IntegerField()), 0)


@admin.register(Endpoint)
class EndpointAdmin(CallbackAdmin):
    """One row an account."""

    form = EndpointForm
    nothing_yet = "Save a callback URL for an account. Callbacks go there once the URL has answered a challenge."
    list_display = ["address", "owner", "state", "success_rate", "answers_in", "last_success", "waiting", "failed"]
    list_select_related = ["owner"]
    list_filter = [
        ("disabled_at", admin.EmptyFieldListFilter),
        ("verified_at", admin.EmptyFieldListFilter),
        ("failing_since", admin.EmptyFieldListFilter),
    ]
    search_fields = ["words__contains", f"owner__{ACCOUNT_WORDS}"]
    autocomplete_fields = ["owner"]
    change_form_outer_before_template = "webhooks/endpoint.html"
    actions_detail: ClassVar[list[Any]] = [
        *("send_test", "recover_failed"),
        {"title": "More", "icon": "more_horiz", "items": ["verify_again", "rotate_secret", "turn_off"]},
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:
        """Count each endpoint's messages of late in the one query, each count by an index."""
        queryset: QuerySet[Endpoint] = with_last_deliveries(super().get_queryset(request))
        since = timezone.now() - timedelta(days=COUNTED_DAYS)
        return queryset.annotate(
            delivered_count=_count(state=Message.State.DELIVERED, delivered_at__gte=since),
            failed_count=_count(state=Message.State.FAILED, created_at__gte=since),
            waiting_count=_count(state__in=[Message.State.PENDING, Message.State.DELIVERING]),
            next_try_at=Subquery(
                Message.objects.filter(endpoint=OuterRef("pk"), state=Message.State.PENDING)
                .order_by("next_attempt_at")
                .values("next_attempt_at")[:1]
            ),
        )

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Take as owners the accounts that the person may act for: a URL hears of all that its owner does."""
        if db_field.name == "owner":
            kwargs["queryset"] = accounts_open_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Endpoint | None = None) -> bool:
        """Leave the URLs of accounts with more power alone."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or may_act_for(request.user, obj.owner))

    def has_touch_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Leave them alone by buttons too: a new secret is shown to whoever made it."""
        if request.user.is_superuser:
            return True
        return Endpoint.objects.filter(pk=row_id(object_id or ""), owner__in=accounts_open_to(request.user)).exists()

    def has_delete_permission(self, request: HttpRequest, obj: Endpoint | None = None) -> bool:
        """Delete only a URL that nothing was sent to: the others can be turned off, what was sent is history."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and not (obj and (obj.messages.exists() or not may_act_for(request.user, obj.owner)))

    def get_readonly_fields(self, request: HttpRequest, obj: Endpoint | None = None) -> list[str]:  # noqa: ARG002
        """Let the owner be chosen once."""
        return ["owner"] if obj else []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show how it does above its address."""
        context = {"health": health_of(pk) if (pk := row_id(object_id)) else None}
        answer: HttpResponse = super().change_view(request, object_id, form_url, (extra_context or {}) | context)
        return answer

    @admin.display(description="URL", ordering="url")
    def address(self, endpoint: Endpoint) -> SafeString:
        """The URL, cut to fit; all of it on hover; and the one that is to take its place."""
        return format_html(
            '<span title="{}" class="whitespace-nowrap">{}</span>{}',
            endpoint.url,
            short_url(endpoint.url),
            candidate(endpoint),
        )

    @admin.display(description="State")
    def state(self, endpoint: Endpoint) -> SafeString:
        """Whether callbacks go there."""
        return endpoint_state(endpoint)

    @admin.display(description=f"Delivered, {COUNTED_DAYS} d")
    def success_rate(self, endpoint: Endpoint) -> str:
        """The share of ended messages that were delivered."""
        delivered: int = endpoint.delivered_count  # type: ignore[attr-defined]
        ended: int = delivered + endpoint.failed_count  # type: ignore[attr-defined]
        return f"{100 * delivered / ended:.1f} % of {number(ended)}" if ended else NOTHING

    @admin.display(description="Answer (p50)")
    def answers_in(self, endpoint: Endpoint) -> str:
        """The median time to the answer that took a callback, of the newest hundred."""
        return span_ms(typical_ms(endpoint.answered_ms))  # type: ignore[attr-defined]

    @admin.display(description="Last success", ordering="last_delivered_at")
    def last_success(self, endpoint: Endpoint) -> SafeString | str:
        """When a callback was taken last."""
        return moment(endpoint.last_delivered_at)  # type: ignore[attr-defined]

    @admin.display(description="Waiting", ordering="waiting_count")
    def waiting(self, endpoint: Endpoint) -> SafeString | str:
        """Messages on their way, and when the next of them is due."""
        count: int = endpoint.waiting_count  # type: ignore[attr-defined]
        next_try_at = endpoint.next_try_at  # type: ignore[attr-defined]
        if not count or not endpoint.is_deliverable or next_try_at is None:
            return number(count)
        return format_html('{}<br><span class="mf-sub">next {}</span>', number(count), moment(next_try_at))

    @admin.display(description=f"Failed, {COUNTED_DAYS} d", ordering="failed_count")
    def failed(self, endpoint: Endpoint) -> str:
        """Messages given up."""
        return number(endpoint.failed_count)  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Endpoint, form: EndpointForm, change: bool) -> None:  # noqa: FBT001
        """Store through the service; the challenge goes out after the commit, never inside the transaction."""
        if change and "url" not in form.changed_data:
            return
        stored = services.store_endpoint(owner=obj.owner, url=obj.url)
        obj.pk = stored.pk
        transaction.on_commit(lambda: self._verify(request, stored))

    def response_add(self, request: HttpRequest, obj: Endpoint, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        """Show the secret, once."""
        secret = services.endpoint_secret(endpoint=Endpoint.objects.get(pk=obj.pk))
        return secret_page(self, request, obj, secret=secret)

    def _verify(self, request: HttpRequest, endpoint: Endpoint) -> None:
        try:
            services.verify_endpoint(endpoint=endpoint)
        except services.VerificationFailedError as error:
            endpoint.refresh_from_db()
            meanwhile = f" Callbacks still go to {endpoint.url}." if endpoint.is_deliverable else ""
            messages.error(request, f"Not verified: {error}{meanwhile}")
        else:
            messages.success(request, "The URL answered the challenge and is verified.")

    @confirmed_action(
        description="Send test",
        icon="send",
        permission=_CHANGE,
        dialog={
            "title": "Send a test callback?",
            "description": "It is signed and has the form of a finished add.",
        },
    )
    def send_test(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:  # noqa: ARG002
        """Queue a test callback."""
        endpoint = row_or_404(Endpoint, object_id)
        if not endpoint.is_deliverable:
            messages.error(request, "No callback was sent: the URL is not verified or it is disabled.")
            return back_to(request, endpoint)
        messages.success(request, "The test callback is in the queue.")
        return back_to(request, services.send_test(endpoint=endpoint))

    @confirmed_action(
        description="Verify again",
        icon="verified",
        permission=_CHANGE,
        dialog={
            "title": "Send the challenge again?",
            "description": "A new URL gets the challenge first. Only the right answer changes anything.",
        },
    )
    def verify_again(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:  # noqa: ARG002
        """Challenge the URL."""
        endpoint = row_or_404(Endpoint, object_id)
        self._verify(request, endpoint)
        return back_to(request, endpoint)

    @confirmed_action(
        description="Rotate secret",
        icon="key",
        permission=_CHANGE,
        dialog={
            "title": "Create a new secret?",
            "description": "For one day both secrets sign the callbacks. Only the new one signs x-mippia-signature.",
            "form_class": RotateEndpointForm,
        },
    )
    def rotate_secret(self, request: HttpRequest, form: RotateForm, object_id: str) -> HttpResponse:
        """Make a new secret and show it once."""
        endpoint = row_or_404(Endpoint, object_id)
        try:
            secret = services.rotate_secret(endpoint=endpoint, seen=form.cleaned_data["seen"])
        except services.RotatedMeanwhileError as error:
            return rotated_meanwhile(request, endpoint, error)
        return show_secret_once(request, secret=secret, note="The account's new secret.")

    @confirmed_action(
        description="Recover failed",
        icon="replay",
        permission=_CHANGE,
        dialog={
            "title": "Send failed callbacks again?",
            "description": "Each choice shows how many callbacks it sends.",
            "form_class": RecoverForm,
        },
    )
    def recover_failed(self, request: HttpRequest, form: RecoverForm, object_id: str) -> HttpResponse:
        """Give failed messages a new schedule."""
        endpoint = row_or_404(Endpoint, object_id)
        count = services.recover_failed(endpoint=endpoint, since=ago(form.cleaned_data["since"]))
        endpoint.refresh_from_db()
        if endpoint.disabled_at:
            messages.error(request, "No callback was sent: the URL is disabled. “Verify again” enables it.")
        elif not endpoint.verified_at:
            messages.warning(request, f"{number(count)} callbacks wait until the URL is verified.")
        else:
            messages.success(request, f"{number(count)} callbacks are sent again.")
        return back_to(request, endpoint)

    @confirmed_action(
        description="Disable",
        icon="block",
        permission=_CHANGE,
        dialog={
            "title": "Disable this URL?",
            "description": "Waiting callbacks fail and can be recovered later. “Verify again” enables the URL.",
        },
    )
    def turn_off(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:  # noqa: ARG002
        """Disable the URL."""
        endpoint = row_or_404(Endpoint, object_id)
        reason = f"{request.user.get_username()} disabled it."
        if services.disable_endpoint(endpoint=endpoint, reason=reason, now=timezone.now()):
            messages.success(request, "The URL is disabled. It receives no callbacks.")
        else:
            messages.info(request, "Nothing changed: the URL was already disabled or replaced.")
        return back_to(request, endpoint)
