"""API keys: made, found, counted."""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from catalog.models import ApiKey, ApiKeyDay

PREFIX_CHARS = 8
WINDOW_S = 60
_SCHEME = "mfp"
_LAST_USED_EVERY = timedelta(minutes=1)  # a write per call would make every read a write


@dataclass(frozen=True)
class Allowance:
    """What a key may still do in this minute."""

    limit: int
    remaining: int
    reset_at_s: int
    allowed: bool

    @property
    def used(self) -> int:
        """How many calls of this minute are used up."""
        return self.limit - self.remaining


def create_key(
    *,
    owner: User,
    tier: str = ApiKey.Tier.FREE,
    custom_per_minute: int | None = None,
    expires_at: datetime | None = None,
    label: str = "",
) -> tuple[ApiKey, str]:
    """Return a new key's row and its text, which is shown now and never again."""
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
    """Return the key that `text` is, expired ones too; None for an unknown or revoked one."""
    parts = text.split("_", 2)
    if len(parts) != 3 or parts[0] != _SCHEME or not parts[1].isalnum():
        return None
    row = ApiKey.objects.select_related("owner").filter(prefix=parts[1], revoked_at=None, owner__is_active=True).first()
    return row if row and hmac.compare_digest(row.key_hash, _hash(text)) else None


def _hash(text: str) -> str:
    """Hash a key. Plain SHA-256 is enough: the key is 256 random bits, nothing to guess."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def is_expired(key: ApiKey) -> bool:
    """Tell whether the key's time is over."""
    return key.expires_at is not None and key.expires_at <= timezone.now()


def per_minute(key: ApiKey) -> int:
    """Return how many calls a minute the key's tier allows."""
    if key.tier == ApiKey.Tier.CUSTOM and key.custom_per_minute:
        return key.custom_per_minute
    return int(settings.RATE_LIMIT_PAID if key.tier == ApiKey.Tier.PAID else settings.RATE_LIMIT_FREE)


def count_call(key: ApiKey) -> Allowance:
    """Count one call against the key's minute, in the database, so that all web processes count together."""
    minute = int(time.time()) // WINDOW_S
    limit = per_minute(key)
    used = _counted(key, minute, limit) or (_begin_window(key, minute) and 1) or _counted(key, minute, limit)
    remaining = max(limit - (used or limit), 0)
    return Allowance(limit=limit, remaining=remaining, reset_at_s=(minute + 1) * WINDOW_S, allowed=bool(used))


def _counted(key: ApiKey, minute: int, limit: int) -> int:
    """Count a call in the minute that the row is at; return its number, 0 where it is another minute or used up.

    In one statement, which the ORM cannot say: every call waits for it, and on PostgreSQL for the disk.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalog_apikey SET window_calls = window_calls + 1"
            " WHERE id = %s AND window_minute = %s AND window_calls < %s RETURNING window_calls",
            [key.pk, minute, limit],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _begin_window(key: ApiKey, minute: int) -> bool:
    """Begin to count a new minute, and write the last one to its day; False where another process did.

    So the use by day costs one write in a minute in which a key is used at all, and none for the calls after that.
    """
    with transaction.atomic():
        row = ApiKey.objects.select_for_update().filter(pk=key.pk).values("window_minute", "window_calls").first()
        if row is None or row["window_minute"] == minute:
            return False
        # A call that came late may have been counted in the old minute since: then its number no longer fits.
        if not ApiKey.objects.filter(pk=key.pk, **row).update(window_minute=minute, window_calls=1):
            return False
        if row["window_calls"]:
            day, _ = ApiKeyDay.objects.get_or_create(api_key_id=key.pk, day=_day_of(row["window_minute"]))
            ApiKeyDay.objects.filter(pk=day.pk).update(calls=F("calls") + row["window_calls"])
    return True


def _day_of(minute: int) -> date:
    return datetime.fromtimestamp(minute * WINDOW_S, tz=UTC).date()


def use_by_day(key: ApiKey, *, days: int = 30) -> list[tuple[date, int]]:
    """Return the key's calls on each of the last `days` days in UTC, today last; refused ones are not counted."""
    today = timezone.now().astimezone(UTC).date()
    first = today - timedelta(days=days - 1)
    calls = dict(ApiKeyDay.objects.filter(api_key=key, day__gte=first).values_list("day", "calls"))
    now_counted = _day_of(key.window_minute)
    calls[now_counted] = calls.get(now_counted, 0) + key.window_calls
    return [(day, calls.get(day, 0)) for day in (first + timedelta(days=number) for number in range(days))]


def current_allowance(key: ApiKey) -> Allowance:
    """Return the key's standing without counting a call."""
    minute = int(time.time()) // WINDOW_S
    limit = per_minute(key)
    used = key.window_calls if key.window_minute == minute else 0
    remaining = max(limit - used, 0)
    return Allowance(limit=limit, remaining=remaining, reset_at_s=(minute + 1) * WINDOW_S, allowed=remaining > 0)


def note_use(key: ApiKey) -> None:
    """Remember that the key was used, at most once a minute."""
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > _LAST_USED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def revoke_key(*, key: ApiKey) -> None:
    """End a key now; it is unknown from here on."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
