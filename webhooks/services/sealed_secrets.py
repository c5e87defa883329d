"""The secrets of an endpoint or a source: the current one, and the one before it during the overlap."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from webhooks.models import Endpoint, Source
from webhooks.secret_box import SecretUnreadableError, new_secret, seal, unseal

ROTATION_OVERLAP = timedelta(hours=24)
NO_PREVIOUS: dict[str, Any] = {"sealed_previous_secret": "", "previous_secret_until": None}


def secrets_in_force(holder: Endpoint | Source, *, now: datetime) -> list[str]:
    """Return the secrets that are valid at `now`, current first."""
    current = [unseal(holder.sealed_secret)]
    if holder.previous_secret_until is not None and holder.previous_secret_until > now:
        current.append(unseal(holder.sealed_previous_secret))
    return current


class RotatedMeanwhileError(Exception):
    """The secret was rotated after it was read: another rotation would end one that was just shown."""


def secret_mark(holder: Endpoint | Source) -> str:
    """Return a text that changes with each rotation, and gives nothing of the secret away."""
    return hashlib.sha256(holder.sealed_secret.encode()).hexdigest()[:16]


def rotate(holder: Endpoint | Source, *, seen: str = "", **changes: Any) -> str:
    """Give `holder` a new secret and return it; the one before stays valid for `ROTATION_OVERLAP`.

    `seen` is the `secret_mark` that the person saw; by default the one with which `holder` was read. `changes` are
    written in the same statement. Raises RotatedMeanwhileError if the secret was rotated since.
    """
    secret = new_secret()
    previous = NO_PREVIOUS  # where it was sealed under a key that is gone: rotating is the way out of that
    if _is_readable(holder.sealed_secret):
        until = timezone.now() + ROTATION_OVERLAP
        previous = {"sealed_previous_secret": holder.sealed_secret, "previous_secret_until": until}
    row = type(holder).objects.filter(pk=holder.pk, sealed_secret=holder.sealed_secret)
    is_seen = not seen or seen == secret_mark(holder)
    if not is_seen or not row.update(sealed_secret=seal(secret), **previous, **changes):
        raise RotatedMeanwhileError("The secret was rotated a moment ago and shown then. It was not rotated again.")
    holder.refresh_from_db()
    return secret


def _is_readable(sealed: str) -> bool:
    try:
        unseal(sealed)
    except SecretUnreadableError:
        return False
    return True
