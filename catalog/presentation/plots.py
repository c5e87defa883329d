"""A match's two plots as SVG shapes: numbers only, drawn by the template in the theme's colours."""

from dataclasses import dataclass
from itertools import pairwise

from catalog.models import Match

WIDTH = 480
HEIGHT = 110
MAX_POINTS = 240


@dataclass(frozen=True)
class Line:
    """A straight line in plot units, counted from the top left corner."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class OffsetPlot:
    """Where the query's time lies in the reference: a line for each matched segment, and the fit through all."""

    lines: list[Line]
    fit: Line
    query_end_s: float
    low_s: float
    high_s: float
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True)
class SimilarityPlot:
    """How similar the two are along the query's time; `area` is an SVG path."""

    area: str
    end_s: float
    mean: float
    width: int = WIDTH
    height: int = HEIGHT


def offset_plot(match: Match, query_s: float) -> OffsetPlot:
    """Return the lines of the matched segments on the query's time axis (0 to `query_s`)."""
    segments = segments_of(match)
    low_s = min(segment[2] for segment in segments)
    high_s = max(segment[3] for segment in segments)
    room = max(high_s - low_s, 1.0)
    length = max(query_s, 1.0)

    def x(time_s: float) -> float:
        return round(time_s / length * WIDTH, 1)

    def y(time_s: float) -> float:
        return round(HEIGHT - 6 - (time_s - low_s) / room * (HEIGHT - 12), 1)

    lines = [Line(x(part[0]), y(part[2]), x(part[1]), y(part[3])) for part in segments]
    fit = Line(0.0, y(match.offset_s), float(WIDTH), y(match.offset_s + match.tempo_ratio * length))
    return OffsetPlot(lines=lines, fit=fit, query_end_s=length, low_s=low_s, high_s=high_s)


def similarity_plot(match: Match, query_s: float) -> SimilarityPlot | None:
    """Return the similarity's area over the query's time; None if the match has no curve."""
    values = [min(max(float(value), 0.0), 1.0) for value in match.similarity_curve]
    if not values or match.similarity_step_s <= 0:
        return None
    mean = sum(values) / len(values)
    points = _thinned(values)
    step_s = match.similarity_step_s * len(values) / len(points)
    length = max(query_s, match.similarity_step_s * len(values), 1.0)
    path = ["M0", str(HEIGHT)]
    for number, value in enumerate(points):
        left, right = (number * step_s / length * WIDTH, (number + 1) * step_s / length * WIDTH)
        top = HEIGHT - value * (HEIGHT - 4)
        path.append(f"L{left:.1f} {top:.1f}L{right:.1f} {top:.1f}")
    path.append(f"L{len(points) * step_s / length * WIDTH:.1f} {HEIGHT}Z")
    return SimilarityPlot(area=" ".join(path), end_s=length, mean=mean)


def _thinned(values: list[float]) -> list[float]:
    """Return at most `MAX_POINTS` means: more than a pixel each cannot be seen."""
    if len(values) <= MAX_POINTS:
        return values
    edges = [round(number * len(values) / MAX_POINTS) for number in range(MAX_POINTS + 1)]
    return [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]


def segments_of(match: Match) -> list[list[float]]:
    """Return the matched segments `[query start, end, reference start, end, similarity]`, or the whole span."""
    if match.segments:
        return [list(map(float, segment)) for segment in match.segments]
    return [
        [match.query_start_s, match.query_end_s, match.reference_start_s, match.reference_end_s, float(match.score)]
    ]
