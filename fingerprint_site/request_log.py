"""One line a request: who asked for what from where, what it was answered, and how long that took."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from catalog.api.holding import WAITS

log = structlog.get_logger("request")
HEADER = "X-Request-ID"
_PROXYS_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


class RequestLogMiddleware:
    """First of all: binds the request's id to every line until it is answered, and writes the line of it.

    The path is all that is told of an address: a query may hold what is nobody else's business.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and say so."""
        began_s = time.perf_counter()
        request_id = _id_of(request)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            if WAITS not in request.META:  # or the web server holds the request, and it is answered later
                _tell(request, response.status_code, took_s=time.perf_counter() - began_s)
        response.headers.setdefault(HEADER, request_id)
        return response


def _tell(request: HttpRequest, status: int, *, took_s: float) -> None:
    log.info(
        "request_answered",
        method=request.method,
        path=request.path,
        status=status,
        duration_ms=round(took_s * 1000, 1),
        account=_account(request),
        address=request.META.get("REMOTE_ADDR", ""),
    )


def _id_of(request: HttpRequest) -> str:
    """Return the proxy's id of a request where the proxy is trusted, so that both logs can be joined."""
    sent = request.headers.get(HEADER, "") if settings.TRUST_PROXY else ""
    return sent if _PROXYS_ID.fullmatch(sent) else uuid.uuid4().hex


def _account(request: HttpRequest) -> str | None:
    """Return the account's name: of an API key, or of a session where that was looked up to answer."""
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject):
        user = getattr(request, "_cached_user", None)
    return user.get_username() or None if user else None
