"""An account's callback URL: registered, challenged, disabled, enabled again."""

import hmac
import json
import secrets
import smtplib
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from webhooks.models import Endpoint, Message
from webhooks.secret_box import SecretUnreadableError, new_secret, seal, unseal
from webhooks.services.sealed_secrets import rotate, secrets_in_force
from webhooks.signing import standard_headers
from webhooks.transport import Answer, post, request_headers
from webhooks.url_guard import UrlRefusedError, check_url

logger = structlog.get_logger(__name__)

# Two failures further apart than the schedule's longest wait are two troubles, not one of that length.
_SAME_TROUBLE = timedelta(days=2)


class VerificationFailedError(Exception):
    """The URL did not answer the challenge; the message says how, for a person. The endpoint stays unverified."""


def register_endpoint(*, owner: User, url: str, secret: str | None = None) -> Endpoint:
    """Store `url` as the owner's callback URL, send it the challenge, and return the endpoint, verified.

    The first call makes a secret (or takes `secret`); later ones keep the one there is unless `secret` is given.
    Raises VerificationFailedError; the endpoint is stored all the same, unverified, with the reason.
    """
    return verify_endpoint(endpoint=store_endpoint(owner=owner, url=url, secret=secret))


def store_endpoint(*, owner: User, url: str, secret: str | None = None) -> Endpoint:
    """Store `url` as the owner's callback URL, unverified, and return the endpoint; see `register_endpoint`."""
    endpoint, created = Endpoint.objects.get_or_create(
        owner=owner, defaults={"url": url, "sealed_secret": seal(secret or new_secret())}
    )
    if not created:
        endpoint.url = url
        endpoint.verified_at = None
        endpoint.verify_error = ""
        changed = ["url", "verified_at", "verify_error"]
        if secret is not None:
            endpoint.sealed_secret = seal(secret)
            endpoint.sealed_previous_secret, endpoint.previous_secret_until = "", None
            changed += ["sealed_secret", "sealed_previous_secret", "previous_secret_until"]
        endpoint.save(update_fields=changed)
    return endpoint


def verify_endpoint(*, endpoint: Endpoint) -> Endpoint:
    """Send the challenge; an endpoint that answers it counts as verified, and as enabled.

    The request is signed with the Standard Webhooks headers (it has no task id for the other kind to cover).
    Raises VerificationFailedError with the reason, which is stored too. Never call it inside a transaction.
    """
    problem = _challenge(endpoint)
    now = timezone.now()
    # Only for the URL that was asked: it may have been changed meanwhile.
    asked = Endpoint.objects.filter(pk=endpoint.pk, url=endpoint.url)
    if problem:
        asked.update(verified_at=None, verify_error=problem)
        endpoint.refresh_from_db()
        raise VerificationFailedError(problem)
    asked.update(verified_at=now, verify_error="")
    enable_endpoint(endpoint=endpoint)
    return endpoint


def enable_endpoint(*, endpoint: Endpoint) -> None:
    """Take away what disabled the endpoint."""
    Endpoint.objects.filter(pk=endpoint.pk).update(
        disabled_at=None, disabled_reason="", failing_since=None, last_failure_at=None
    )
    endpoint.refresh_from_db()


def endpoint_secret(*, endpoint: Endpoint) -> str:
    """Return the endpoint's current secret."""
    return unseal(endpoint.sealed_secret)


def rotate_secret(*, endpoint: Endpoint) -> str:
    """Give the endpoint a new secret and return it; callbacks are signed with the old one too for a day more."""
    return rotate(endpoint)


def disable_endpoint(*, endpoint: Endpoint, reason: str, now: datetime) -> None:
    """Stop deliveries: what waits is failed (it can be recovered), and the owner is told."""
    changed = Endpoint.objects.filter(pk=endpoint.pk, disabled_at=None).update(disabled_at=now, disabled_reason=reason)
    if not changed:
        return
    endpoint.messages.filter(state=Message.State.PENDING).update(
        state=Message.State.FAILED, error=f"The endpoint was disabled: {reason}"
    )
    logger.warning("endpoint_disabled", endpoint=endpoint.pk, url=endpoint.url, reason=reason)
    transaction.on_commit(lambda: _tell_owner(endpoint, reason))


def note_success(*, endpoint: Endpoint) -> None:
    """The endpoint took a callback: whatever trouble there was is over."""
    Endpoint.objects.filter(pk=endpoint.pk, failing_since__isnull=False).update(
        failing_since=None, last_failure_at=None
    )


def note_failure(*, endpoint: Endpoint, now: datetime) -> None:
    """The endpoint failed an attempt: after `WEBHOOK_DISABLE_AFTER_DAYS` of nothing else it is disabled."""
    endpoint.refresh_from_db(fields=["failing_since", "last_failure_at"])
    last = endpoint.last_failure_at
    began = endpoint.failing_since
    if began is None or last is None or now - last > _SAME_TROUBLE:
        began = now
    Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=began, last_failure_at=now)
    days = settings.WEBHOOK_DISABLE_AFTER_DAYS
    if now - began >= timedelta(days=days):
        disable_endpoint(endpoint=endpoint, reason=f"Every attempt failed for {days} days.", now=now)


def _challenge(endpoint: Endpoint) -> str:
    """Return what is wrong with the endpoint's answer to a challenge, empty where nothing is."""
    now = timezone.now()
    try:
        check_url(endpoint.url)
        keys = secrets_in_force(endpoint, now=now)
    except (UrlRefusedError, SecretUnreadableError) as error:
        return str(error)
    challenge = secrets.token_urlsafe(32)
    body = json.dumps({"challenge": challenge, "type": "url_verification"})
    signed = standard_headers(
        secrets=keys,
        message_id=f"challenge_{secrets.token_hex(12)}",
        timestamp=int(now.timestamp()),
        body=body,
    )
    answer = post(url=endpoint.url, headers=request_headers(signed), body=body.encode())
    return _answer_problem(answer, challenge)


def _answer_problem(answer: Answer, challenge: str) -> str:
    if answer.status is not None and answer.status != 200:
        return f"The URL answered the challenge with status {answer.status} instead of 200."
    if answer.error:
        return answer.error
    try:
        given = json.loads(answer.body)["challenge"]
        held = hmac.compare_digest(given.encode(), challenge.encode())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        held = False
    return "" if held else "The URL did not answer the challenge with the same challenge."


def _tell_owner(endpoint: Endpoint, reason: str) -> None:
    """Mail the owner, if there is an address; a mail server that is away must not undo the delivery's record."""
    if not endpoint.owner.email:
        return
    try:
        send_mail(
            "Your callback URL was disabled",
            f"Callbacks to {endpoint.url} have stopped. {reason}\n\n"
            "Save the URL again once it works; callbacks that failed can be recovered after that.",
            None,
            [endpoint.owner.email],
        )
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("owner_not_mailed", endpoint=endpoint.pk, error=str(error))
