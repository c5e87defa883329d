"""The staff pages of sources: who may call the incoming endpoint."""

from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from staff.admin.dialogs import confirmed_action
from staff.blocks import boxed
from staff.display import NOTHING, moment, number
from staff.row_ids import row_or_404
from webhooks import services
from webhooks.admin.base import CallbackAdmin
from webhooks.admin.secrets import RotateForm, rotate, secret_page
from webhooks.models import Source
from webhooks.selectors import refused_by_reason


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    """Makes a source, with the secret that the sender gave out, if it did."""

    secret = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="The secret that the sender gave you. Leave this empty to create one, which is shown once.",
    )

    class Meta:
        model = Source
        fields = ["slug"]


class RotateSourceForm(RotateForm):
    """Asks whether to rotate the secret of a source."""

    holder = Source


@admin.register(Source)
class SourceAdmin(CallbackAdmin):
    """The list of sources, one row for each sender."""

    nothing_yet = "A source sends callbacks to this site. Create one and give its URL and secret to the sender."
    list_display = ["slug", "received_number", "refused_number", "last_callback", "since"]
    search_fields = ["slug"]
    actions_detail = ["rotate_secret"]

    def get_form(
        self,
        request: HttpRequest,
        obj: Source | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 - Django's signature
        **kwargs: object,
    ) -> Any:
        """Ask for a secret only while the source is made."""
        return super().get_form(request, obj, change, **(kwargs if obj else {**kwargs, "form": SourceForm}))

    def get_fields(self, request: HttpRequest, obj: Source | None = None) -> list[str]:  # noqa: ARG002
        """Return two fields for a new source, and all that is known of an old one."""
        known = [
            "slug",
            "address",
            "received_number",
            "signs_bodies",
            "refused_number",
            "refused_because",
            "last_callback",
            "since",
        ]
        return known if obj else ["slug", "secret"]

    def get_readonly_fields(self, request: HttpRequest, obj: Source | None = None) -> list[str]:
        """Let nothing of a source be changed by hand: its name is in the senders' settings."""
        return self.get_fields(request, obj) if obj else []

    def save_model(self, request: HttpRequest, obj: Source, form: SourceForm, change: bool) -> None:  # noqa: ARG002, FBT001
        """Make the source through the service."""
        if change:
            return
        made, _ = services.create_source(slug=obj.slug, secret=form.cleaned_data["secret"] or None)
        obj.pk = made.pk

    def response_add(self, request: HttpRequest, obj: Source, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        """Show the secret, once."""
        secret = services.source_secret(source=Source.objects.get(pk=obj.pk))
        return secret_page(self, request, obj, secret=secret)

    def has_delete_permission(self, request: HttpRequest, obj: Source | None = None) -> bool:
        """Allow deleting only a source that nothing came from; the rest is history."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and not (obj and (obj.received.exists() or obj.refused.exists()))

    @admin.display(description="URL for the sender")
    def address(self, source: Source) -> SafeString | str:
        """The URL to which this source sends its callbacks."""
        return boxed(settings.PUBLIC_URL + reverse("webhooks:incoming", args=[source.slug]), copy="Copy")

    @admin.display(description="Received", ordering="received_count")
    def received_number(self, source: Source) -> str:
        """How many callbacks were ever stored."""
        return number(source.received_count)

    @admin.display(description="Refused", ordering="refused_count")
    def refused_number(self, source: Source) -> str:
        """How many requests were ever refused."""
        return number(source.refused_count)

    @admin.display(description="Recent refusals by reason")
    def refused_because(self, source: Source) -> str:
        """Why the newest requests were refused."""
        return ", ".join(f"{word}: {count}" for word, count in refused_by_reason(source_pk=source.pk)) or NOTHING

    @admin.display(description="Last callback", ordering="last_received_at")
    def last_callback(self, source: Source) -> SafeString | str:
        """When a callback last arrived."""
        return moment(source.last_received_at)

    @admin.display(description="Since", ordering="created_at")
    def since(self, source: Source) -> SafeString | str:
        """When the source was made."""
        return moment(source.created_at)

    @confirmed_action(
        description="Rotate secret",
        icon="key",
        permission="webhooks.change_source",
        dialog={
            "title": "Create a new secret?",
            "description": "The previous secret is accepted for one more day.",
            "form_class": RotateSourceForm,
        },
    )
    def rotate_secret(self, request: HttpRequest, form: RotateForm, object_id: str) -> HttpResponse:
        """Make a new secret and show it once."""
        source = row_or_404(Source, object_id)
        make = partial(services.rotate_source_secret, source=source)
        return rotate(request, form, source, make, note="The sender's new secret.")
