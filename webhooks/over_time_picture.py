"""The picture of callback URLs over time, in plot units; templates/webhooks/over_time_chart.html draws it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from staff.display import counted, exact, number, span, span_ms
from webhooks.over_time import Bar, OverTime
from webhooks.services.standing import State

WIDTH, HEIGHT, TIMES_HEIGHT = 600.0, 60.0, 40.0
_LEAST = 1.5  # what happened is seen, however little it was
_TONES = {
    State.FAILING: "bad",
    State.PAUSED: "warning",
    State.TRYING: "running",
    State.DEGRADED: "warning mf-faint",
    State.HEALTHY: "good mf-faint",
}


@dataclass(frozen=True)
class Column:
    """One bar: failed attempts on top of accepted ones. Tops and heights count from above; `words` are its text."""

    x: float
    width: float
    good_y: float
    good: float
    failed_y: float
    failed: float
    gave_up: bool
    words: str


@dataclass(frozen=True)
class Stretch:
    """A time in one state."""

    x: float
    width: float
    tone: str
    words: str


@dataclass(frozen=True)
class Picture:
    """The picture and its words; each unbroken piece of a line is the points of one SVG polyline."""

    columns: list[Column]
    medians: list[str]
    slow: list[str]
    slowest_ms: int | None
    most: int
    stretches: list[Stretch]
    words: str


def picture_of(one: OverTime) -> Picture:
    """Draw the history of one URL."""
    most = max((bar.sent for bar in one.bars), default=0)
    slowest = max((bar.slow_ms or 0 for bar in one.bars), default=0)
    total = one.total
    return Picture(
        columns=[_column(place, bar, len(one.bars), most) for place, bar in enumerate(one.bars) if not bar.is_empty],
        medians=_lines(one.bars, lambda bar: bar.median_ms, slowest),
        slow=_lines(one.bars, lambda bar: bar.slow_ms, slowest),
        slowest_ms=slowest or None,
        most=most,
        stretches=_stretches(one),
        words=f"{counted(total.sent, 'attempt')}, {number(total.failed)} of them failed; "
        f"{counted(total.given_up, 'callback')} given up",
    )


def _column(place: int, bar: Bar, count: int, most: int) -> Column:
    step = WIDTH / count
    accepted = max(bar.accepted / (most or 1) * HEIGHT, _LEAST if bar.accepted else 0.0)
    failed = max(bar.failed / (most or 1) * HEIGHT, _LEAST if bar.failed else 0.0)
    accepted = min(accepted, HEIGHT - failed)
    top = HEIGHT - accepted
    return Column(
        x=place * step,
        width=step * 0.8,
        good_y=top,
        good=accepted,
        failed_y=top - failed,
        failed=failed,
        gave_up=bool(bar.given_up),
        words=_words(bar),
    )


def _words(bar: Bar) -> str:
    times = f"; answered in {span_ms(bar.median_ms)}, 95 % in {span_ms(bar.slow_ms)}" if bar.accepted else ""
    given_up = f", {counted(bar.given_up, 'callback')} given up" if bar.given_up else ""
    return f"{exact(bar.begins)}: {counted(bar.sent, 'attempt')}, {number(bar.failed)} failed{given_up}{times}"


def _lines(bars: Sequence[Bar], value: Callable[[Bar], int | None], slowest: int) -> list[str]:
    """Return the points of each run of bars that have a value; a bar that stands alone is a short line."""
    step = WIDTH / len(bars)
    lines: list[list[str]] = [[]]
    for place, bar in enumerate(bars):
        known = value(bar)
        if known is None:
            lines.append([])
            continue
        y = TIMES_HEIGHT - known / slowest * (TIMES_HEIGHT - 2) - 1
        lines[-1] += [f"{(place + part) * step:.1f},{y:.1f}" for part in (0.1, 0.7)]
    return [" ".join(points) for points in lines if points]


def _stretches(one: OverTime) -> list[Stretch]:
    if not one.spans:
        return []
    begins, ends = one.bars[0].begins, one.spans[-1].ends
    whole = max((ends - begins) / timedelta(seconds=1), 1.0)
    return [
        Stretch(
            x=(stretch.begins - begins).total_seconds() / whole * WIDTH,
            width=max((stretch.ends - stretch.begins).total_seconds() / whole * WIDTH, _LEAST),
            tone=_TONES.get(State(stretch.state), "off"),
            words=f"{State(stretch.state).label} for {span(stretch.ends - stretch.begins)}, "
            f"from {exact(stretch.begins)}",
        )
        for stretch in one.spans
    ]
