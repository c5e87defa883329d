"""The retry schedule under any answers: never early, never far, always at an end."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.conf import settings as site
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webhooks.retry import JITTER_SHARE, MAX_RETRY_AFTER, next_attempt, retry_after

MOMENTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
HEADER = st.one_of(
    st.text(max_size=40),
    st.integers(-(10**20), 10**20).map(str),
    MOMENTS.map(lambda moment: format_datetime(moment, usegmt=True)),
)
SCHEDULES = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).map(sorted)
lenient = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(value=HEADER, now=MOMENTS, name=st.sampled_from(["Retry-After", "retry-after", "RETRY-AFTER"]))
@lenient
def test_any_retry_after_is_a_wait_of_a_day_at_most(value: str, now: datetime, name: str) -> None:
    wait = retry_after({name: value}, now=now)
    assert wait is None or timedelta(0) <= wait <= MAX_RETRY_AFTER


@pytest.mark.slow
@given(schedule=SCHEDULES, step=st.integers(0, 20), start=MOMENTS, late_s=st.integers(0, 10**7), value=HEADER)
@lenient
def test_never_early_and_never_far(
    settings: Any, schedule: list[int], step: int, start: datetime, late_s: int, value: str
) -> None:
    settings.WEBHOOK_SCHEDULE_SECONDS = schedule
    now = start + timedelta(seconds=late_s)
    due = next_attempt(start=start, step=step, now=now, headers={"Retry-After": value})
    if step >= len(schedule):
        assert due is None
        return
    planned = max(start + timedelta(seconds=schedule[step]), now)
    asked = retry_after({"Retry-After": value}, now=now) or timedelta(0)
    gap_s = schedule[step] - (schedule[step - 1] if step else 0)
    assert due is not None
    assert due >= max(planned, now + asked)
    assert due <= max(planned + timedelta(seconds=JITTER_SHARE * gap_s), now + asked)


@pytest.mark.parametrize("answers", [{}, {"Retry-After": "999999999999"}])
def test_every_schedule_comes_to_its_end(answers: dict[str, str]) -> None:
    now = start = datetime(2026, 1, 1, tzinfo=UTC)
    step = 0
    while (due := next_attempt(start=start, step=step, now=now, headers=answers)) is not None:
        now, step = due, step + 1
    assert step == len(site.WEBHOOK_SCHEDULE_SECONDS)
    assert now - start <= timedelta(days=len(site.WEBHOOK_SCHEDULE_SECONDS) + 2)
