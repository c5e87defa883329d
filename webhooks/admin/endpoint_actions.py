"""The buttons on a callback URL's page: each asks first, and then calls the service."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.forms import BaseDialogForm

from staff.admin.dialogs import back_to, confirmed_action
from staff.display import number
from staff.row_ids import row_or_404
from webhooks import services
from webhooks.admin.endpoint_forms import RecoverForm, ReplayForm, RotateEndpointForm, SinceForm, ago
from webhooks.admin.secrets import RotateForm, rotate
from webhooks.models import Endpoint

_CHANGE = "webhooks.change_endpoint"


def verify(request: HttpRequest, endpoint: Endpoint) -> None:
    """Send the URL its challenge, and tell the person how it went."""
    try:
        services.verify_endpoint(endpoint=endpoint)
    except services.VerificationFailedError as error:
        endpoint.refresh_from_db()
        meanwhile = f" Callbacks still go to {endpoint.url}." if endpoint.is_deliverable else ""
        messages.error(request, f"Not verified: {error}{meanwhile}")
    else:
        messages.success(request, "The URL answered the challenge and is verified.")


def _send_since(request: HttpRequest, form: SinceForm, object_id: str, send: Callable[..., int]) -> HttpResponse:
    """Send callbacks again by `send`, as far back as the form says."""
    endpoint = row_or_404(Endpoint, object_id)
    _say_sent(request, endpoint, send(endpoint=endpoint, since=ago(form.cleaned_data["since"]), **form.more))
    return back_to(request, endpoint)


def _say_sent(request: HttpRequest, endpoint: Endpoint, count: int) -> None:
    endpoint.refresh_from_db()
    if endpoint.disabled_at:
        messages.error(request, "No callback was sent: the URL is disabled. “Verify again” enables it.")
    elif not endpoint.verified_at:
        messages.warning(request, f"{_callbacks(count)} sent again once the URL is verified.")
    else:
        messages.success(request, f"{_callbacks(count)} sent again.")


def _callbacks(count: int) -> str:
    return "1 callback is" if count == 1 else f"{number(count)} callbacks are"


class EndpointActions:
    """The buttons."""

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
        """Send the URL its challenge."""
        endpoint = row_or_404(Endpoint, object_id)
        verify(request, endpoint)
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
        make = partial(services.rotate_secret, endpoint=endpoint)
        return rotate(request, form, endpoint, make, note="The account's new secret.")

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
        """Send failed messages again, each by a new schedule."""
        return _send_since(request, form, object_id, services.recover_failed)

    @confirmed_action(
        description="Send all again",
        icon="fast_rewind",
        permission=_CHANGE,
        dialog={
            "title": "Send all callbacks again, delivered ones too?",
            "description": "Each choice shows how many callbacks it sends. They keep their ids, so the receiver can"
            " recognise them.",
            "form_class": ReplayForm,
        },
    )
    def replay(self, request: HttpRequest, form: SinceForm, object_id: str) -> HttpResponse:
        """Send all ended messages again, each by a new schedule."""
        return _send_since(request, form, object_id, services.replay)

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
