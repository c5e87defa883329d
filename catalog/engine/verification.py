"""A candidate → a match with its numbers, or nothing."""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from catalog.engine import closeness, matched, pieces, pitch, timing
from catalog.engine import path as paths
from catalog.engine.alignment import STEP_S, Line, Reference, agreement_near, fit, follow
from catalog.engine.matched import Laid
from catalog.engine.params import PARAMETERS
from catalog.engine.path import Elsewhere, Path, Stretch
from catalog.engine.query import PLAIN, Query
from catalog.engine.records import Match, Segment, Verdict
from catalog.engine.significance import log10_probability, log10_probability_of_filter
from catalog.engine.voting import Candidate

FALSE_ACCEPT_LIMIT = 1e-4  # a match is believed when chance would give it less often than this a search
LEAST_AGREEMENT = 0.1  # of the local fit: chance seldom reaches it, and less is not worth following
LEAST_STRETCH_S = 3.0  # less in one piece is a chord or a drum fill, not a recording
SURE_SCORE = 10.0
SHORT_S, SHORT_S_TEMPO = 8.0, 0.02  # a stretch this short gives a tempo only so exactly …
AS_GOOD = 0.97  # … so that of two tempos that agree as well the unchanged one is the likely one
UNCHANGED_TEMPO, UNCHANGED_PITCH = 0.004, 0.15  # as a share and in semitones: what cannot be told from no change
WINDOW_S = 110.0  # of a query that the matched filter looks at
NEARLY_TEMPO, NEARLY_PITCH = 0.02, 0.6  # what noise may make of no change
OVERLAID = 1.5  # of 99 arrangements of the same notes none has so much, of masked copies nearly all …
CLOSELY = 0.55  # … or correlates so well
STEADY_S = 0.021  # a copy's blocks lie nearer to its line than this, in half a minute
CLOSE = 0.8  # mean similarity that nobody who strays by as much reaches
UNRELATED_S = 0.1  # farther off than a player strays: repetitive music on a wrong line, which says nothing
SURE_SIMILARITY = 0.62
SURE_COVERAGE = 0.5
MOST_OF = 0.5  # "most of either side"
EDGE_S = 0.8  # a segment that ends this near to an end of a recording reaches it
FRAME_MIDDLE_S = PARAMETERS.frame_samples / PARAMETERS.sample_rate / 2


def verify(
    query: Query,
    reference: Reference,
    candidate: Candidate,
    *,
    trials: float,
    track_id: int,
    reference_s: float,
    limit: float = FALSE_ACCEPT_LIMIT,
) -> Match | None:
    """Fit, follow, weigh. ``trials``: places of the catalog times probes that could have matched by chance.

    ``limit``: the false-accept probability up to which a match is believed.
    """
    line, value = fit(query, reference, candidate)
    found = None
    if value >= LEAST_AGREEMENT:
        found = _by_moments(query, reference, line, candidate, trials=trials, limit=limit)
    elif candidate.probe == PLAIN:
        line = Line(candidate.offset_s, 1.0, 0.0)
    else:
        return None
    if found is None or (found.log_probability > np.log10(limit) and not _strays(found.wobble_s)):
        found = _by_filter(query, reference, line, candidate.anchor_s, found, trials=trials, limit=limit) or found
    if found is None:
        return None
    every, believed = [found.path], found.log_probability <= np.log10(limit)
    if believed:
        every += pieces.others(query, reference, found.path)
    query_s = query.fingerprint.duration_s
    segments = tuple(_segment(one, stretch, query_s, reference_s) for one in every for stretch in one.stretches)
    segments = tuple(sorted(segments, key=lambda segment: segment.query_start_s))
    return _match(found, segments, query_s, reference_s, track_id, believed=believed)


@dataclass(frozen=True)
class _Finding:
    path: Path
    log_probability: float  # decimal, of so much by chance
    wobble_s: float | None


def _by_moments(
    query: Query, reference: Reference, line: Line, candidate: Candidate, *, trials: float, limit: float
) -> _Finding | None:
    """What single moments prove along the line, followed outwards from the candidate."""
    path = paths.along(query, reference, follow(query, reference, line, candidate.anchor_s))
    if not path.stretches:
        return None
    path = _settled(query, reference, path)
    around = paths.elsewhere(query, reference, path)
    if around.better_offset_s is not None:
        path, around = _moved(query, reference, path, around)
    path = replace(path, line=pitch.measured(query, reference, path.line, path.places_s, path.similarity))
    best = path.best
    proof = paths.proof(path, around.level)
    worth = closeness.worth(query, reference, path, proof)
    log_probability = log10_probability(proof.evidence, around.level, worth, trials, unchanged=_is_unchanged(path.line))
    if _is_short(path) or log_probability > np.log10(limit):
        return _Finding(path, 0.0 if _is_short(path) else log_probability, None)
    first_s, last_s = (float(path.places_s[place]) for place in (best.first, best.last))
    wobble_s = timing.wobble_s(query, reference, path.line, first_s, last_s)
    refuted = _strays(wobble_s) and float(path.similarity[best.first : best.last + 1].mean()) < CLOSE
    return _Finding(path, 0.0 if refuted else log_probability, wobble_s)


def _by_filter(
    query: Query,
    reference: Reference,
    line: Line,
    anchor_s: float,
    weak: _Finding | None,
    *,
    trials: float,
    limit: float,
) -> _Finding | None:
    """What the matched filter believes although the moments do not: they are masked. ``weak``: what they say."""
    spans_s = [(anchor_s - WINDOW_S / 2, anchor_s + WINDOW_S / 2)]
    if weak is not None:
        line, best = weak.path.line, weak.path.best
        first_s, last_s = (float(weak.path.places_s[place]) for place in (best.first, best.last))
        anchor_s = (first_s + last_s) / 2
        spans_s[0] = (anchor_s - WINDOW_S / 2, anchor_s + WINDOW_S / 2)
        if last_s - first_s < query.fingerprint.duration_s / 2:  # a piece of a mix
            spans_s.append((first_s, last_s))
    lines = [line]
    unchanged = Line(line.offset_s + anchor_s * (line.tempo_ratio - 1), 1.0, 0.0)
    if unchanged != line and _is_nearly_unchanged(line):
        lines.append(unchanged)
    tried = []
    for one, span_s in product(lines, spans_s):
        found = matched.filtered(query, reference, one, span_s)
        if found is None or found.correlation < matched.LEAST_CORRELATION:
            continue
        choices = max(1.0, query.fingerprint.duration_s / (span_s[1] - span_s[0]))
        chance = log10_probability_of_filter(found.deviations, trials * choices, unchanged=_is_unchanged(one))
        tried.append((chance, one, found))
    if not tried:
        return None
    log_probability, line, found = min(tried, key=lambda one: one[0])
    if log_probability > np.log10(limit):
        return None
    line = replace(line, offset_s=line.offset_s + found.moved_s)
    path = paths.along(query, reference, line)
    pictures = matched.laid(query, reference, line)
    path = paths.agreeing(path, matched.gains(pictures, path.places_s, found.deviation))
    if not path.stretches or _is_short(path) or not _is_masked(query, reference, path, pictures, found.correlation):
        return None
    wobble_s = matched.wobble_s(pictures, found.deviation)
    return _Finding(path, 0.0 if _strays(wobble_s) else log_probability, wobble_s)


def _is_masked(query: Query, reference: Reference, path: Path, pictures: Laid, correlation: float) -> bool:
    """Whether something lies over a copy, which tells it from another arrangement; or it agrees as only copies do."""
    places_s = path.places_s[path.best.first : path.best.last + 1]
    return (
        correlation >= CLOSELY
        or matched.overlay(pictures, float(places_s[0]), float(places_s[-1])) >= OVERLAID
        or matched.lost_contrast(query, reference, path.line, places_s) >= OVERLAID
    )


def _is_short(path: Path) -> bool:
    return _seconds(path.best) < min(LEAST_STRETCH_S, 0.75 * len(path.places_s) * STEP_S)


def _is_nearly_unchanged(line: Line) -> bool:
    return abs(line.tempo_ratio - 1) < NEARLY_TEMPO and abs(line.pitch_semitones) < NEARLY_PITCH


def _settled(query: Query, reference: Reference, path: Path) -> Path:
    """The path at the unchanged tempo, when its best stretch is too short to tell it from the one that was fitted."""
    line, best = path.line, path.best
    if _seconds(best) > SHORT_S or not 0 < abs(line.tempo_ratio - 1) <= SHORT_S_TEMPO:
        return path
    middle_s = float(path.places_s[best.first : best.last + 1].mean())
    unchanged = replace(line, offset_s=line.offset_s + middle_s * (line.tempo_ratio - 1), tempo_ratio=1.0)
    value, moved_s = agreement_near(query, reference, unchanged, path.places_s[best.first : best.last + 1])
    if value < AS_GOOD * agreement_near(query, reference, line, path.places_s[best.first : best.last + 1])[0]:
        return path
    other = paths.along(query, reference, replace(unchanged, offset_s=unchanged.offset_s + moved_s))
    return other if other.stretches else path


def _moved(query: Query, reference: Reference, path: Path, around: Elsewhere) -> tuple[Path, Elsewhere]:
    """The path at the better offset, when it really is better once it is followed."""
    middle_s = float(path.places_s[(path.best.first + path.best.last) // 2])
    line = replace(path.line, offset_s=around.better_offset_s or 0.0)
    other = paths.along(query, reference, follow(query, reference, line, middle_s))
    if not other.stretches or other.best.evidence <= path.best.evidence:
        return path, around
    return other, paths.elsewhere(query, reference, other)


def _is_unchanged(line: Line) -> bool:
    return abs(line.tempo_ratio - 1) < UNCHANGED_TEMPO and abs(line.pitch_semitones) < UNCHANGED_PITCH


def _seconds(stretch: Stretch) -> float:
    return (stretch.last - stretch.first + 1) * STEP_S


def is_sure(match: Match) -> bool:
    """Whether nothing better can be expected from more probes."""
    lengths = [segment.query_end_s - segment.query_start_s for segment in match.segments]
    close = np.average([segment.similarity for segment in match.segments], weights=lengths) >= SURE_SIMILARITY
    covered_most = max(match.query_coverage, match.reference_coverage) >= SURE_COVERAGE
    steady = match.wobble_s is None or match.wobble_s <= STEADY_S
    return bool(match.score >= SURE_SCORE and covered_most and close and steady)


def _strays(wobble_s: float | None) -> bool:
    return wobble_s is not None and STEADY_S < wobble_s < UNRELATED_S


def is_unsteady(match: Match) -> bool:
    """Whether it would be believed, did it not stray from its line as a second performance does."""
    return match.verdict == "none" and _strays(match.wobble_s)


def refused(match: Match) -> Match:
    """The same, not believed."""
    return replace(match, verdict="none", score=0.0, false_accept_probability=1.0)


def _segment(path: Path, stretch: Stretch, query_s: float, reference_s: float) -> Segment:
    line = path.line
    offset_s = offset_of(line)
    half_step = STEP_S / 2
    start = float(path.places_s[stretch.first]) + FRAME_MIDDLE_S - half_step
    end = float(path.places_s[stretch.last]) + FRAME_MIDDLE_S + half_step
    lowest = max(0.0, -offset_s / line.tempo_ratio)
    highest = min(query_s, (reference_s - offset_s) / line.tempo_ratio)
    start = lowest if start - lowest < EDGE_S else start
    end = highest if highest - end < EDGE_S else end
    similarity = float(path.similarity[stretch.first : stretch.last + 1].mean())
    return Segment(start, end, offset_s + start * line.tempo_ratio, offset_s + end * line.tempo_ratio, similarity)


def offset_of(line: Line) -> float:
    """Reference time at query time zero; the line itself runs through the middles of frames."""
    return line.offset_s + FRAME_MIDDLE_S * (1 - line.tempo_ratio)


def covered(spans: list[tuple[float, float]], duration_s: float) -> float:
    """The share of a recording under the union of spans."""
    total, reached = 0.0, 0.0
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return min(1.0, total / duration_s)


def _match(
    found: _Finding,
    segments: tuple[Segment, ...],
    query_s: float,
    reference_s: float,
    track_id: int,
    *,
    believed: bool,
) -> Match:
    path = found.path
    query_coverage = covered([(s.query_start_s, s.query_end_s) for s in segments], query_s)
    reference_coverage = covered([(s.reference_start_s, s.reference_end_s) for s in segments], reference_s)
    verdict: Verdict = "none"
    if believed:
        verdict = "duplicate" if max(query_coverage, reference_coverage) >= MOST_OF else "contains"
    return Match(
        track_id=track_id,
        verdict=verdict,
        score=max(0.0, -found.log_probability),
        false_accept_probability=10.0 ** max(found.log_probability, -300.0),
        offset_s=offset_of(path.line),
        tempo_ratio=path.line.tempo_ratio,
        pitch_semitones=path.line.pitch_semitones,
        query_start_s=min(s.query_start_s for s in segments),
        query_end_s=max(s.query_end_s for s in segments),
        reference_start_s=min(s.reference_start_s for s in segments),
        reference_end_s=max(s.reference_end_s for s in segments),
        query_coverage=query_coverage,
        reference_coverage=reference_coverage,
        segments=segments,
        similarity_curve=path.similarity,
        similarity_step_s=STEP_S,
        wobble_s=found.wobble_s,
    )
