"""What is asked about a callback URL: the URL itself, how far back to recover, whether to rotate its secret."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget

from staff.row_ids import row_or_404
from webhooks import services
from webhooks.admin.secrets import RotateForm
from webhooks.models import Endpoint
from webhooks.url_guard import UrlRefusedError, check_url

_SPANS = {"1": "the last hour", "24": "the last day", "120": "the last 5 days", "876000": "all failed callbacks"}


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    """The URL, judged before it is stored."""

    class Meta:
        model = Endpoint
        fields = ["owner", "url"]
        help_texts: ClassVar[dict[str, str]] = {
            "owner": "The account whose results go to this URL. An account has one callback URL.",
            "url": "Saving sends a challenge to the URL. Callbacks go there once it has answered. Until then they go to"
            " the previous URL. The secret is shown once.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the URL that was saved last: the one in use is told above it, and is entered to go back to it."""
        super().__init__(*args, **kwargs)
        if self.instance.candidate_url:
            self.initial["url"] = self.instance.candidate_url

    def clean_url(self) -> str:
        """Refuse what can never be called."""
        url: str = self.cleaned_data["url"]
        try:
            check_url(url)
        except UrlRefusedError as error:
            raise forms.ValidationError(str(error)) from error
        return url


class RecoverForm(BaseDialogForm):  # type: ignore[misc]
    """How far back to go; each choice says how many callbacks it would send."""

    since = forms.ChoiceField(widget=UnfoldAdminSelectWidget, label="Failed callbacks from")

    def __init__(self, request: HttpRequest, object_id: str, **kwargs: Any) -> None:
        """Count what each choice stands for."""
        super().__init__(request, object_id, **kwargs)
        endpoint = row_or_404(Endpoint, object_id)
        self.fields["since"].choices = [
            (hours, f"{words}: {services.count_failed(endpoint=endpoint, since=ago(hours))}")
            for hours, words in _SPANS.items()
        ]


class RotateEndpointForm(RotateForm):
    """Of a callback URL."""

    holder = Endpoint


def ago(hours: str) -> datetime:
    """Return the moment that a choice of hours stands for."""
    return timezone.now() - timedelta(hours=int(hours))
