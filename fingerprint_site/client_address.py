"""Who is calling, behind a proxy that is trusted to say so."""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class ClientAddressMiddleware:
    """With `TRUST_PROXY`, `REMOTE_ADDR` becomes the last entry of `X-Forwarded-For`, which the proxy itself wrote.

    Everything before it was written by the caller, who may write anything.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the caller's address in place."""
        if settings.TRUST_PROXY:
            last = request.META.get("HTTP_X_FORWARDED_FOR", "").rsplit(",", 1)[-1].strip()
            if _is_address(last):
                request.META["REMOTE_ADDR"] = last
        return self.get_response(request)


def address_of(request: HttpRequest) -> str:
    """Return the caller's address, as the middleware left it."""
    return str(request.META.get("REMOTE_ADDR", ""))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
