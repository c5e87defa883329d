"""The site's own receiver as an account's callback URL, so that what the demo shows has travelled over HTTP."""

import json
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse

from webhooks.models import Endpoint, Received, Source
from webhooks.services import create_source, move_endpoint, source_secret, store_endpoint, verify_endpoint


def connect(*, owner: User, slug: str, base_url: str) -> None:
    """Give `owner` the incoming endpoint `slug` of this site as its callback URL; both sides share one secret.

    An account that was given a callback URL elsewhere keeps it; one of this receiver follows the site to a new address.

    Raises:
        webhooks.services.VerificationFailedError: the site did not answer its own challenge.

    """
    path = reverse("webhooks:incoming", args=[slug])
    url = base_url + path
    there_are = list(Endpoint.objects.of(owner).order_by("pk"))
    known = next((one for one in there_are if one.newest_url.endswith(path)), None)
    if (there_are and known is None) or (known and _is_settled(known, url)):
        return
    source = Source.objects.filter(slug=slug).first()
    secret = source_secret(source=source) if source else create_source(slug=slug)[1]
    stored = move_endpoint(endpoint=known, url=url, secret=secret) if known else None
    verify_endpoint(endpoint=stored or store_endpoint(owner=owner, url=url, secret=secret))


def _is_settled(endpoint: Endpoint, url: str) -> bool:
    return endpoint.verified_at is not None and endpoint.url == endpoint.newest_url == url


def follow(*, owner: User, slug: str, base_url: str) -> None:
    """Take an account's callback URL along to the site's new address, where it has one of this receiver.

    A URL or source that was deleted stays deleted.

    Raises:
        webhooks.services.VerificationFailedError: the site did not answer its own challenge.

    """
    if Endpoint.objects.of(owner).exists() and Source.objects.filter(slug=slug).exists():
        connect(owner=owner, slug=slug, base_url=base_url)


def received_body(*, slug: str, task_id: str) -> dict[str, Any] | None:
    """Return the body of the callback that the receiver got for a task; None until it came."""
    row = Received.objects.filter(source__slug=slug, task_id=task_id).first()
    return json.loads(row.body) if row else None
