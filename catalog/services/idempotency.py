"""Calls that a client may repeat: the first one is worked on, the others are answered what that one was.

A claim is a row with a lease. The answer is stored in the transaction of the work, by the token of the claim: of a
worker that died nothing is stored and the key is free again, and one that was thought dead can store nothing.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.models import IdempotentCall
from catalog.services.errors import CatalogError
from queueing.lease import Lease
from webhooks.services import SecretUnreadableError, seal, unseal

LEASE = Lease()


class StillRunningError(CatalogError):
    """The first call with this key has not been answered yet."""


class OtherRequestError(CatalogError):
    """The key was used for another request."""


@dataclass(frozen=True)
class Answer:
    """What the first call was answered: the status and the body's text."""

    status: int
    body: str


@dataclass(frozen=True)
class Claim:
    """The right to do the work of a call and to store its answer."""

    call_id: int
    token: uuid.UUID


def claim(*, owner: User, key: str, request_digest: str) -> Claim | Answer:
    """Return the right to work on a call, or the answer of the one before it.

    Raises:
        StillRunningError: another call with this key is being worked on, or its answer cannot be read any more.
        OtherRequestError: the key was used for another request in the last `IDEMPOTENCY_HOURS`.

    """
    now, token = timezone.now(), uuid.uuid4()
    values = {"request_digest": request_digest, "created_at": now}
    call, is_new = IdempotentCall.objects.get_or_create(
        owner=owner,
        key_digest=hashlib.sha256(key.encode()).hexdigest(),
        defaults=values | {"lease_token": token, "lease_until": now + LEASE.length()},
    )
    if is_new:
        return Claim(call.pk, token)
    rows = IdempotentCall.objects.filter(pk=call.pk)
    free = rows.filter(_old(now) | (Q(sealed_answer="") & LEASE.over(now)))
    if taken := LEASE.claim(free, now=now, sealed_answer="", status=None, **values):
        return Claim(call.pk, taken)
    return _stored(rows.first(), request_digest)


def _stored(call: IdempotentCall | None, request_digest: str) -> Answer:
    if call and call.request_digest != request_digest:
        raise OtherRequestError("This key was used for another request. Use a new one.")
    if call is None or call.status is None:
        raise StillRunningError("The first call with this key is still being answered. Try again in a moment.")
    try:
        return Answer(call.status, unseal(call.sealed_answer))
    except SecretUnreadableError as error:
        raise StillRunningError("The stored answer cannot be read any more. Use a new key.") from error


def _rows(claimed: Claim) -> QuerySet[IdempotentCall]:
    return LEASE.held(IdempotentCall.objects.filter(pk=claimed.call_id), claimed.token)


def keep(claimed: Claim, answer: Answer) -> None:
    """Store the answer of a call. Call in the transaction of its work.

    Raises:
        StillRunningError: another has the call by now; the work of this one must be undone.

    """
    stored = {"sealed_answer": seal(answer.body), "status": answer.status}
    if not _rows(claimed).update(**stored, **LEASE.freed()):
        raise StillRunningError("Another call with this key is being answered. Try again in a moment.")


def renew(claimed: Claim) -> bool:
    """Lengthen the lease; False where the call is answered or lost."""
    return LEASE.renew(IdempotentCall.objects.filter(pk=claimed.call_id), claimed.token)


def release(claimed: Claim) -> None:
    """Forget a call that came to nothing, so that its key is free again."""
    _rows(claimed).delete()


def _old(now: datetime) -> Q:
    return Q(created_at__lt=now - timedelta(hours=settings.IDEMPOTENCY_HOURS))


def old_calls(now: datetime) -> QuerySet[IdempotentCall]:
    """Return the calls whose keys are free again."""
    return IdempotentCall.objects.filter(_old(now)).order_by("created_at")
