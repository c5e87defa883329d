"""The secrets of an endpoint or a source: the current one, and the one before while it still counts."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from webhooks.models import Endpoint, Source
from webhooks.secret_box import SecretUnreadableError, new_secret, seal, unseal

ROTATION_OVERLAP = timedelta(hours=24)
NO_PREVIOUS: dict[str, Any] = {"sealed_previous_secret": "", "previous_secret_until": None}


def secrets_in_force(holder: Endpoint | Source, *, now: datetime) -> list[str]:
    """Return the secrets that count at `now`, current first."""
    current = [unseal(holder.sealed_secret)]
    if holder.previous_secret_until is not None and holder.previous_secret_until > now:
        current.append(unseal(holder.sealed_previous_secret))
    return current


def rotate(holder: Endpoint | Source) -> str:
    """Give `holder` a new secret and return it; the one before counts for `ROTATION_OVERLAP` more."""
    secret = new_secret()
    if _is_readable(holder.sealed_secret):
        holder.sealed_previous_secret = holder.sealed_secret
        holder.previous_secret_until = timezone.now() + ROTATION_OVERLAP
    else:  # sealed under a key that is gone: rotating is the way out of that
        holder.sealed_previous_secret, holder.previous_secret_until = "", None
    holder.sealed_secret = seal(secret)
    holder.save(update_fields=["sealed_secret", "sealed_previous_secret", "previous_secret_until"])
    return secret


def _is_readable(sealed: str) -> bool:
    try:
        unseal(sealed)
    except SecretUnreadableError:
        return False
    return True
