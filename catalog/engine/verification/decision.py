"""Whether a line is believed: by its moments or, where these are masked, by the whole picture.

Every gate is here, and every limit in ``limits``. The measures that the gates compare are in the other modules.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from catalog.engine.alignment import correlation, pitch
from catalog.engine.alignment.agreement import agreement_near
from catalog.engine.alignment.comparison import AlignedPictures, Comparison
from catalog.engine.alignment.correlation import Filtered
from catalog.engine.alignment.fit import follow
from catalog.engine.alignment.line import STEP_S, Line
from catalog.engine.verification import ends, similarity, tempo_stability, timbre
from catalog.engine.verification import path as paths
from catalog.engine.verification.calibration import log10_probability, log10_probability_of_filter
from catalog.engine.verification.limits import LIMITS
from catalog.engine.verification.path import Elsewhere, Path, Stretch
from catalog.engine.verification.tempo_stability import UNTOLD, Timekeeping


@dataclass(frozen=True)
class Chance:
    """What chance may do in this search.

    ``trials``: how many places could have matched by chance: places of the catalog times probes. ``limit``: the largest
    false-accept probability at which a match is believed.
    """

    trials: float
    limit: float = LIMITS.false_accept
    short_spans_s: tuple[float, ...] = ()  # to either side of the votes, in which the filter looks as well

    def believes(self, log_probability: float) -> bool:
        """Whether a probability, given by its decimal logarithm, is small enough to believe a match."""
        return bool(log_probability <= np.log10(self.limit))


@dataclass(frozen=True)
class Finding:
    """A path, the decimal logarithm of the probability that chance gives so much, and how it keeps time.

    ``sounds_otherwise``: chance does not explain the path, but the instruments differ: it is another rendering.
    """

    path: Path
    log_probability: float
    time: Timekeeping = UNTOLD
    sounds_otherwise: bool = False


def by_moments(pair: Comparison, line: Line, anchor_s: float, chance: Chance) -> Finding | None:
    """What single moments prove along the line, followed outwards from the query's ``anchor_s`` (s).

    None where no stretch agrees. What another gate than chance refuses has a probability of 1.
    """
    path = paths.along(pair, follow(pair, line, anchor_s))
    if not path.stretches:
        return None
    path = _settled(pair, path)
    around = paths.elsewhere(pair, path)
    if around.better_offset_s is not None:
        path, around = _moved(pair, path, around)
    path = replace(path, line=pitch.measured(pair, path.line, path.places_s, path.similarity))
    proof = paths.proof(path, around.level)
    worth = similarity.worth(pair, path, proof)
    log_probability = log10_probability(
        proof.evidence, around.level, worth, chance.trials, unchanged=_is_unchanged(path.line)
    )
    if _is_short(path) or not chance.believes(log_probability):
        return Finding(path, 0.0 if _is_short(path) else log_probability)
    return _looked_through(pair, path, around.level, log_probability)


def _looked_through(pair: Comparison, path: Path, level: float, log_probability: float) -> Finding:
    """A path that chance does not explain, by its pictures: as far as they agree, or refused for time or sound.

    ``level``: the nats that wrong places reach.
    """
    pictures, places_s = pair.aligned(path.line), path.best_places_s
    found = correlation.filtered(pair, path.line, (float(places_s[0]), float(places_s[-1])))
    time = timekeeping(pair, path, pictures, found.deviation) if found is not None else UNTOLD
    if time.strays:
        return Finding(path, 0.0, time)
    over = timbre.masking(pair, pictures, places_s)
    if timbre.strangeness(pictures, places_s, over) > _strangest(path):
        return Finding(path, 0.0, time, sounds_otherwise=True)
    if found is not None:
        gains = correlation.gains(pictures, path.places_s, found.deviation)
        path = ends.grown(ends.borne_out(path, gains, level), gains)
    return Finding(path, log_probability, time)


def by_filter(
    pair: Comparison,
    line: Line,
    anchor_s: float,
    weak: Finding | None,
    chance: Chance,
    *,
    scanned_s: float | None = None,
) -> Finding | None:
    """What the matched filter proves where the moments do not, because something masks them; None if too little.

    ``anchor_s``: the middle (s) of what is compared of the query. ``weak``: what the moments found. ``scanned_s``: set
    where a scan chose the line among all, because the pictures agree on it over so many seconds of the query.
    """
    scanned = scanned_s is not None
    lines, spans_s = _asked_of_filter(pair, line, anchor_s, weak, (scanned_s or LIMITS.filter_window_s) / 2)
    short_s = [(anchor_s - half_s, anchor_s + half_s) for half_s in chance.short_spans_s]
    log_probability, line, found = _most_outstanding(pair, lines, short_s + spans_s, chance, scanned=scanned)
    if found is None or not chance.believes(log_probability):
        return None
    line = replace(line, offset_s=line.offset_s + found.moved_s)
    path = paths.along(pair, line)
    pictures = pair.aligned(line)
    path = paths.agreeing(path, correlation.gains(pictures, path.places_s, found.deviation))
    if not path.stretches or _is_short(path):
        return None
    places_s = path.best_places_s
    over = timbre.masking(pair, pictures, places_s)
    if timbre.strangeness(pictures, places_s, over) > (LIMITS.scanned_sound if scanned else LIMITS.same_sound):
        return None
    if path.best_similarity < LIMITS.least_similarity / np.cbrt(over):
        return None
    time = timekeeping(pair, path, pictures, found.deviation)
    return Finding(path, 0.0 if time.strays else log_probability, time)


def timekeeping(pair: Comparison, path: Path, pictures: AlignedPictures, deviation: float) -> Timekeeping:
    """How the query keeps time along ``path``, by the first measure that a copy would pass.

    ``deviation``: that of one column's sum of products on wrong lines (``correlation.Filtered``).
    """
    blocks = tempo_stability.of_pictures(pictures, path.places_s, deviation)
    clear = path.best_similarity >= LIMITS.clear
    by_pictures = tempo_stability.off_line_s(blocks)
    if by_pictures is not None and by_pictures <= (LIMITS.steady_s if clear else LIMITS.steady_masked_s):
        return Timekeeping(by_pictures)
    off_course = tempo_stability.off_course_s(blocks)
    if off_course is not None and off_course <= LIMITS.steady_course_s:
        return Timekeeping(off_course, bent=blocks)
    if by_pictures is None and not clear:
        return UNTOLD
    moments = tempo_stability.of_moments(pair, path.line, path.best_places_s)
    by_moments_s = tempo_stability.off_line_s(moments) if moments is not None else None
    if by_pictures is None:
        return Timekeeping(by_moments_s, strays=by_moments_s is not None and by_moments_s > LIMITS.steady_masked_s)
    if by_moments_s is not None and by_moments_s <= LIMITS.steady_by_moments_s:
        return Timekeeping(by_moments_s)
    return Timekeeping(by_pictures, strays=True)


def _asked_of_filter(
    pair: Comparison, line: Line, anchor_s: float, weak: Finding | None, half_s: float
) -> tuple[list[Line], list[tuple[float, float]]]:
    """The lines and the spans of the query (s) that the filter looks at, ``half_s`` to each side of an anchor."""
    spans_s = [(anchor_s - half_s, anchor_s + half_s)]
    if weak is not None:
        line, best = weak.path.line, weak.path.best
        first_s, last_s = (float(weak.path.places_s[place]) for place in (best.first, best.last))
        anchor_s = (first_s + last_s) / 2
        spans_s[0] = (anchor_s - half_s, anchor_s + half_s)
        if last_s - first_s < pair.query.duration_s / 2:  # a piece of a mix
            spans_s.append((first_s, last_s))
    lines = [line]
    unchanged = replace(_at_unchanged_tempo(line, anchor_s), pitch_semitones=0.0)
    if unchanged != line and _is_nearly_unchanged(line):
        lines.append(unchanged)
    return lines, spans_s


def _most_outstanding(
    pair: Comparison, lines: list[Line], spans_s: list[tuple[float, float]], chance: Chance, *, scanned: bool
) -> tuple[float, Line, Filtered | None]:
    """The line, and how it stands out in the span where chance gives that least often."""
    least: tuple[float, Line, Filtered | None] = (0.0, Line(0.0, 1.0, 0.0), None)
    for line in lines:
        for span_s, found in _filtered(pair, line, spans_s, needs_hint=bool(chance.short_spans_s)):
            spans = max(1.0, pair.query.duration_s / (span_s[1] - span_s[0]))
            log_probability = log10_probability_of_filter(
                found.deviations, chance.trials, spans, unchanged=_is_unchanged(line), scanned=scanned
            )
            if log_probability < least[0]:
                least = (log_probability, line, found)
    return least


def _filtered(
    pair: Comparison, line: Line, spans_s: list[tuple[float, float]], *, needs_hint: bool
) -> Iterator[tuple[tuple[float, float], Filtered]]:
    """The spans in which the line may be believed, and how it stands out there.

    ``needs_hint``: the first span is a short one, and says of most wrong lines that the others need not be looked at.
    """
    for span_s in spans_s:
        found = correlation.filtered(pair, line, span_s)
        if needs_hint and (found is None or found.deviations < LIMITS.hint_deviations):
            return
        needs_hint = False
        if found is not None and found.correlation >= LIMITS.least_correlation:
            yield span_s, found


def _strangest(path: Path) -> float:
    """The largest strangeness of a copy that moments speak for. Infinite for a close one at another pitch."""
    if path.best_similarity < LIMITS.close:
        return LIMITS.similar_sound
    return LIMITS.close_sound if abs(path.line.pitch_semitones) < LIMITS.nearly_pitch else np.inf


def _is_short(path: Path) -> bool:
    return _seconds(path.best) < min(LIMITS.least_stretch_s, LIMITS.short_share * len(path.places_s) * STEP_S)


def _settled(pair: Comparison, path: Path) -> Path:
    """The path at the unchanged tempo, when its best stretch is too short to tell it from the one that was fitted."""
    line, places_s = path.line, path.best_places_s
    if _seconds(path.best) > LIMITS.short_s or not 0 < abs(line.tempo_ratio - 1) <= LIMITS.short_tempo:
        return path
    unchanged = _at_unchanged_tempo(line, float(places_s.mean()))
    value, moved_s = agreement_near(pair, unchanged, places_s)
    if value < LIMITS.as_good * agreement_near(pair, line, places_s)[0]:
        return path
    other = paths.along(pair, replace(unchanged, offset_s=unchanged.offset_s + moved_s))
    return other if other.stretches else path


def _moved(pair: Comparison, path: Path, around: Elsewhere) -> tuple[Path, Elsewhere]:
    """The path at the better offset, when it really is better once it is followed."""
    middle_s = float(path.places_s[(path.best.first + path.best.last) // 2])
    line = replace(path.line, offset_s=around.better_offset_s or 0.0)
    other = paths.along(pair, follow(pair, line, middle_s))
    if not other.stretches or other.best.evidence <= path.best.evidence:
        return path, around
    return other, paths.elsewhere(pair, other)


def _at_unchanged_tempo(line: Line, query_s: float) -> Line:
    """The line at the unchanged tempo that leads through the same place at ``query_s`` (s) of the query."""
    return replace(line, offset_s=line.offset_s + query_s * (line.tempo_ratio - 1), tempo_ratio=1.0)


def _is_unchanged(line: Line) -> bool:
    return abs(line.tempo_ratio - 1) < LIMITS.unchanged_tempo and abs(line.pitch_semitones) < LIMITS.unchanged_pitch


def _is_nearly_unchanged(line: Line) -> bool:
    return abs(line.tempo_ratio - 1) < LIMITS.nearly_tempo and abs(line.pitch_semitones) < LIMITS.nearly_pitch


def _seconds(stretch: Stretch) -> float:
    return (stretch.last - stretch.first + 1) * STEP_S
