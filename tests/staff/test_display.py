"""Moments, spans, numbers, bytes, badges and meters: how each is written."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from staff import display


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0:00"), (62, "1:02"), (3600, "1:00:00"), (59.6, "1:00"), (-4, "\N{MINUS SIGN}0:04"), (None, display.NOTHING)],
)
def test_clock(seconds: float | None, words: str) -> None:
    assert display.clock(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.038, "38 ms"),
        (0.9996, "1.0 s"),
        (1.94, "1.9 s"),
        (59.96, "1 min"),
        (307, "5 min 7 s"),
        (timedelta(hours=2, minutes=5, seconds=7), "2 h 5 min"),
        (timedelta(days=3), "3 d"),
        (None, display.NOTHING),
    ],
)
def test_span(seconds: float | timedelta | None, words: str) -> None:
    assert display.span(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0.0, "0 %"), (0.001, "under 1 %"), (0.923, "92 %"), (0.998, "99 %"), (1.0, "100 %")]
)
def test_share_never_claims_all(value: float, words: str) -> None:
    assert display.share(value) == words


@pytest.mark.parametrize(
    ("ago", "words"), [(30, "30 s ago"), (150, "2 min ago"), (7300, "2 h ago"), (-90, "in 1 min"), (200_000, "2 d ago")]
)
def test_moment(ago: int, words: str) -> None:
    when = timezone.now() - timedelta(seconds=ago + (0.5 if ago > 0 else -0.5))
    shown = display.moment(when)
    assert f">{words}</time>" in shown
    assert f"{timezone.localtime(when):%Y-%m-%d %H:%M:%S}" in shown


def test_spans_of_milliseconds_read_like_all_others() -> None:
    assert [display.span_ms(value) for value in (38, 1940, None)] == ["38 ms", "1.9 s", display.NOTHING]


@pytest.mark.parametrize(("seconds", "words"), [(89, "89 s"), (90, "2 min"), (7200, "2 h"), (200_000, "2 d")])
def test_estimates_have_one_unit(seconds: float, words: str) -> None:
    assert display.about(seconds) == words


def test_moments_far_off_are_dates() -> None:
    assert ">5 Nov 2020</time>" in display.moment(datetime(2020, 11, 5, tzinfo=UTC))
    assert display.day(date(2020, 11, 5)) == "5 Nov 2020"
    assert display.moment(None) == display.NOTHING


def test_numbers() -> None:
    assert [display.number(value) for value in (0, 12345, None)] == ["0", "12,345", display.NOTHING]
    assert [display.at_most(count, 10_000) for count in (9_999, 10_000)] == ["9,999", "10,000+"]


def test_bytes() -> None:
    assert [display.size(count) for count in (1, 500_000, None)] == ["1\xa0byte", "488.3\xa0KB", display.NOTHING]


def test_badge() -> None:
    assert 'title="why"' in display.badge("bad", "error", "failed", "why")
    assert "title" not in display.badge("bad", "error", "failed")
    assert "&lt;b&gt;" in display.badge("bad", "error", "<b>")


def test_meter() -> None:
    assert 'max="3" value="1" aria-label="Tracks">1 of 3<' in display.meter(1, 3, "Tracks")
    assert 'max="1"' in display.meter(0, 0, "Tracks"), "a bar of nothing has a length"
