"""Creating, finding and revoking API keys."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from catalog.models import ApiKey
from catalog.services import unsynced

PREFIX_CHARS = 8
_SCHEME = "mfp"
_LAST_USED_EVERY = timedelta(minutes=1)  # a write per call would make every read a write
_NOTE_USE = "UPDATE catalog_apikey SET last_used_at = %s FROM {unsynced} AS unsynced WHERE catalog_apikey.id = %s"


def create_key(
    *,
    owner: User,
    tier: str = ApiKey.Tier.FREE,
    custom_per_minute: int | None = None,
    expires_at: datetime | None = None,
    label: str = "",
) -> tuple[ApiKey, str]:
    """Return a new key's row and its text, which is shown this once and never stored."""
    prefix = secrets.token_hex(PREFIX_CHARS // 2)
    text = f"{_SCHEME}_{prefix}_{secrets.token_urlsafe(32)}"
    row = ApiKey.objects.create(
        owner=owner,
        tier=tier,
        custom_per_minute=custom_per_minute,
        expires_at=expires_at,
        label=label,
        prefix=prefix,
        key_hash=_hash(text),
    )
    return row, text


def find_key(text: str) -> ApiKey | None:
    """Return the key whose text is `text`, expired ones too; None if it is unknown or revoked."""
    parts = text.split("_", 2)
    if len(parts) != 3 or parts[0] != _SCHEME or not parts[1].isalnum():
        return None
    row = ApiKey.objects.select_related("owner").filter(prefix=parts[1], revoked_at=None, owner__is_active=True).first()
    return row if row and hmac.compare_digest(row.key_hash, _hash(text)) else None


def _hash(text: str) -> str:
    """Hash a key. Plain SHA-256 is enough: the key is 256 random bits, nothing to guess."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def is_expired(key: ApiKey) -> bool:
    """Tell whether the key has expired."""
    return key.expires_at is not None and key.expires_at <= timezone.now()


def note_use(key: ApiKey) -> None:
    """Record when the key was used, at most once a minute."""
    now = timezone.now()
    # A time to come is one of a clock that was set back since.
    if key.last_used_at is None or not timedelta(0) <= now - key.last_used_at <= _LAST_USED_EVERY:
        with connection.cursor() as cursor:
            moment = connection.ops.adapt_datetimefield_value(now)
            cursor.execute(_NOTE_USE.format(unsynced=unsynced.source()), [moment, key.pk])


def revoke_key(*, key: ApiKey) -> None:
    """Revoke a key: from now on it is unknown."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
