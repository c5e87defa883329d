"""Calls of API keys, counted by minute and by day in the database, for all web processes together.

The time is the database's too. Clocks of several hosts differ by parts of a second: around the turn of a minute, calls
counted by each host's clock would land in different minutes.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from catalog.models import ApiKey, ApiKeyDay
from catalog.services import unsynced

WINDOW_S = 60
# Seconds since 1970, and the day in UTC. On PostgreSQL the clock as it is when the row is locked: a call that waited
# for another's must not bring back the minute that it came in.
_SECONDS = {
    "sqlite": "CAST(strftime('%%s', 'now') AS INTEGER)",
    "postgresql": "CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp())) AS BIGINT)",
}
_DAY = {"sqlite": "date('now')", "postgresql": "CAST(clock_timestamp() AT TIME ZONE 'UTC' AS DATE)"}
# The minute that a row is at goes on, also where the clock was set back a little meanwhile. Set back further, a new
# minute begins: otherwise a key whose calls are used up would have to wait until the clock has caught up.
_GOES_ON = "counted.minute BETWEEN {seconds} / 60 AND {seconds} / 60 + 1"
# Unsynced: each call would wait for the disk, and whoever counts on the same key with it. A crash of the database loses
# the calls of its last moment, which nobody misses.
_COUNT = """
INSERT INTO catalog_apikeyday AS counted (api_key_id, day, calls, minute, minute_calls)
SELECT id, {day}, 1, {seconds} / 60, 1 FROM catalog_apikey, {unsynced} AS unsynced WHERE id = %s
ON CONFLICT (api_key_id, day) DO UPDATE SET
    calls = counted.calls + 1,
    minute = CASE WHEN {goes_on} THEN counted.minute ELSE {seconds} / 60 END,
    minute_calls = CASE WHEN {goes_on} THEN counted.minute_calls + 1 ELSE 1 END
WHERE NOT ({goes_on}) OR counted.minute_calls < %s
RETURNING minute, minute_calls, {seconds}
"""
_LOOK = """
SELECT counted.minute, counted.minute_calls, {seconds} FROM catalog_apikeyday AS counted
WHERE counted.api_key_id = %s AND counted.day = {day} AND {goes_on}
"""
_CLOCK = "SELECT {seconds} / 60, 0, {seconds}"


@dataclass(frozen=True)
class Allowance:
    """How many calls a key may still make in this minute."""

    limit: int
    remaining: int
    reset_at_s: int
    allowed: bool
    wait_s: float = 0.0  # until the next minute begins

    @property
    def used(self) -> int:
        """How many calls of this minute are used up."""
        return self.limit - self.remaining


def per_minute(key: ApiKey) -> int:
    """Return how many calls a minute the key's tier allows."""
    if key.tier == ApiKey.Tier.CUSTOM and key.custom_per_minute:
        return key.custom_per_minute
    return int(settings.RATE_LIMIT_PAID if key.tier == ApiKey.Tier.PAID else settings.RATE_LIMIT_FREE)


def count_call(key: ApiKey) -> Allowance:
    """Count one call, in one statement. A refused call is not counted and changes nothing."""
    limit = per_minute(key)
    counted = _row(_COUNT, key.pk, limit)
    if counted is None:
        return replace(current_allowance(key), remaining=0, allowed=False)
    return _allowance(limit, counted)


def current_allowance(key: ApiKey) -> Allowance:
    """Return the key's allowance without counting a call."""
    limit = per_minute(key)
    standing = _allowance(limit, _row(_LOOK, key.pk) or _row(_CLOCK))
    return replace(standing, allowed=standing.remaining > 0)


def use_by_day(key: ApiKey, *, days: int = 30) -> list[tuple[date, int]]:
    """Return the key's calls on each of the last `days` days (UTC), today last; refused calls are not counted."""
    today = timezone.now().astimezone(UTC).date()
    first = today - timedelta(days=days - 1)
    calls = dict(ApiKeyDay.objects.filter(api_key=key, day__gte=first).values_list("day", "calls"))
    return [(day, calls.get(day, 0)) for day in (first + timedelta(days=number) for number in range(days))]


def _row(statement: str, *parameters: int) -> Any:
    """Run a statement of this module, which the ORM cannot say; return its row, None where there is none."""
    seconds, day = _SECONDS[connection.vendor], _DAY[connection.vendor]
    goes_on = _GOES_ON.format(seconds=seconds)
    text = statement.format(seconds=seconds, day=day, goes_on=goes_on, unsynced=unsynced.source())
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        return cursor.fetchone()


def _allowance(limit: int, row: tuple[int, int, int]) -> Allowance:
    minute, calls, now_s = row
    reset_at_s = (minute + 1) * WINDOW_S
    wait_s = float(max(reset_at_s - now_s, 1))
    return Allowance(limit, max(limit - calls, 0), reset_at_s, allowed=True, wait_s=wait_s)
