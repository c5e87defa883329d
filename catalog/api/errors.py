"""Errors of the API: one shape everywhere, `{"detail": ..., "errors": {...}}`, `errors` only with 422."""

import errno
import math
from typing import Any

import structlog
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import APIView, set_rollback

from catalog.services.errors import NotReachableError
from queueing.retrying import DATABASE_TROUBLE

_UNPROCESSABLE = (
    exceptions.ValidationError,
    exceptions.ParseError,
    MultiPartParserError,
    BadRequest,  # chunks that are none
    SuspiciousOperation,  # more fields or files than are taken, or larger ones
)
_FULL = {errno.ENOSPC, errno.EDQUOT}
log = structlog.get_logger(__name__)


class UnavailableError(exceptions.APIException):
    """503: nothing is wrong with the request, and the same one may be taken a little later."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The service is not available at the moment. Try again later."
    wait = 10


def is_unavailable(error: BaseException) -> bool:
    """Tell whether the database or the disk cannot now do what may be done later: pages answer it with 503 as well."""
    return isinstance(error, DATABASE_TROUBLE) or (isinstance(error, OSError) and error.errno in _FULL)


def contract_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the contract's answer for an error that DRF met; None leaves it to Django's 500."""
    if isinstance(error, Http404):
        error = exceptions.NotFound("Not found.")
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.UnsupportedMediaType):
        error = exceptions.ParseError(f"Send the body as {_taken_types(context['view'])}.")
    if isinstance(error, UnreadablePostError):
        error = exceptions.ParseError("The body is incomplete.")
    if isinstance(error, NotReachableError):
        error = UnavailableError(str(error))
    set_rollback()
    if is_unavailable(error):
        log.error("request_failed", reason=f"{type(error).__name__}: {error}")
        error = UnavailableError()
    if isinstance(error, _UNPROCESSABLE):
        return _unprocessable(error)
    if not isinstance(error, exceptions.APIException):
        return None
    return Response({"detail": _sentence(error.detail)}, status=error.status_code, headers=_headers(error))


def _taken_types(view: APIView) -> str:
    return " or ".join(dict.fromkeys(parser.media_type for parser in view.get_parsers()))


def _unprocessable(error: Exception) -> Response:
    errors = {"body": [_sentence(getattr(error, "detail", str(error)))]}
    if isinstance(error, exceptions.ValidationError):
        errors = _by_field(error.detail)
    detail = next((f"{name}: {texts[0]}" for name, texts in errors.items() if texts), "The request is not valid.")
    return Response({"detail": detail, "errors": errors}, status=status.HTTP_422_UNPROCESSABLE_ENTITY)


def _by_field(detail: Any) -> dict[str, list[str]]:
    if not isinstance(detail, dict):
        return {"body": _texts(detail)}
    return {"body" if name == "non_field_errors" else _text(name): _texts(texts) for name, texts in detail.items()}


def _texts(detail: Any) -> list[str]:
    """Return every text of a field's errors, those of the items of a list or of the members of an object among them."""
    if isinstance(detail, dict):
        detail = detail.values()
    elif not isinstance(detail, list):
        return [_text(detail)]
    return [text for item in detail for text in _texts(item)]


def _sentence(detail: Any) -> str:
    return _text(detail) if not isinstance(detail, (list, dict)) else _text(next(iter(detail), ""))


def _text(value: Any) -> str:
    """Return text that can be sent: a refusal quotes what came, and JSON can name halves of a pair of surrogates."""
    return str(value).encode("utf-8", "replace").decode()


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    wait_s = getattr(error, "wait", None)
    if wait_s is not None:
        headers["Retry-After"] = str(math.ceil(wait_s))
    return headers
