"""`Idempotency-Key`: a POST that carries one can be repeated, and is done once."""

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import Any

from django.db import transaction
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.base import account_of
from catalog.api.call import call_of
from catalog.services import idempotency
from catalog.services.idempotency import Answer, Claim, OtherRequestError, StillRunningError
from queueing.lease import kept_up

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
MOST_CHARACTERS = 255
_KEY = re.compile(rf"[\x21-\x7e]{{1,{MOST_CHARACTERS}}}", re.ASCII)
Post = Callable[..., Response]


class StillRunning(APIException):
    """409: the first call with this key has no answer yet."""

    status_code = status.HTTP_409_CONFLICT
    wait = 1


def repeatable(*, in_one_transaction: bool = True) -> Callable[[Post], Post]:
    """Let clients repeat a call with an `Idempotency-Key`: its work and its answer are stored together, or neither is.

    A call with slow work does not run `in_one_transaction`: it stores its answer by `keep_answer` in its last
    transaction; else the answer is stored right after the work.
    """

    def decorate(post: Post) -> Post:
        @wraps(post)
        def answer(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
            key = _key_of(request)
            if key is None:
                return post(view, request, *args, **kwargs)
            claimed = _claimed(request, key, view.body_digest(request))
            if isinstance(claimed, Answer):
                # A secret may be in it.
                headers = {REPLAYED: "true", "Cache-Control": "no-store"}
                return Response(json.loads(claimed.body), status=claimed.status, headers=headers)
            around = transaction.atomic() if in_one_transaction else nullcontext()
            return _worked(request, claimed, around, lambda: post(view, request, *args, **kwargs))

        answer.takes_idempotency_key = True  # type: ignore[attr-defined]  # for the schema
        return answer

    return decorate


def keep_answer(request: Request, body: Any) -> None:
    """Store the answer of a successful call, in the current transaction."""
    call = call_of(request)
    if call.claim:
        idempotency.keep(call.claim, Answer(status.HTTP_200_OK, json.dumps(body)))
        call.answer_is_kept = True


def form_digest(request: Request) -> str:
    """Return a digest that is equal for multipart bodies with the same fields and files."""
    fields = sorted((name, values) for name, values in request.POST.lists())
    files = [[name, file.name, file.sha256.hexdigest()] for name, file in sorted(request.FILES.items())]
    return json_digest([fields, files])


def json_digest(value: Any) -> str:
    """Return a digest that is equal for bodies with the same content."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _key_of(request: Request) -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise ValidationError({HEADER: [f"This must be 1 to {MOST_CHARACTERS} printable ASCII characters, no spaces."]})
    return key


def _claimed(request: Request, key: str, body_digest: str) -> Claim | Answer:
    query = sorted((name, request.query_params.getlist(name)) for name in request.query_params)
    digest = json_digest([request.method, request.path, query, body_digest])
    try:
        return idempotency.claim(owner=account_of(request), key=key, request_digest=digest)
    except OtherRequestError as error:
        raise ValidationError({HEADER: [str(error)]}) from error
    except StillRunningError as error:
        raise StillRunning(str(error)) from error


def _worked(
    request: Request, claimed: Claim, around: AbstractContextManager[Any], work: Callable[[], Response]
) -> Response:
    """Do the work under the claim; what raises sets the key free."""
    call = call_of(request)
    call.claim = claimed
    try:
        with kept_up(lambda: idempotency.renew(claimed)), around:
            response = work()
            if not call.answer_is_kept:
                idempotency.keep(claimed, Answer(response.status_code, json.dumps(response.data)))
    except StillRunningError as error:
        raise StillRunning(str(error)) from error
    except BaseException:
        idempotency.release(claimed)
        raise
    return response
