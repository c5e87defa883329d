"""API keys: made here, shown once, revoked here."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from catalog.admin.api_key_form import ApiKeyForm
from catalog.models import ApiKey
from catalog.services.api_keys import create_key, is_expired, revoke_key
from catalog.services.rate_limits import current_allowance, per_minute, use_by_day
from staff import display
from staff.access import person
from staff.admin.base import ReadOnlyAdmin
from staff.admin.columns import moment_column
from staff.row_ids import row_id
from textsearch.admin import ACCOUNT_WORDS

CHART_HEIGHT = 58


def use_page(key: ApiKey) -> dict[str, Any]:
    """Return what a key's page shows of its use: bars by day, this minute, and sums."""
    days = use_by_day(key)
    most = max(calls for _, calls in days) or 1
    return {
        "bars": [(day, calls, round(CHART_HEIGHT * (1 - calls / most))) for day, calls in days],
        "most": most,
        "today": days[-1][1],
        "all": sum(calls for _, calls in days),
        "allowance": current_allowance(key),
    }


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """The list of API keys by their first letters; the keys themselves are not stored."""

    nothing_yet = "A program needs a key to call the API. Create the first one."
    list_display = ("prefix", "owner", "label", "state", "limit", "used", "expires", "created")
    wide_columns = ("label",)
    late_columns = ("created",)
    list_filter = (("tier", ChoicesDropdownFilter), ("owner", AutocompleteSelectFilter))
    list_select_related = ("owner",)
    search_fields = ("prefix", "words__contains", f"owner__{ACCOUNT_WORDS}")
    search_help_text = "The key's first letters, its label or its owner"
    fields = ("prefix", "owner", "label", "tier", "limit", "state", "expires", "used", "created")
    change_form_outer_before_template = "catalog/api_key.html"
    post_actions: ClassVar[dict[str, tuple[str, str]]] = {"revoke": ("revoke", "change_apikey")}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the key's use by day above its fields."""
        key = ApiKey.objects.filter(pk=row_id(object_id)).first()
        context = {"use": use_page(key)} if key else {}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | context)

    used = moment_column("last_used_at", "last used")
    expires = moment_column("expires_at", "expires")
    created = moment_column("created_at", "created")

    @admin.display(description="state")
    def state(self, key: ApiKey) -> str:
        """Whether calls with the key are answered."""
        if key.revoked_at:
            return display.badge("off", "block", "revoked")
        if is_expired(key):
            return display.badge("warning", "event_busy", "expired")
        return display.badge("good", "check_circle", "valid")

    @admin.display(description="calls per minute", ordering="tier")
    def limit(self, key: ApiKey) -> str:
        """The tier and its calls a minute."""
        return f"{per_minute(key)} ({key.tier})"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let people make keys who may add them."""
        return request.user.has_perm("catalog.add_apikey")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        """Make a key and show it in this answer: nothing stores it to show it again."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ApiKeyForm(request.POST or None, made_by=person(request), admin_site=self.admin_site)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": "Create an API key",
            "form": form,
        }
        if request.method == "POST" and form.is_valid():
            row, text = create_key(**form.cleaned_data)
            self.log_addition(request, row, "Made.")
            return TemplateResponse(request, "catalog/api_key_made.html", context | {"key": row, "text": text})
        return TemplateResponse(request, "catalog/api_key_add.html", context | {"media": self.media + form.media})

    def revoke(self, request: HttpRequest, key: ApiKey) -> HttpResponse:
        """Revoke a key now."""
        revoke_key(key=key)
        self.log_change(request, key, "Revoked.")
        messages.success(request, f"The key {key} is revoked. The API refuses it from now on.")
        return self.back_to(key)
