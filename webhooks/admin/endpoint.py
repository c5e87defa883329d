"""The staff pages of callback URLs: their state, how reliable they are, and what staff can do about them."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from staff.powers import accounts_open_to, may_act_for
from staff.row_ids import row_id
from textsearch.admin import ACCOUNT_WORDS
from webhooks import services
from webhooks.admin.endpoint_actions import EndpointActions, verify
from webhooks.admin.endpoint_columns import EndpointColumns, NeedsFilter
from webhooks.admin.endpoint_forms import EndpointForm, judged
from webhooks.admin.over_time import EndpointHistory, history_of
from webhooks.admin.secrets import secret_page
from webhooks.models import Endpoint
from webhooks.selectors import health_of


@admin.register(Endpoint)
class EndpointAdmin(EndpointActions, EndpointHistory, EndpointColumns):
    """The list of callback URLs, one row for each; an account may have several."""

    form = EndpointForm
    nothing_yet = "Save a callback URL for an account. Callbacks go there once the URL has answered a challenge."
    list_select_related = ["owner"]
    list_filter = [
        NeedsFilter,
        ("disabled_at", admin.EmptyFieldListFilter),
        ("verified_at", admin.EmptyFieldListFilter),
        ("failing_since", admin.EmptyFieldListFilter),
        ("paused_until", admin.EmptyFieldListFilter),
    ]
    search_fields = ["words__contains", "name_words__contains", f"owner__{ACCOUNT_WORDS}"]
    autocomplete_fields = ["owner"]
    change_form_outer_before_template = "webhooks/endpoint.html"
    actions_detail: ClassVar[list[Any]] = [
        *("send_test", "recover_failed"),
        {"title": "More", "icon": "more_horiz", "items": ["verify_again", "rotate_secret", "replay", "turn_off"]},
    ]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer as owners only accounts that the person may act for: a URL is told all that its owner does."""
        if db_field.name == "owner":
            kwargs["queryset"] = accounts_open_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Endpoint | None = None) -> bool:
        """Refuse the URLs of accounts with more power, and those that their account removed."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or (not obj.removed_at and may_act_for(request.user, obj.owner)))

    def has_touch_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Refuse the same URLs to buttons: a new secret is shown to the person who made it."""
        if request.user.is_superuser:
            return True
        return Endpoint.objects.filter(pk=row_id(object_id or ""), owner__in=accounts_open_to(request.user)).exists()

    def has_delete_permission(self, request: HttpRequest, obj: Endpoint | None = None) -> bool:
        """Allow deleting only a URL that nothing was sent to. Others can be disabled; what was sent is history."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and not (obj and (obj.messages.exists() or not may_act_for(request.user, obj.owner)))

    def get_readonly_fields(self, request: HttpRequest, obj: Endpoint | None = None) -> list[str]:  # noqa: ARG002
        """Let the owner be chosen only once."""
        return ["owner"] if obj else []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show above the form how reliable the URL is."""
        context: dict[str, Any] = {"health": health_of(pk) if (pk := row_id(object_id)) else None}
        if context["health"] and not request.headers.get("HX-Request"):  # the part above looks again by itself
            context |= history_of(request, context["health"].endpoint)
        answer: HttpResponse = super().change_view(request, object_id, form_url, (extra_context or {}) | context)
        return answer

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Look the URL's host up before the transaction of the form begins."""
        may = self.has_change_permission(request) if object_id else self.has_add_permission(request)
        try:
            with judged(request.POST.get("url", "") if request.method == "POST" and may else ""):
                return super().changeform_view(request, object_id, *args, **kwargs)
        except services.TooManyUrlsError as error:  # two were added at once, and this one came second
            messages.error(request, str(error))
            return HttpResponseRedirect(reverse("admin:webhooks_endpoint_changelist"))

    def save_model(self, request: HttpRequest, obj: Endpoint, form: EndpointForm, change: bool) -> None:  # noqa: FBT001
        """Store through the service; the challenge goes out after the commit, never inside the transaction."""
        if not change:
            columns = services.checked(**form.choices())
            stored = services.add_endpoint(owner=obj.owner, url=obj.url, **columns)
            obj.pk = stored.pk
        else:
            stored = services.change_endpoint(endpoint=Endpoint.objects.get(pk=obj.pk), **form.choices())
            if "url" not in form.changed_data:
                return
            services.move_endpoint(endpoint=stored, url=obj.url)
        transaction.on_commit(lambda: verify(request, stored))

    def response_add(self, request: HttpRequest, obj: Endpoint, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        """Show the secret, once."""
        secret = services.endpoint_secret(endpoint=Endpoint.objects.get(pk=obj.pk))
        return secret_page(self, request, obj, secret=secret)
