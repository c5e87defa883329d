"""API calls that a client may repeat: the first is worked on, and repetitions get its answer.

A claim is a row with a lease. The answer is stored in the transaction of the work, under the claim's token. So a
worker that dies stores nothing, and its key becomes free; a worker whose lease was lost can store nothing.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.models import IdempotentCall
from catalog.services.errors import CatalogError
from queueing.lease import Lease
from webhooks.services import SecretUnreadableError, seal, unseal

LEASE = Lease()
_STORE_NEW = "INSERT INTO catalog_idempotentcall ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING RETURNING id"


class StillRunningError(CatalogError):
    """The first call with this key has no answer yet."""


class OtherRequestError(CatalogError):
    """The key was used for a different request."""


@dataclass(frozen=True)
class Answer:
    """The answer to the first call: the status and the body's text."""

    status: int
    body: str


@dataclass(frozen=True)
class Claim:
    """The right to do the work of a call and to store its answer."""

    call_id: int
    token: uuid.UUID


def claim(*, owner: User, key: str, request_digest: str) -> Claim | Answer:
    """Return the right to work on a call, or the answer to the first call with its key.

    Raises:
        StillRunningError: another call with this key is being worked on, or its answer cannot be read any more.
        OtherRequestError: the key was used for another request in the last `IDEMPOTENCY_HOURS`.

    """
    now, token = timezone.now(), uuid.uuid4()
    whose = {"owner": owner, "key_digest": hashlib.sha256(key.encode()).hexdigest()}
    values = {"request_digest": request_digest, "created_at": now}
    new_id = _stored_new(IdempotentCall(**whose, **values, lease_token=token, lease_until=now + LEASE.length()))
    if new_id is not None:
        return Claim(new_id, token)
    rows = IdempotentCall.objects.filter(**whose)
    known = rows.first()
    free = rows.filter(_old(now) | (Q(sealed_answer="") & LEASE.over(now)))
    if known and (taken := LEASE.claim(free.filter(pk=known.pk), now=now, sealed_answer="", status=None, **values)):
        return Claim(known.pk, taken)
    return _stored(rows.first(), request_digest)


def _stored_new(call: IdempotentCall) -> int | None:
    """Store a call whose key the account has not used; None where it has. In one statement, and no error."""
    fields = [field for field in call._meta.concrete_fields if not field.primary_key]  # noqa: SLF001  (documented)
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    values = [field.get_db_prep_save(getattr(call, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(_STORE_NEW.format(columns=columns, values=", ".join(["%s"] * len(fields))), values)
        row = cursor.fetchone()
    return row[0] if row else None


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
    """Store the answer to a call; call it in the transaction of the work.

    Raises:
        StillRunningError: another process has the call by now; the work of this one must be rolled back.

    """
    stored = {"sealed_answer": seal(answer.body), "status": answer.status}
    if not _rows(claimed).update(**stored, **LEASE.freed()):
        raise StillRunningError("Another call with this key is being answered. Try again in a moment.")


def renew(claimed: Claim) -> bool:
    """Lengthen the lease; False if the call was answered or the lease lost."""
    return LEASE.renew(IdempotentCall.objects.filter(pk=claimed.call_id), claimed.token)


def release(claimed: Claim) -> None:
    """Forget a call that did nothing, so that its key is free again."""
    _rows(claimed).delete()


def _old(now: datetime) -> Q:
    return Q(created_at__lt=now - timedelta(hours=settings.IDEMPOTENCY_HOURS))


def old_calls(now: datetime) -> QuerySet[IdempotentCall]:
    """Return the calls whose keys are free again."""
    return IdempotentCall.objects.filter(_old(now)).order_by("created_at")
