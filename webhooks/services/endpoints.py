"""Callback URLs in use: their secrets and their failures, and what disables them."""

import smtplib
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F, Q, QuerySet

from webhooks.causes import Cause
from webhooks.contract import Event, url_disabled_body
from webhooks.models import Endpoint, Message
from webhooks.secret_box import unseal
from webhooks.services.counting import count_attempts
from webhooks.services.messages import queue_messages
from webhooks.services.pausing import NOT_PAUSED
from webhooks.services.sealed_secrets import rotate

logger = structlog.get_logger(__name__)

# Two failures further apart than the schedule's longest wait are two troubles, not one of that length.
_SAME_TROUBLE = timedelta(days=2)
NO_TROUBLE: dict[str, Any] = {"failing_since": None, "last_failure_at": None, "failures_in_row": 0}
ENABLED: dict[str, Any] = {
    "disabled_at": None,
    "disabled_reason": "",
    "disabled_by_owner": False,
    **NO_TROUBLE,
    **NOT_PAUSED,
}


def endpoint_secret(*, endpoint: Endpoint) -> str:
    """Return the endpoint's current secret."""
    return unseal(endpoint.sealed_secret)


def rotate_secret(*, endpoint: Endpoint, seen: str = "") -> str:
    """Give the endpoint a new secret and return it; callbacks are signed with the old one too for another day.

    A candidate URL gets it as well. `seen` is that of `sealed_secrets.rotate`. Raises RotatedMeanwhileError.
    """
    return rotate(endpoint, seen=seen, sealed_candidate_secret="")


def disable_endpoint(*, endpoint: Endpoint, reason: str, now: datetime, by_owner: bool = False) -> bool:
    """Send nothing more to the endpoint. Waiting messages fail (they can be recovered), and the owner is told.

    The owner gets a mail, unless it was `by_owner`, and a callback `callback_url.disabled` at the account's other
    URLs that asked for it. Returns False if it was disabled already or has another address by now.
    """
    with transaction.atomic():
        if by_owner:  # also of a URL that was disabled before: now the account wants it so
            _same_url(endpoint).update(disabled_by_owner=True)
        if not _same_url(endpoint).filter(disabled_at=None).update(disabled_at=now, disabled_reason=reason):
            return False
        given_up = endpoint.messages.filter(state=Message.State.PENDING).update(
            state=Message.State.FAILED, error=f"The endpoint was disabled: {reason}", cause=Cause.DISABLED
        )
        _tell_other_urls(endpoint, reason, now)
        if given_up:
            count_attempts(endpoint_pk=endpoint.pk, now=now, cause=Cause.DISABLED.value, given_up=given_up)
    logger.warning("endpoint_disabled", endpoint=endpoint.pk, url=endpoint.url, reason=reason)
    if not by_owner:
        transaction.on_commit(lambda: _tell_owner(endpoint, reason))
    return True


def note_success(*, endpoint: Endpoint) -> None:
    """Record that the URL accepted a callback: its earlier failures no longer count."""
    troubled = Q(failing_since__isnull=False) | Q(failures_in_row__gt=0)
    _same_url(endpoint).filter(troubled).update(**NO_TROUBLE)


def note_failure(*, endpoint: Endpoint, now: datetime) -> None:
    """Record a failed attempt. A URL that only failed for `WEBHOOK_DISABLE_AFTER_DAYS` is disabled."""
    known = _same_url(endpoint).values_list("failing_since", "last_failure_at").first()
    if known is None:
        return
    began, last = known
    if began is None or last is None or now - last > _SAME_TROUBLE:
        began = now
    _same_url(endpoint).update(failing_since=began, last_failure_at=now, failures_in_row=F("failures_in_row") + 1)
    days = settings.WEBHOOK_DISABLE_AFTER_DAYS
    if now - began >= timedelta(days=days):
        disable_endpoint(endpoint=endpoint, reason=f"Every attempt failed for {days} days.", now=now)


def _same_url(endpoint: Endpoint) -> QuerySet[Endpoint]:
    """Return the row while it has the URL that `endpoint` was read with: of another one it would say nothing."""
    return Endpoint.objects.filter(pk=endpoint.pk, url=endpoint.url)


def _tell_other_urls(endpoint: Endpoint, reason: str, now: datetime) -> None:
    queue_messages(
        owner=endpoint.owner,
        event=Event.URL_DISABLED,
        event_key=f"{Event.URL_DISABLED.value}:{endpoint.pk}:{now.isoformat()}",
        subject="",
        body=lambda: url_disabled_body(
            public_id=str(endpoint.public_id), name=endpoint.name, url=endpoint.url, reason=reason, disabled_at=now
        ),
        but_not=endpoint,
    )


def _tell_owner(endpoint: Endpoint, reason: str) -> None:
    """Mail the owner, if there is an address; a mail server that is away must not undo the delivery's record."""
    if not endpoint.owner.email:
        return
    try:
        send_mail(
            "Your callback URL was disabled",
            f"Callbacks to {endpoint.url} have stopped. {reason}\n\n"
            "Verify the URL again once it works. You can then recover the failed callbacks.",
            None,
            [endpoint.owner.email],
        )
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("owner_mail_failed", endpoint=endpoint.pk, error=str(error))
