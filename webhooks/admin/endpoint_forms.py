"""The forms about a callback URL: its address and choices, how far back to send, whether to rotate its secret."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from staff.row_ids import row_or_404
from webhooks import services
from webhooks.admin.secrets import RotateForm
from webhooks.causes import Cause, cause_words
from webhooks.choices import contract_events
from webhooks.contract import Event
from webhooks.models import Endpoint
from webhooks.secret_box import SecretUnreadableError
from webhooks.services.custom_headers import headers_of, masked
from webhooks.url_guard import UrlRefusedError, check_address, check_url

ALL = "876000"  # hours
_SPANS = {"1": "the last hour", "24": "the last day", "120": "the last 5 days", ALL: "all"}
_FIELD_OF = {"signature": "scheme"}
_refusal: ContextVar[str] = ContextVar("refusal", default="")


@contextmanager
def judged(url: str) -> Iterator[None]:
    """Look up a URL's host before the form's transaction; the forms of the `with` block learn why the URL is refused.

    An empty `url` is not looked up.
    """
    refusal = ""
    try:
        if url:
            check_address(url)
    except UrlRefusedError as error:
        refusal = str(error)
    token = _refusal.set(refusal)
    try:
        yield
    finally:
        _refusal.reset(token)


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    """The address of a callback URL, checked before it is stored, and its choices."""

    events = forms.MultipleChoiceField(
        choices=Event.choices,
        initial=contract_events,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="The events that the URL receives. The first two are the API's; the others are for receivers that"
        " know them.",
    )
    headers = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "spellcheck": "false"}),
        label="Headers",
        help_text="Sent with every callback, one “Name: value” a line, such as a gateway's key. Values are stored"
        " encrypted and not shown again. A line with dots instead of a value keeps its value.",
    )

    class Meta:
        model = Endpoint
        fields = ["owner", "name", "url", "events", "body_format", "scheme", "headers", "description"]
        widgets: ClassVar[dict[str, Any]] = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 2})}
        help_texts: ClassVar[dict[str, str]] = {
            "owner": "The account whose results go to this URL.",
            "name": "What the URL is for.",
            "url": "Saving sends a challenge to the URL. Callbacks go there once it has answered. Until then they go to"
            " the previous URL. The secret is shown once.",
            "body_format": "The full body is for receivers that take more than the API's own body.",
            "scheme": "With Ed25519 the receiver checks webhook-signature with a public key, which this page shows.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the address that was saved last. The form names the one in use; entering that withdraws the new one."""
        super().__init__(*args, **kwargs)
        if self.instance.candidate_url:
            self.initial["url"] = self.instance.candidate_url
        self.initial["headers"] = "\n".join(f"{name}: {dots}" for name, dots in _masked_of(self.instance).items())

    def clean_url(self) -> str:
        """Refuse an address that can never be called, and a host whose addresses are private."""
        url: str = self.cleaned_data["url"]
        try:
            check_url(url)
        except UrlRefusedError as error:
            raise forms.ValidationError(str(error)) from error
        if _refusal.get() and url != self.initial.get("url"):
            raise forms.ValidationError(_refusal.get())
        return url

    def clean_headers(self) -> dict[str, str]:
        """Read the headers, one a line."""
        lines = [line for line in self.cleaned_data["headers"].splitlines() if line.strip()]
        pairs = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        if len({name.lower() for name, _ in pairs}) < len(pairs):
            raise forms.ValidationError("A header is given twice.")
        return dict(pairs)

    def clean(self) -> dict[str, Any]:
        """Check the choices by the rules of the service, as the API does."""
        cleaned: dict[str, Any] = super().clean() or {}
        known = self.instance if self.instance.pk else None
        try:
            services.checked(endpoint=known, **self.choices())
        except services.ChoicesInvalidError as error:
            for name, texts in error.errors.items():
                self.add_error(_FIELD_OF.get(name, name), texts)
        try:
            if known is None and "url" in cleaned and "owner" in cleaned:
                services.check_room(owner=cleaned["owner"], url=cleaned["url"])
            elif known and "url" in cleaned and cleaned["url"] != known.newest_url:
                services.check_new(owner=known.owner, url=cleaned["url"], besides=known)
        except services.TooManyUrlsError as error:
            self.add_error("url", f"{error} (Setting WEBHOOK_MAX_URLS: {settings.WEBHOOK_MAX_URLS}.)")
        return cleaned

    def choices(self) -> dict[str, Any]:
        """Return the choices, under the service's names."""
        names = ("name", "description", "events", "body_format", "scheme", "headers")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}


def _masked_of(endpoint: Endpoint) -> dict[str, str]:
    try:
        return masked(headers_of(endpoint))
    except SecretUnreadableError:
        return {}


class SinceForm(BaseDialogForm):  # type: ignore[misc]
    """How far back to send; each choice says how many callbacks it would send."""

    since = forms.ChoiceField(widget=UnfoldAdminSelectWidget, label="Callbacks from")
    count: ClassVar[Any]
    more: ClassVar[dict[str, str]] = {}

    def __init__(self, request: HttpRequest, object_id: str, **kwargs: Any) -> None:
        """Count the callbacks of each choice."""
        super().__init__(request, object_id, **kwargs)
        endpoint = row_or_404(Endpoint, object_id)
        self.fields["since"].choices = [
            (hours, f"{words}: {type(self).count(endpoint=endpoint, since=ago(hours), **self.more)}")
            for hours, words in _SPANS.items()
        ]


class RecoverForm(SinceForm):
    """Failed callbacks. If the address names a cause: those that failed for it, at first of all time."""

    count = staticmethod(services.count_failed)

    def __init__(self, request: HttpRequest, object_id: str, **kwargs: Any) -> None:
        """Read the cause from the address."""
        cause = request.GET.get("cause", "")
        if cause in Cause.values:
            self.more = {"cause": cause}  # type: ignore[misc]  # of this form alone
        super().__init__(request, object_id, **kwargs)
        if self.more:
            self.fields["since"].help_text = f"Only those of this cause: {cause_words(cause)}."
            self.initial["since"] = ALL


class ReplayForm(SinceForm):
    """All callbacks that ended, delivered ones too."""

    count = staticmethod(services.count_ended)


class RotateEndpointForm(RotateForm):
    """Asks whether to rotate the secret of a callback URL."""

    holder = Endpoint


def ago(hours: str) -> datetime:
    """Return the moment `hours` hours ago."""
    return timezone.now() - timedelta(hours=int(hours))
