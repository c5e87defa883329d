"""Counts of attempts by the hour: history reads these few rows and not every attempt."""

import math
from collections.abc import Iterable
from datetime import datetime

from django.db.models import F

from webhooks.models import AttemptCount

STEPS_AN_OCTAVE = 2  # two neighbours differ by 41 %
HOUR_S = 3600
_ROUNDING = 1e-6
LAST_STEP = 50  # nine hours; no answer takes so long


def step_of(duration_ms: int) -> int:
    """Return the step of a time to answer: each step is half an octave of milliseconds."""
    return min(int(math.log2(max(duration_ms, 1)) * STEPS_AN_OCTAVE), LAST_STEP)


def hour_of(moment: datetime) -> int:
    """Return the hour of a moment, in hours since 1970."""
    return int(moment.timestamp() // HOUR_S)


def typical_of(counts: Iterable[tuple[int, int]], share: float) -> int | None:
    """Return the time in ms within which a `share` of answers came, from their counts by step; None without any.

    Answers are taken to lie evenly in their step: the result is a few per cent off for many, up to 19 % for one.
    """
    by_step = sorted(counts)
    wanted = share * sum(count for _, count in by_step)
    for step, count in by_step:
        if count and wanted <= count + _ROUNDING:
            return round(2 ** ((step + wanted / count) / STEPS_AN_OCTAVE))
        wanted -= count
    return None


def count_attempts(
    *,
    endpoint_pk: int,
    now: datetime,
    cause: str = "",
    took_ms: int | None = None,
    attempts: int = 0,
    given_up: int = 0,
) -> None:
    """Add to the counts of the hour. Call it last in a transaction: it locks the row, and others wait for it."""
    step = 0 if cause or took_ms is None else step_of(took_ms)
    of_hour = {"endpoint_id": endpoint_pk, "hour": hour_of(now), "cause": cause, "step": step}
    row = AttemptCount.objects.filter(**of_hour)
    more = {"attempts": F("attempts") + attempts, "given_up": F("given_up") + given_up}
    if not row.update(**more):
        AttemptCount.objects.bulk_create([AttemptCount(**of_hour)], ignore_conflicts=True)
        row.update(**more)
