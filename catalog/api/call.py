"""What the way in finds out about a request, for the way out of its answer."""

from dataclasses import dataclass
from typing import cast

from django.http import HttpRequest
from rest_framework.request import Request

from catalog.services.idempotency import Claim
from catalog.services.rate_limits import Allowance


@dataclass
class Call:
    """The type of `request.call`.

    `allowance`: the calls that the key has left. `upload_too_large`: the upload was stopped at the limit. `claim`:
    the right to answer a call that may be repeated; `answer_is_kept`: its answer is stored.
    """

    allowance: Allowance | None = None
    upload_too_large: bool = False
    claim: Claim | None = None
    answer_is_kept: bool = False


class _CalledRequest(HttpRequest):
    call: Call


def call_of(request: HttpRequest | Request) -> Call:
    """Return `request.call`, the same for Django's request and for DRF's around it."""
    inner = cast("_CalledRequest", request._request if isinstance(request, Request) else request)  # noqa: SLF001
    if not hasattr(inner, "call"):
        inner.call = Call()
    return inner.call
