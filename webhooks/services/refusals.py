"""Refused requests: counted, and kept so that somebody can see what came and try its signature again."""

import json
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F

from webhooks.contract import NotJsonError, parse
from webhooks.kept_headers import KEPT_HEADER_CHARACTERS, MASK, kept_headers
from webhooks.models import Refused, Source
from webhooks.secret_box import seal, unseal
from webhooks.services.sealed_secrets import secrets_in_force
from webhooks.signing import BadSignatureError, verify
from webhooks.storable import storable

KEPT_BODY_BYTES = 16 * 1024
_SIGNATURES = ("x-mippia-signature", "webhook-signature")


def keep_refusal(
    *,
    source: Source | None,
    slug: str,
    reason: Refused.Reason,
    detail: str,
    headers: Mapping[str, str],
    body: bytes,
    remote_address: str,
    at: datetime,
) -> None:
    """Store a refused request among the newest, and count it with its source.

    Signatures are encrypted, and masked on pages: with its body, each is as good as the callback for a while.
    """
    kept = body[:KEPT_BODY_BYTES].decode("utf-8", "replace")
    signatures = {name: headers[name][:KEPT_HEADER_CHARACTERS] for name in _SIGNATURES if name in headers}
    with transaction.atomic():
        newest = Refused.objects.create(
            source=source,
            slug=slug,
            reason=reason,
            detail=detail,
            remote_address=remote_address[:64],
            at=at,
            message_id=storable(headers.get("webhook-id", ""))[:255],
            task_id=_task_id(body),
            agent=storable(headers.get("user-agent", ""))[:255],
            headers=kept_headers(headers.items()),
            sealed_signatures=seal(json.dumps(signatures)) if signatures else "",
            body=storable(kept),
            body_bytes=len(body),
            body_is_whole=storable(kept).encode() == body,
        )
        Refused.objects.filter(pk__lte=newest.pk - settings.WEBHOOK_REFUSED_KEPT).delete()
        if source is not None:
            Source.objects.filter(pk=source.pk).update(refused_count=F("refused_count") + 1)


def _task_id(body: bytes) -> str:
    try:
        named = parse(body[:KEPT_BODY_BYTES])[1].get("task_id")
    except NotJsonError:
        return ""
    return storable(named)[:64] if isinstance(named, str) else ""


def try_signature(*, refused: Refused, now: datetime) -> str:
    """Check a kept request against the source's secrets of today, as at the moment when it came.

    Returns which signatures are valid, in a sentence.

    Raises:
        BadSignatureError: none is valid, or it cannot be checked; the message says why.
        SecretUnreadableError: a secret was sealed under another key.

    """
    if refused.source is None:
        raise BadSignatureError("There was no such source, so there is no secret to check with.")
    if not refused.body_is_whole:
        raise BadSignatureError(
            "The signature cannot be checked. The body was too long or not text, so only a part was kept."
        )
    verdict = verify(
        secrets=secrets_in_force(refused.source, now=now),
        headers={name: value for name, value in refused.headers.items() if value != MASK} | _signatures(refused),
        task_id=refused.task_id,
        body=refused.body,
        now=refused.at,
        tolerance_s=settings.WEBHOOK_TOLERANCE_SECONDS,
    )
    kinds = [name for name, held in zip(_SIGNATURES, (verdict.mippia, verdict.standard), strict=True) if held]
    return f"Valid with the secret that the source has now: {' and '.join(kinds)}."


def _signatures(refused: Refused) -> dict[str, str]:
    opened: dict[str, str] = json.loads(unseal(refused.sealed_signatures)) if refused.sealed_signatures else {}
    return opened
