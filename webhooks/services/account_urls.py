"""What an account may see and do with its own callback URLs, for the API."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from webhooks.models import Attempt, Endpoint, Message
from webhooks.secret_box import secret_problem
from webhooks.services.choosing import ChoicesInvalidError, checked
from webhooks.services.endpoints import disable_endpoint
from webhooks.services.history import lost
from webhooks.services.registration import add_endpoint, check_new, move_endpoint
from webhooks.url_guard import UrlRefusedError, check_address

_MESSAGE_ID = re.compile(r"[\x21-\x7e]{1,64}", re.ASCII)
__all__ = [
    "Attempt",
    "Endpoint",
    "Message",
    "UrlRefusedError",
    "add_url",
    "change_url",
    "check_address",
    "deliveries_of",
    "delivery_of",
    "messages_named",
    "remove_url",
    "url_of",
    "urls_and_losses_of",
    "urls_of",
]


def urls_of(owner: User) -> QuerySet[Endpoint]:
    """Return an account's callback URLs, without those that it removed."""
    return Endpoint.objects.of(owner)


def urls_and_losses_of(owner: User) -> QuerySet[Endpoint]:
    """Return an account's callback URLs with `lost_count`, how many callbacks were given up lately, in one query."""
    given_up = lost(Message.objects.filter(endpoint=OuterRef("pk")), now=timezone.now()).order_by()
    counted = given_up.values("endpoint").annotate(number=Count("*")).values("number")
    return urls_of(owner).annotate(lost_count=Coalesce(Subquery(counted, output_field=IntegerField()), 0))


def url_of(owner: User, public_id: UUID) -> Endpoint | None:
    """Return the account's callback URL with this id; None for every other id, known or not."""
    return urls_of(owner).filter(public_id=public_id).first()


def add_url(*, owner: User, url: str, secret: str | None = None, **choices: Any) -> Endpoint:
    """Store a callback URL with its choices; it still has to answer its challenge.

    Raises UrlRefusedError, ChoicesInvalidError and TooManyUrlsError. It looks the host up: call it in no transaction.
    """
    if secret is not None and (problem := secret_problem(secret)):
        raise ChoicesInvalidError({"secret": [problem]})
    check_address(url)
    return add_endpoint(owner=owner, url=url, secret=secret, **checked(**choices))


def change_url(*, endpoint: Endpoint, url: str | None = None, **choices: Any) -> bool:
    """Store all that is given, or nothing; return whether there is a new address, which has to answer its challenge.

    Raises UrlRefusedError, ChoicesInvalidError and TooManyUrlsError. It looks the host up: call it in no transaction.
    """
    columns = checked(endpoint=endpoint, **choices)
    is_new = url is not None and url != endpoint.newest_url
    if url is not None and is_new:
        check_address(url)
    with transaction.atomic():
        if url is not None and is_new:
            User.objects.select_for_update().filter(pk=endpoint.owner_id).first()  # two calls at once take turns
            check_new(owner=endpoint.owner, url=url, besides=endpoint)
        if columns:
            Endpoint.objects.filter(pk=endpoint.pk).update(**columns)
        if url is not None and is_new:
            move_endpoint(endpoint=endpoint, url=url)
    endpoint.refresh_from_db()
    return is_new


def remove_url(*, endpoint: Endpoint, now: datetime) -> None:
    """Remove a URL from its account and send nothing more there. Staff keep what was sent; what waits fails."""
    with transaction.atomic():
        disable_endpoint(endpoint=endpoint, reason="The account removed it.", now=now, by_owner=True)
        Endpoint.objects.filter(pk=endpoint.pk, removed_at=None).update(
            removed_at=now, sealed_headers="", candidate_url="", sealed_candidate_secret=""
        )


def messages_named(endpoint: Endpoint, message_id: str) -> QuerySet[Message]:
    """Return the URL's callback with this id; nothing for any other text, also one that no column can hold."""
    messages = Message.objects.filter(endpoint=endpoint)
    return messages.filter(message_id=message_id) if _MESSAGE_ID.fullmatch(message_id) else messages.none()


def deliveries_of(endpoint: Endpoint) -> QuerySet[Message]:
    """Return a URL's callbacks with their attempts: two queries for any number of rows."""
    short = Attempt.objects.only("message_id", "number", "started_at", "ended_at", "duration_ms", "status", "error")
    messages = Message.objects.filter(endpoint=endpoint).defer("body").select_related("endpoint")
    return messages.prefetch_related(Prefetch("attempts", queryset=short.order_by("number")))


def delivery_of(endpoint: Endpoint, message_id: str) -> Message | None:
    """Return one of a URL's callbacks with its body and its whole attempts; None if it is not of this URL."""
    found = messages_named(endpoint, message_id).select_related("endpoint")
    return found.prefetch_related(Prefetch("attempts", queryset=Attempt.objects.order_by("number"))).first()
