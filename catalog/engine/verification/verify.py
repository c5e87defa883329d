"""From a candidate to a match with all its numbers, or to none."""

from dataclasses import dataclass, replace

import numpy as np

from catalog.engine.alignment.comparison import Comparison
from catalog.engine.alignment.fit import fit
from catalog.engine.alignment.line import FRAME_MIDDLE_S, STEP_S, Line, offset_of
from catalog.engine.features.query import PLAIN
from catalog.engine.features.spectrogram import Floats
from catalog.engine.match import Match, Segment
from catalog.engine.verification import edits
from catalog.engine.verification.decision import Chance, Finding, by_filter, by_moments
from catalog.engine.verification.limits import LIMITS
from catalog.engine.verification.path import Path, Stretch


@dataclass(frozen=True)
class Case:
    """A query and a reference that may be one recording, the reference's length in seconds, and what chance may do."""

    pair: Comparison
    track_id: int
    reference_s: float
    chance: Chance

    @property
    def query_s(self) -> float:
        """The query's length in seconds."""
        return self.pair.query.fingerprint.duration_s


def verify(case: Case, guess: Line, anchor_s: float) -> Match | None:
    """Fit, follow and weigh the line that votes around the query's ``anchor_s`` (s) point to; None for no agreement.

    A match that is not believed has the verdict "none". Any other has "contains": ``search.relation`` finds duplicates.
    """
    line, value = fit(case.pair, guess, anchor_s)
    found = None
    if value >= LIMITS.least_agreement:
        found = by_moments(case.pair, line, anchor_s, case.chance)
    elif guess.probe == PLAIN:
        line = guess
    else:
        return None
    if found is None or (not case.chance.believes(found.log_probability) and not found.time.strays):
        found = by_filter(case.pair, line, anchor_s, found, case.chance) or found
    return _match(case, found) if found is not None else None


def verify_line(case: Case, line: Line, anchor_s: float, scanned_s: float) -> Match | None:
    """Weigh a line that a scan chose among all because the pictures agree on it; None if that proves too little.

    ``scanned_s``: how many seconds of the query around ``anchor_s`` (s) the scan compared, at most.
    """
    found = by_filter(case.pair, line, anchor_s, None, case.chance, scanned_s=scanned_s)
    return _match(case, found) if found is not None else None


def is_sure(match: Match) -> bool:
    """Whether a match is believed and so strong that no further probe can find a better one."""
    if match.verdict == "none":
        return False
    lengths = [segment.query_end_s - segment.query_start_s for segment in match.segments]
    close = np.average([segment.similarity for segment in match.segments], weights=lengths) >= LIMITS.sure_similarity
    covered_most = max(match.query_coverage, match.reference_coverage) >= LIMITS.sure_coverage
    return bool(match.score >= LIMITS.sure_score and covered_most and close and not match.strays)


def is_unsteady(match: Match) -> bool:
    """Whether a match is refused only because it strays from its line, as a second performance does."""
    return match.verdict == "none" and match.strays


def refused(match: Match) -> Match:
    """The same match, no longer believed: verdict "none", score 0, probability 1."""
    return replace(match, verdict="none", score=0.0, false_accept_probability=1.0)


def _pieces(case: Case, found: Finding) -> list[Path]:
    """The path that was found, then its other pieces; along the longest straight piece where that explains as much."""
    path, bent = found.path, found.time.bent
    if not case.chance.believes(found.log_probability):
        return [path]
    pieces = [path, *edits.others(case.pair, path)]
    other = edits.straightened(case.pair, path, bent) if bent is not None else None
    if other is None:
        return pieces
    straight = [other, *edits.others(case.pair, other)]
    explained = [_query_coverage(_segments(case, some), case.query_s) for some in (straight, pieces)]
    return straight if explained[0] >= LIMITS.as_much * explained[1] else pieces


def _segments(case: Case, pieces: list[Path]) -> tuple[Segment, ...]:
    query_s, reference_s = case.query_s, case.reference_s
    found = [_segment(one, part, query_s, reference_s) for one in pieces for part in one.stretches]
    return tuple(sorted(found, key=lambda segment: segment.query_start_s))


def _curve(pieces: list[Path]) -> Floats:
    """How alike the two are along the query: on the first line, and where another piece lies on that one's line."""
    first, *others = pieces
    curve = first.similarity.copy()
    for other in others:
        for part in other.stretches:
            curve[part.span] = np.maximum(curve[part.span], other.similarity[part.span])
    return curve


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
    start = lowest if start - lowest < LIMITS.edge_s else start
    end = highest if highest - end < LIMITS.edge_s else end
    similarity = float(path.similarity[stretch.span].mean())
    return Segment(start, end, offset_s + start * line.tempo_ratio, offset_s + end * line.tempo_ratio, similarity)


def covered(spans: list[tuple[float, float]], duration_s: float) -> float:
    """The share (0 … 1) of a recording that lies under the union of ``spans`` (s)."""
    total, reached = 0.0, 0.0
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return min(1.0, total / duration_s)


def _match(case: Case, found: Finding) -> Match:
    query_s, reference_s = case.query_s, case.reference_s
    believed = case.chance.believes(found.log_probability)
    pieces = _pieces(case, found)
    path, segments = pieces[0], _segments(case, pieces)
    query_coverage = _query_coverage(segments, query_s)
    reference_coverage = covered([(s.reference_start_s, s.reference_end_s) for s in segments], reference_s)
    return Match(
        track_id=case.track_id,
        verdict="contains" if believed else "none",  # a duplicate by its relation: ``search.relation``
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
        similarity_curve=_curve(pieces),
        similarity_step_s=STEP_S,
        wobble_s=found.time.wobble_s,
        strays=found.time.strays,
        sounds_otherwise=found.sounds_otherwise,
    )
