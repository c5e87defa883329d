"""Two waveforms one over the other on the query's clock, matched stretches joined: a picture that needs no script."""

from collections.abc import Callable
from dataclasses import dataclass

from catalog.models import AudioFile, Match
from catalog.presentation.plots import segments_of

BAR = 2.0  # plot units from one bar to the next
ROW = 24.0
GAP = 12.0


@dataclass(frozen=True)
class PairPicture:
    """SVG shapes in a box of `width` x `height`; `links` are polygons' points, `a` and `b` paths of bars."""

    width: float
    height: float
    a: str
    b: str
    links: list[str]
    begins_s: float
    ends_s: float


def pair_picture(match: Match, *, columns: int) -> PairPicture:
    """Return the picture of a match's two tracks, `columns` bars wide; a side without peaks stays empty."""
    a, b = match.query_track.audio_file, match.reference_track.audio_file
    tempo = match.tempo_ratio if match.tempo_ratio > 0 else 1.0

    def on_a(reference_s: float) -> float:
        return (reference_s - match.offset_s) / tempo

    segments = segments_of(match)
    ends = [part[0] for part in segments] + [part[1] for part in segments]
    ends += [0.0, a.duration_s] if a else []
    ends += [on_a(0.0), on_a(b.duration_s)] if b else []
    begin, end = min(ends), max(*ends, min(ends) + 1.0)
    width = columns * BAR

    def x(clock_s: float) -> float:
        return (clock_s - begin) / (end - begin) * width

    step_s = (end - begin) / columns
    top_b = ROW + GAP
    return PairPicture(
        width=width,
        height=2 * ROW + GAP,
        a=_bars(a, begin, step_s, columns, middle=ROW / 2, own=lambda clock_s: clock_s),
        b=_bars(b, begin, step_s, columns, middle=top_b + ROW / 2, own=lambda s: match.offset_s + s * tempo),
        links=[
            _link(x(part[0]), x(part[1]), x(on_a(part[2])), x(on_a(part[3])), top_b, 2 * ROW + GAP) for part in segments
        ],
        begins_s=begin,
        ends_s=end,
    )


def _link(a_left: float, a_right: float, b_left: float, b_right: float, top_b: float, bottom: float) -> str:
    """Return the outline of a matched stretch: down A's row, across the gap to where it lies in B, down B's row."""
    right = [(a_right, 0.0), (a_right, ROW), (b_right, top_b), (b_right, bottom)]
    left = [(b_left, bottom), (b_left, top_b), (a_left, ROW), (a_left, 0.0)]
    return " ".join(f"{x:.1f},{y:.0f}" for x, y in right + left)


def _bars(
    audio_file: AudioFile | None,
    begin_s: float,
    step_s: float,
    columns: int,
    *,
    middle: float,
    own: Callable[[float], float],
) -> str:
    """Return a bar for each column of the clock where the file sounds; `own` gives its time at the clock's."""
    peaks = bytes(audio_file.peaks or b"") if audio_file else b""
    if not peaks or audio_file is None or audio_file.duration_s <= 0:
        return ""
    per_s = len(peaks) / audio_file.duration_s
    loudest = max(*peaks, 1)
    parts = []
    for column in range(columns):
        first = own(begin_s + column * step_s) * per_s
        last = own(begin_s + (column + 1) * step_s) * per_s
        inside = peaks[max(int(first), 0) : max(int(last), int(first) + 1, 0)]
        if last > 0 and inside:
            size = max(max(inside) / loudest * (ROW - 2), 1.0)
            parts.append(f"M{column * BAR + 1:.0f} {middle - size / 2:.1f}v{size:.1f}")
    return "".join(parts)
