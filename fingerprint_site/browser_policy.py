"""What browsers are told to allow our pages: no script but our own files, nothing from or to anywhere else."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch
from rest_framework.views import APIView

_DIRECTIVES = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",  # the admin theme writes its colours into the page, and Alpine sets styles
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "media-src 'self' blob:",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
]
_PAGES = "; ".join(_DIRECTIVES)
# Alpine, the admin theme's script, makes functions of the attributes in its pages; inline scripts stay forbidden.
_THEMED_PAGES = _PAGES.replace("script-src 'self'", "script-src 'self' 'unsafe-eval'")
_THEMED, _RECEIVERS = (["admin"], ["catalog"]), (["webhooks"],)  # by the namespace of the view
_DATA = "default-src 'none'; frame-ancestors 'none'"
_PERMISSIONS = ", ".join(
    f"{name}=()"
    for name in (
        *("accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "hid"),
        *("magnetometer", "microphone", "midi", "payment", "serial", "usb"),
    )
)


def policy_for(match: ResolverMatch | None) -> str:
    """Return the Content-Security-Policy of what the view of `match` answers; None where no view was found."""
    if match is None:
        return _PAGES
    if match.namespaces[:1] in _THEMED:
        return _THEMED_PAGES
    if match.namespaces[:1] in _RECEIVERS or issubclass(getattr(match.func, "cls", object), APIView):
        return _DATA
    return _PAGES


class BrowserPolicyMiddleware:
    """Puts both policies on every answer that has none of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, then add the headers."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy_for(request.resolver_match))
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response
