"""When a failed message is tried again."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from django.conf import settings

JITTER_SHARE = 0.1  # of the wait since the step before: receivers that fell together do not rise together
MAX_RETRY_AFTER = timedelta(hours=24)


def next_attempt(*, start: datetime, step: int, now: datetime, headers: Mapping[str, str]) -> datetime | None:
    """Return the time of the attempt at place `step` of the schedule; None if the schedule has ended.

    `start` is when the schedule began; `headers` are the last answer's. A `Retry-After` makes the attempt later,
    never earlier, and at most a day later.
    """
    schedule: list[int] = settings.WEBHOOK_SCHEDULE_SECONDS
    if step >= len(schedule):
        return None
    gap_s = schedule[step] - (schedule[step - 1] if step else 0)
    jitter_s = random.uniform(0, JITTER_SHARE * max(gap_s, 0))  # noqa: S311 - spreads load, guards nothing
    due = max(start + timedelta(seconds=schedule[step]), now) + timedelta(seconds=jitter_s)
    asked = retry_after(headers, now=now)
    return max(due, now + asked) if asked else due


def retry_after(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """Return the wait that `Retry-After` asks for, in seconds or as an HTTP date; at most a day. None without one."""
    value = next((text for name, text in headers.items() if name.lower() == "retry-after"), "").strip()
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=min(int(value[:12]), 10**9)), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        wait = moment - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(wait, timedelta(0)), MAX_RETRY_AFTER)
