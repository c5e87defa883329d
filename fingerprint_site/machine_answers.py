"""Errors where programs call: JSON in the API's shape, whoever made the answer.

Django answers in HTML what never reaches a view: a host that is not ours, a request that it cannot read, an address
that does not exist, a method that a page does not have, a defect.
"""

import json
import re
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from catalog.api.errors import UnavailableError
from fingerprint_site.chunked_bodies import LENGTH_REQUIRED

PROGRAMS_CALL = re.compile(r"/+(api|health|webhooks)(/|$)")
_DETAILS = {
    400: "The request is malformed, or its host does not belong to this site.",
    403: "This is not allowed.",
    404: "There is nothing at this address.",
    405: "This address does not accept this method.",
    411: LENGTH_REQUIRED,
    413: "The request is too large.",
    500: "An internal error occurred. It was logged.",
    503: UnavailableError.default_detail,
}


class MachineAnswersMiddleware:
    """Turns every error without JSON into `{"detail": ...}` where programs call."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; headers such as `Allow` stay."""
        response = self.get_response(request)
        is_error = response.status_code >= HTTPStatus.BAD_REQUEST
        if is_error and PROGRAMS_CALL.match(request.path_info) and response["Content-Type"] != "application/json":
            _put_json(response)
        return response


def _put_json(response: HttpResponse) -> None:
    detail = _DETAILS.get(response.status_code, response.reason_phrase)
    response.content = json.dumps({"detail": detail}).encode()
    response["Content-Type"] = "application/json"
    response["Content-Length"] = str(len(response.content))
