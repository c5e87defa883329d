"""An account's callback URL in use: its secret, its troubles, turned off by them or by staff."""

import smtplib
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet

from webhooks.models import Endpoint, Message
from webhooks.secret_box import unseal
from webhooks.services.sealed_secrets import rotate

logger = structlog.get_logger(__name__)

# Two failures further apart than the schedule's longest wait are two troubles, not one of that length.
_SAME_TROUBLE = timedelta(days=2)
NO_TROUBLE: dict[str, Any] = {"failing_since": None, "last_failure_at": None}
ENABLED: dict[str, Any] = {"disabled_at": None, "disabled_reason": "", **NO_TROUBLE}


def endpoint_secret(*, endpoint: Endpoint) -> str:
    """Return the endpoint's current secret."""
    return unseal(endpoint.sealed_secret)


def rotate_secret(*, endpoint: Endpoint, seen: str = "") -> str:
    """Give the endpoint a new secret and return it; callbacks are signed with the old one too for a day more.

    It is the secret of a candidate URL as well. Raises RotatedMeanwhileError; `seen` as in `sealed_secrets.rotate`.
    """
    return rotate(endpoint, seen=seen, sealed_candidate_secret="")


def disable_endpoint(*, endpoint: Endpoint, reason: str, now: datetime) -> bool:
    """Stop deliveries to the endpoint's URL: what waits is failed (it can be recovered), and the owner is told.

    Returns False where it was disabled already, or has another URL by now.
    """
    if not _same_url(endpoint).filter(disabled_at=None).update(disabled_at=now, disabled_reason=reason):
        return False
    endpoint.messages.filter(state=Message.State.PENDING).update(
        state=Message.State.FAILED, error=f"The endpoint was disabled: {reason}"
    )
    logger.warning("endpoint_disabled", endpoint=endpoint.pk, url=endpoint.url, reason=reason)
    transaction.on_commit(lambda: _tell_owner(endpoint, reason))
    return True


def note_success(*, endpoint: Endpoint) -> None:
    """The endpoint's URL took a callback: whatever trouble there was is over."""
    _same_url(endpoint).filter(failing_since__isnull=False).update(**NO_TROUBLE)


def note_failure(*, endpoint: Endpoint, now: datetime) -> None:
    """The endpoint's URL failed an attempt: after `WEBHOOK_DISABLE_AFTER_DAYS` of nothing else it is disabled."""
    known = _same_url(endpoint).values_list("failing_since", "last_failure_at").first()
    if known is None:
        return
    began, last = known
    if began is None or last is None or now - last > _SAME_TROUBLE:
        began = now
    _same_url(endpoint).update(failing_since=began, last_failure_at=now)
    days = settings.WEBHOOK_DISABLE_AFTER_DAYS
    if now - began >= timedelta(days=days):
        disable_endpoint(endpoint=endpoint, reason=f"Every attempt failed for {days} days.", now=now)


def _same_url(endpoint: Endpoint) -> QuerySet[Endpoint]:
    """Return the row while it has the URL that `endpoint` was read with: of another one it would say nothing."""
    return Endpoint.objects.filter(pk=endpoint.pk, url=endpoint.url)


def _tell_owner(endpoint: Endpoint, reason: str) -> None:
    """Mail the owner, if there is an address; a mail server that is away must not undo the delivery's record."""
    if not endpoint.owner.email:
        return
    try:
        send_mail(
            "Your callback URL was disabled",
            f"Callbacks to {endpoint.url} have stopped. {reason}\n\n"
            "Save the URL again once it works. You can then recover the failed callbacks.",
            None,
            [endpoint.owner.email],
        )
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("owner_mail_failed", endpoint=endpoint.pk, error=str(error))
