"""Registering callback URLs: each is stored, sent a challenge, and used as soon as it has answered.

A URL that works gets callbacks while another is tried in its place. This candidate replaces it when it answers the
challenge, and not before.
"""

import hmac
import json
import secrets
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from webhooks.contract import verification_body
from webhooks.models import Endpoint
from webhooks.secret_box import SecretUnreadableError, new_secret, seal, unseal
from webhooks.services.custom_headers import headers_of
from webhooks.services.endpoints import ENABLED
from webhooks.services.sealed_secrets import NO_PREVIOUS, secrets_in_force
from webhooks.services.signatures import signed_headers
from webhooks.transport import Answer, post, request_headers
from webhooks.url_guard import UrlRefusedError, check_url

logger = structlog.get_logger(__name__)

NO_CANDIDATE = {"candidate_url": "", "sealed_candidate_secret": ""}
REMOVED = "The account removed this URL."
CHANGED_MEANWHILE = "The URL or its secret changed during the challenge, so the answer does not count."


class VerificationFailedError(Exception):
    """The URL did not answer the challenge; the message says how, for a person. The URL before it stays in use."""


class TooManyUrlsError(Exception):
    """The account may have no more callback URLs, or has this one already; the message says so, for a person."""


def register_endpoint(*, owner: User, url: str, secret: str | None = None) -> Endpoint:
    """Store `url` as the owner's one callback URL, send it the challenge, and return the endpoint, verified.

    The first call makes a secret (or takes `secret`); later ones keep the one there is unless `secret` is given.
    Raises VerificationFailedError; the URL is stored all the same, to be asked again, with the reason. Raises
    TooManyUrlsError where the account has several: then it must be said which one is meant.
    """
    return verify_endpoint(endpoint=store_endpoint(owner=owner, url=url, secret=secret))


def store_endpoint(*, owner: User, url: str, secret: str | None = None) -> Endpoint:
    """Store `url` as the owner's one callback URL, to be challenged, and return it; see `register_endpoint`."""
    known = list(Endpoint.objects.of(owner).order_by("pk")[:2])
    if not known:
        return add_endpoint(owner=owner, url=url, secret=secret)
    if len(known) > 1:
        raise TooManyUrlsError("The account has several callback URLs. Say which one is meant.")
    return move_endpoint(endpoint=known[0], url=url, secret=secret)


def add_endpoint(*, owner: User, url: str, secret: str | None = None, **choices: Any) -> Endpoint:
    """Store one more callback URL of the owner; it still has to answer. `choices` are those of `choosing.checked`.

    Raises TooManyUrlsError. Two calls at once do not get past the limit: they take turns at the account's row.
    """
    with transaction.atomic():
        User.objects.select_for_update().filter(pk=owner.pk).first()
        check_room(owner=owner, url=url)
        return Endpoint.objects.create(owner=owner, url=url, sealed_secret=seal(secret or new_secret()), **choices)


def check_room(*, owner: User, url: str) -> None:
    """Raise TooManyUrlsError if the account has this URL already, or may have no more."""
    check_new(owner=owner, url=url)
    known = Endpoint.objects.of(owner).count()
    if known >= settings.WEBHOOK_MAX_URLS:
        raise TooManyUrlsError(f"The account has {known} callback URLs. That is the limit.")


def check_new(*, owner: User, url: str, besides: Endpoint | None = None) -> None:
    """Raise TooManyUrlsError if another row than `besides` has this URL: each event would go there twice."""
    others = Endpoint.objects.of(owner).filter(Q(url=url) | Q(candidate_url=url))
    if besides:
        others = others.exclude(pk=besides.pk)
    if others.exists():
        raise TooManyUrlsError("The account has this callback URL already.")


def move_endpoint(*, endpoint: Endpoint, url: str, secret: str | None = None) -> Endpoint:
    """Give a callback URL another address, which still has to answer, and return the endpoint.

    Beside a verified address it is a candidate, with its secret; giving the verified one withdraws the candidate.
    """
    _store_over(endpoint, url, "" if secret is None else seal(secret))
    endpoint.refresh_from_db()
    return endpoint


def _store_over(endpoint: Endpoint, url: str, sealed: str) -> None:
    row = Endpoint.objects.filter(pk=endpoint.pk)
    with_secret: dict[str, Any] = {"sealed_secret": sealed, **NO_PREVIOUS} if sealed else {}
    if row.filter(verified_at=None).update(url=url, verify_error="", **NO_CANDIDATE, **with_secret):
        return
    if not sealed and row.filter(url=url).update(verify_error="", **NO_CANDIDATE):
        return
    row.update(candidate_url=url, sealed_candidate_secret=sealed, verify_error="")


def verify_endpoint(*, endpoint: Endpoint) -> Endpoint:
    """Send the challenge to the candidate, or to the URL if it has none; what answers is used from then on.

    An answer enables the endpoint too. No answer changes nothing but `verify_error`: a URL that works stays verified.
    The request is signed with the Standard Webhooks headers (it has no task id for the other kind to cover).
    Raises VerificationFailedError with the reason, which is stored too. Never call it inside a transaction.
    """
    if endpoint.removed_at:
        raise VerificationFailedError(REMOVED)
    problem = _challenge(endpoint)
    # Only for the very URL and secret that were asked: they may have been changed meanwhile.
    asked = Endpoint.objects.filter(
        pk=endpoint.pk,
        removed_at=None,
        url=endpoint.url,
        candidate_url=endpoint.candidate_url,
        sealed_candidate_secret=endpoint.sealed_candidate_secret,
    )
    if problem:
        asked.update(verify_error=problem)
    elif not asked.update(verified_at=timezone.now(), verify_error="", **ENABLED, **_swapped_in(endpoint)):
        problem = CHANGED_MEANWHILE
    endpoint.refresh_from_db()
    if problem:
        raise VerificationFailedError(problem)
    logger.info("endpoint_verified", endpoint=endpoint.pk, url=endpoint.url)
    return endpoint


def _swapped_in(endpoint: Endpoint) -> dict[str, Any]:
    """Return the values of a row whose candidate has answered."""
    if not endpoint.candidate_url:
        return {}
    with_secret = {"sealed_secret": endpoint.sealed_candidate_secret, **NO_PREVIOUS}
    return {"url": endpoint.candidate_url, **NO_CANDIDATE, **(with_secret if endpoint.sealed_candidate_secret else {})}


def _challenge(endpoint: Endpoint) -> str:
    """Return what is wrong with the answer of the endpoint's newest URL to a challenge, empty where nothing is."""
    now = timezone.now()
    try:
        check_url(endpoint.newest_url)
        sealed = endpoint.sealed_candidate_secret
        keys = [unseal(sealed)] if sealed else secrets_in_force(endpoint, now=now)
        own = headers_of(endpoint)
    except (UrlRefusedError, SecretUnreadableError) as error:
        return str(error)
    challenge = secrets.token_urlsafe(32)
    body = json.dumps(verification_body(challenge))
    message_id = f"challenge_{secrets.token_hex(12)}"
    signed = signed_headers(endpoint, secrets=keys, message_id=message_id, task_id="", body=body, now=now)
    answer = post(url=endpoint.newest_url, headers=request_headers(signed) | own, body=body.encode())
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
    return "" if held else "The URL did not send the challenge back."
