"""A candidate → a match with its numbers, or nothing."""

from dataclasses import dataclass, replace

import numpy as np

from catalog.engine.alignment.fit import STEP_S, Line, Reference, fit
from catalog.engine.features.query import PLAIN, Query
from catalog.engine.match import Match, Segment, Verdict
from catalog.engine.parameters import PARAMETERS
from catalog.engine.search.candidates import Candidate
from catalog.engine.verification import bends, edits
from catalog.engine.verification.decision import Finding, by_filter, by_moments
from catalog.engine.verification.path import Path, Stretch
from catalog.engine.verification.tempo_stability import Blocks

FALSE_ACCEPT_LIMIT = 1e-4  # a match is believed when chance would give it less often than this a search
LEAST_AGREEMENT = 0.1  # of the local fit: chance seldom reaches it, and less is not worth following
SURE_SCORE = 10.0
SURE_SIMILARITY = 0.62
SURE_COVERAGE = 0.5
MOST_OF = 0.5  # "most of either side"
AS_MUCH = 0.9  # of what a bent line explains
EDGE_S = 0.8  # a segment that ends this near to an end of a recording reaches it
FRAME_MIDDLE_S = PARAMETERS.frame_samples / PARAMETERS.sample_rate / 2


@dataclass(frozen=True)
class Case:
    """A query and a reference that may be one recording. ``trials``: places of the catalog times probes that could
    have matched by chance; ``limit``: the false-accept probability up to which a match is believed."""

    query: Query
    reference: Reference
    track_id: int
    reference_s: float
    trials: float
    limit: float = FALSE_ACCEPT_LIMIT


def verify(case: Case, candidate: Candidate) -> Match | None:
    """Fit, follow, weigh what votes point to."""
    query, reference = case.query, case.reference
    line, value = fit(query, reference, candidate)
    found = None
    if value >= LEAST_AGREEMENT:
        found = by_moments(query, reference, line, candidate, trials=case.trials, limit=case.limit)
    elif candidate.probe == PLAIN:
        line = Line(candidate.offset_s, 1.0, 0.0)
    else:
        return None
    if found is None or (found.log_probability > np.log10(case.limit) and not found.time.strays):
        masked = by_filter(query, reference, line, candidate.anchor_s, found, trials=case.trials, limit=case.limit)
        found = masked or found
    return _match(case, found) if found is not None else None


def verify_line(case: Case, line: Line, anchor_s: float, scanned_s: float) -> Match | None:
    """Weigh a line that was chosen, of all there are, because the pictures agree on it; None if that proves little.

    ``scanned_s``: how much of the query around ``anchor_s`` they were compared in, at most.
    """
    query, reference = case.query, case.reference
    found = by_filter(query, reference, line, anchor_s, None, trials=case.trials, limit=case.limit, scanned_s=scanned_s)
    return _match(case, found) if found is not None else None


def is_sure(match: Match) -> bool:
    """Whether it is believed, and nothing better can be expected from more probes."""
    if match.verdict == "none":
        return False
    lengths = [segment.query_end_s - segment.query_start_s for segment in match.segments]
    close = np.average([segment.similarity for segment in match.segments], weights=lengths) >= SURE_SIMILARITY
    covered_most = max(match.query_coverage, match.reference_coverage) >= SURE_COVERAGE
    return bool(match.score >= SURE_SCORE and covered_most and close and not match.strays)


def is_unsteady(match: Match) -> bool:
    """Whether it would be believed, did it not stray from its line as a second performance does."""
    return match.verdict == "none" and match.strays


def refused(match: Match) -> Match:
    """The same, not believed."""
    return replace(match, verdict="none", score=0.0, false_accept_probability=1.0)


def _straightened(
    case: Case, path: Path, bent: Blocks, segments: tuple[Segment, ...]
) -> tuple[Path, tuple[Segment, ...]]:
    """The path along the longest straight piece, where others beside it explain as much: cuts. Else what there is."""
    other = bends.straightened(case.query, case.reference, path, bent)
    if other is None:
        return path, segments
    others = _segments(case, other, edits.others(case.query, case.reference, other))
    query_s = case.query.fingerprint.duration_s
    if _query_coverage(others, query_s) < AS_MUCH * _query_coverage(segments, query_s):
        return path, segments
    return other, others


def _segments(case: Case, first: Path, others: list[Path]) -> tuple[Segment, ...]:
    query_s, reference_s = case.query.fingerprint.duration_s, case.reference_s
    found = [_segment(one, part, query_s, reference_s) for one in (first, *others) for part in one.stretches]
    return tuple(sorted(found, key=lambda segment: segment.query_start_s))


def _query_coverage(segments: tuple[Segment, ...], query_s: float) -> float:
    return covered([(s.query_start_s, s.query_end_s) for s in segments], query_s)


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


def _match(case: Case, found: Finding) -> Match:
    path, query_s, reference_s = found.path, case.query.fingerprint.duration_s, case.reference_s
    believed = found.log_probability <= np.log10(case.limit)
    segments = _segments(case, path, edits.others(case.query, case.reference, path) if believed else [])
    if believed and found.time.bent is not None:
        path, segments = _straightened(case, path, found.time.bent, segments)
    query_coverage = _query_coverage(segments, query_s)
    reference_coverage = covered([(s.reference_start_s, s.reference_end_s) for s in segments], reference_s)
    verdict: Verdict = "none"
    if believed:
        verdict = "duplicate" if max(query_coverage, reference_coverage) >= MOST_OF else "contains"
    return Match(
        track_id=case.track_id,
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
        wobble_s=found.time.wobble_s,
        strays=found.time.strays,
    )
