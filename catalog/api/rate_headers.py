"""The `X-RateLimit` headers of every answer."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from catalog.api.call import call_of
from catalog.services.rate_limits import WINDOW_S, Allowance


class RateLimitHeadersMiddleware:
    """Puts the `X-RateLimit` headers on every answer of the API; without a known key they say 0."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, then add the headers."""
        response = self.get_response(request)
        if request.path.startswith("/api/v1/"):
            allowance = _standing(request)
            response["X-RateLimit-Limit"] = str(allowance.limit)
            response["X-RateLimit-Remaining"] = str(allowance.remaining)
            response["X-RateLimit-Reset"] = str(allowance.reset_at_s)
        return response


def _standing(request: HttpRequest) -> Allowance:
    if standing := call_of(request).allowance:
        return standing
    next_minute_s = (int(time.time()) // WINDOW_S + 1) * WINDOW_S
    return Allowance(limit=0, remaining=0, reset_at_s=next_minute_s, allowed=False)
