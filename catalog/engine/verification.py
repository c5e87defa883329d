"""A candidate → a match with its numbers, or nothing."""

from dataclasses import replace

import numpy as np

from catalog.engine import path as paths
from catalog.engine import pitch
from catalog.engine.alignment import HOP_S, STEP_S, Line, Reference, fit, follow
from catalog.engine.params import PARAMETERS
from catalog.engine.path import Path, Stretch
from catalog.engine.query import Query
from catalog.engine.records import Match, Segment, Verdict
from catalog.engine.voting import Candidate

FALSE_ACCEPT_LIMIT = 1e-6  # a match is believed when chance would give it less often than this a search
LEAST_AGREEMENT = 0.12  # of the local fit: chance seldom reaches it, and less is not worth following
SURE_SCORE = 12.0
SURE_COVERAGE = 0.5
MOST_OF = 0.5  # "most of either side"
EDGE_S = 0.8  # a segment that ends this near to an end of a recording reaches it
FRAME_MIDDLE_S = PARAMETERS.frame_samples / PARAMETERS.sample_rate / 2


def verify(
    query: Query, reference: Reference, candidate: Candidate, *, trials: float, track_id: int, reference_s: float
) -> Match | None:
    """Fit, follow, weigh. ``trials``: places of the catalog x probes that could have matched by chance."""
    line, value = fit(query, reference, candidate)
    if value < LEAST_AGREEMENT:
        return None
    line = follow(query, reference, line, candidate.anchor_s)
    path = paths.along(query, reference, line)

    if not path.stretches:
        return None
    line = pitch.measured(query, reference, line, path.places_s, path.similarity)
    path = replace(path, line=line)
    best = max(path.stretches, key=lambda stretch: stretch.evidence)
    bounds = float(path.places_s[best.first]), float(path.places_s[best.last])
    chance = paths.chance(query, reference, line, bounds)
    log_probability = chance.log10_probability(best.evidence, trials)
    segments = tuple(_segment(path, stretch, query.fingerprint.duration_s, reference_s) for stretch in path.stretches)
    return _match(path, segments, log_probability, query.fingerprint.duration_s, reference_s, track_id)


def is_sure(match: Match) -> bool:
    """Whether nothing better can be expected from more probes."""
    return match.score >= SURE_SCORE and max(match.query_coverage, match.reference_coverage) >= SURE_COVERAGE


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
    path: Path, segments: tuple[Segment, ...], log_probability: float, query_s: float, reference_s: float, track_id: int
) -> Match:
    query_coverage = covered([(s.query_start_s, s.query_end_s) for s in segments], query_s)
    reference_coverage = covered([(s.reference_start_s, s.reference_end_s) for s in segments], reference_s)
    verdict: Verdict = "none"
    if log_probability <= np.log10(FALSE_ACCEPT_LIMIT):
        verdict = "duplicate" if max(query_coverage, reference_coverage) >= MOST_OF else "contains"
    return Match(
        track_id=track_id,
        verdict=verdict,
        score=max(0.0, -log_probability),
        false_accept_probability=10.0 ** max(log_probability, -300.0),
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
    )


__all__ = ["FALSE_ACCEPT_LIMIT", "HOP_S", "is_sure", "verify"]
