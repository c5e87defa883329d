"""The recordings in a mix on a time axis, in per cent of its length, so that no text is stretched."""

from dataclasses import dataclass

from catalog.selectors.uses import Use
from staff import display

ROW = 20
TOP = 22
_MOST_TICKS = 6
_STEPS_S = (5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
_LEAST_ROOM = 25.0  # per cent beside a bar; where there is less, its name lies upon it
_LAST_WORDS = 0.9  # of the length: the words of a later tick would run out of the picture
_LEAST_WIDTH = 0.4


@dataclass(frozen=True)
class Stretch:
    """A matched segment: where it begins and how wide it is, per cent."""

    x: float
    width: float


@dataclass(frozen=True)
class Row:
    """One recording: its number, its name, and its bar."""

    number: int
    title: str
    words: str
    top: int
    middle: int
    whole: Stretch
    stretches: list[Stretch]
    name_x: float
    named: str  # "left" of the bar, "right" of it, or "upon" it
    look: str


@dataclass(frozen=True)
class Timeline:
    """Ticks (per cent, words) and rows; `height` in pixels."""

    height: int
    ticks: list[tuple[float, str]]
    rows: list[Row]


def timeline_of(uses: list[Use], *, length_s: float) -> Timeline:
    """Return the picture of what a recording of `length_s` seconds uses; copies of one recording are one row."""
    firsts = [use for use in uses if not use.is_copy]
    length = max([length_s, 1.0, *(use.place[1] for use in uses)])
    return Timeline(
        height=TOP + ROW * len(firsts) + 4,
        ticks=[
            (_part(time_s, length), display.clock(time_s) if time_s <= _LAST_WORDS * length else "")
            for time_s in _ticks(length)
        ],
        rows=[_row(place, use, length) for place, use in enumerate(firsts)],
    )


def _row(place: int, use: Use, length: float) -> Row:
    start_s, end_s = use.place
    left, right = _part(start_s, length), _part(end_s, length)
    named = "upon" if max(left, 100 - right) < _LEAST_ROOM else "left" if left > 100 - right else "right"
    return Row(
        number=use.number,
        title=use.part.title,
        words=f"{display.clock(start_s)} to {display.clock(end_s)}: {use.part.title}",
        top=TOP + ROW * place,
        middle=TOP + ROW * place + ROW // 2,
        whole=_stretch(start_s, end_s, length),
        stretches=[_stretch(begin_s, stop_s, length) for begin_s, stop_s in use.stretches],
        name_x=right if named == "right" else left,
        named=named,
        look="open" if use.decision is None else "settled",
    )


def _stretch(start_s: float, end_s: float, length: float) -> Stretch:
    return Stretch(_part(start_s, length), max(_part(end_s - start_s, length), _LEAST_WIDTH))


def _part(time_s: float, length: float) -> float:
    return round(min(max(time_s / length, 0.0), 1.0) * 100, 3)


def _ticks(length: float) -> list[float]:
    step = next((step for step in _STEPS_S if length / step <= _MOST_TICKS), None) or 3600 * (1 + length // 21_600)
    return [number * step for number in range(int(length // step) + 1)]
