"""From a candidate to a match with all its numbers, or to none."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from catalog.engine.alignment.comparison import Comparison
from catalog.engine.alignment.fit import fit
from catalog.engine.alignment.line import FRAME_MIDDLE_S, STEP_S, Line, offset_of
from catalog.engine.features.query import PLAIN
from catalog.engine.features.spectrogram import Floats
from catalog.engine.match import Match, Segment, overlay
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
        return self.pair.query.duration_s


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
    lengths_s = [segment.length_s for segment in match.segments]
    close = np.average([segment.similarity for segment in match.segments], weights=lengths_s) >= LIMITS.sure_similarity
    covered_most = max(match.query_coverage, match.reference_coverage) >= LIMITS.sure_coverage
    return bool(match.score >= LIMITS.sure_score and covered_most and close and not match.strays)


def is_unsteady(match: Match) -> bool:
    """Whether a match is refused only because it strays from its line, as a second performance does."""
    return match.verdict == "none" and match.strays


def strays_elsewhere(match: Match, unsteady: Collection[int]) -> bool:
    """Whether a match is too short to tell how it keeps time, and its track is one of the ``unsteady`` ones (ids)."""
    return match.wobble_s is None and match.track_id in unsteady


def refused(match: Match) -> Match:
    """The same match, no longer believed: verdict "none", score 0, probability 1."""
    return replace(match, verdict="none", score=0.0, false_accept_probability=1.0)


def _curve(pieces: list[Path]) -> Floats:
    """How alike the two are along the query: on the first line, and where another piece lies on that one's line."""
    first, *others = pieces
    curve = first.similarity.copy()
    for other in others:
        for stretch in other.stretches:
            overlay(curve, other.similarity, stretch.span)
    return curve


def _segment(case: Case, path: Path, stretch: Stretch) -> Segment:
    line = path.line
    offset_s = offset_of(line)
    half_step = STEP_S / 2
    start = float(path.places_s[stretch.first]) + FRAME_MIDDLE_S - half_step
    end = float(path.places_s[stretch.last]) + FRAME_MIDDLE_S + half_step
    lowest = max(0.0, -offset_s / line.tempo_ratio)
    highest = min(case.query_s, (case.reference_s - offset_s) / line.tempo_ratio)
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
    """By the path that was found and its other pieces, or by its longest straight piece if that explains as much."""
    path, bent = found.path, found.time.bent
    if not case.chance.believes(found.log_probability):
        return _of_pieces(case, found, [path])
    match = _of_pieces(case, found, [path, *edits.others(case.pair, path)])
    other = edits.straightened(case.pair, path, bent) if bent is not None else None
    if other is None:
        return match
    straight = _of_pieces(case, found, [other, *edits.others(case.pair, other)])
    return straight if straight.query_coverage >= LIMITS.as_much * match.query_coverage else match


def _of_pieces(case: Case, found: Finding, pieces: list[Path]) -> Match:
    """What was found, described by the first of some paths, with the segments of all."""
    line, believed = pieces[0].line, case.chance.believes(found.log_probability)
    unordered = [_segment(case, path, stretch) for path in pieces for stretch in path.stretches]
    segments = tuple(sorted(unordered, key=lambda segment: segment.query_start_s))
    return Match(
        track_id=case.track_id,
        verdict="contains" if believed else "none",  # a duplicate by its relation: ``search.relation``
        score=max(0.0, -found.log_probability),
        false_accept_probability=10.0 ** max(found.log_probability, -300.0),
        offset_s=offset_of(line),
        tempo_ratio=line.tempo_ratio,
        pitch_semitones=line.pitch_semitones,
        query_coverage=covered([one.query_span_s for one in segments], case.query_s),
        reference_coverage=covered([one.reference_span_s for one in segments], case.reference_s),
        segments=segments,
        similarity_curve=_curve(pieces),
        similarity_step_s=STEP_S,
        wobble_s=found.time.wobble_s,
        strays=found.time.strays,
        sounds_otherwise=found.sounds_otherwise,
    )
