"""What a page answers while the database does not: 503, in words, and when to come again.

The database may be away, locked or full, or have stopped a statement that took too long. The calls of the API say the
same in their own shape (`catalog.api.errors`), and the health checks say it themselves.
"""

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views import defaults
from psycopg.errors import QueryCanceled

from catalog.api.errors import UnavailableError, is_unavailable
from staff.access import READING, is_asked_by_script, page_before


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer where a view, a template or a middleware raised what nobody caught; Django logs it with the path."""
    error = sys.exception()
    if error is None or not is_unavailable(error):
        return defaults.server_error(request)
    answer = _script(error) if is_asked_by_script(request) else _page(request, error)
    answer["Retry-After"] = str(UnavailableError.wait)
    return answer


def _took_too_long(error: BaseException) -> bool:
    return isinstance(error.__cause__, QueryCanceled)


def _script(error: BaseException) -> HttpResponse:
    words = "The database took too long and was stopped. Try again." if _took_too_long(error) else None
    return JsonResponse({"detail": words or UnavailableError.default_detail}, status=UnavailableError.status_code)


def _page(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Write the page without asking the database, as the account's name would."""
    is_read = request.method in READING
    told = {
        "took_too_long": _took_too_long(error),
        "is_read": is_read,
        "place": request.get_full_path() if is_read else page_before(request),
    }
    return HttpResponse(render_to_string("503.html", told), status=UnavailableError.status_code)
