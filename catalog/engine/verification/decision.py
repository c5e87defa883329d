"""What a line proves: by its moments, or, where these are masked, by the whole picture."""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from catalog.engine.alignment import correlation, pitch
from catalog.engine.alignment.correlation import Filtered
from catalog.engine.alignment.fit import STEP_S, Line, Reference, agreement_near, follow
from catalog.engine.features.query import Query
from catalog.engine.search.candidates import Candidate
from catalog.engine.verification import path as paths
from catalog.engine.verification import similarity, tempo_stability, timbre
from catalog.engine.verification.calibration import log10_probability, log10_probability_of_filter
from catalog.engine.verification.path import Elsewhere, Path, Stretch
from catalog.engine.verification.tempo_stability import UNTOLD, Timekeeping

LEAST_STRETCH_S = 3.0  # less in one piece is a chord or a drum fill, not a recording
SHORT_S, SHORT_S_TEMPO = 8.0, 0.02  # a stretch this short gives a tempo only so exactly …
AS_GOOD = 0.97  # … so that of two tempos that agree as well the unchanged one is the likely one
UNCHANGED_TEMPO, UNCHANGED_PITCH = 0.004, 0.15  # as a share and in semitones: what cannot be told from no change
WINDOW_S = 110.0  # of a query that the matched filter looks at
NEARLY_TEMPO, NEARLY_PITCH = 0.02, 0.6  # what noise may make of no change
# The most strangeness of a copy: where the filter alone speaks for it, and where its moments do. Of 1,380 altered
# copies ten are stranger than the one, seven of them with channels changed, of 458 differences of channels 40; of 849
# renderings of the same notes that stand out in the filter 78 are not.
SAME_SOUND, SIMILAR_SOUND = 0.036, 0.04
# Less of it is let pass where a line was chosen among all because the pictures agree on it, as music does that shares a
# beat; one of 27 copies that only a scan finds is stranger.
SCANNED_SOUND = 0.02
# What single moments must have in common on a line that the filter believes, over the cube root of what lies over them:
# of 1,353 copies four have less, of eight lines of other music that stood out and were not strange all (0.04 … 0.25).
LEAST_SIMILARITY = 0.26
CLOSE = 0.8  # mean similarity from which it is not asked whether the sound is the same


@dataclass(frozen=True)
class Finding:
    """A path, the decimal logarithm of the probability of so much by chance, and how it keeps time."""

    path: Path
    log_probability: float
    time: Timekeeping = UNTOLD


def by_moments(
    query: Query, reference: Reference, line: Line, candidate: Candidate, *, trials: float, limit: float
) -> Finding | None:
    """What single moments prove along the line, followed outwards from the candidate."""
    path = paths.along(query, reference, follow(query, reference, line, candidate.anchor_s))
    if not path.stretches:
        return None
    path = _settled(query, reference, path)
    around = paths.elsewhere(query, reference, path)
    if around.better_offset_s is not None:
        path, around = _moved(query, reference, path, around)
    path = replace(path, line=pitch.measured(query, reference, path.line, path.places_s, path.similarity))
    proof = paths.proof(path, around.level)
    worth = similarity.worth(query, reference, path, proof)
    log_probability = log10_probability(proof.evidence, around.level, worth, trials, unchanged=_is_unchanged(path.line))
    if _is_short(path) or log_probability > np.log10(limit):
        return Finding(path, 0.0 if _is_short(path) else log_probability)
    pictures, places_s = correlation.laid(query, reference, path.line), path.best_places_s
    found = correlation.filtered(query, reference, path.line, (float(places_s[0]), float(places_s[-1])))
    time = tempo_stability.keeping(query, reference, path, pictures, found.deviation) if found is not None else UNTOLD
    close = path.best_similarity >= CLOSE
    refuted = time.strays or (
        not close
        and timbre.strangeness(pictures, places_s, timbre.masking(query, reference, pictures, places_s)) > SIMILAR_SOUND
    )
    return Finding(path, 0.0 if refuted else log_probability, time)


def by_filter(
    query: Query,
    reference: Reference,
    line: Line,
    anchor_s: float,
    weak: Finding | None,
    *,
    trials: float,
    limit: float,
    scanned_s: float | None = None,
) -> Finding | None:
    """What the matched filter believes although the moments do not: they are masked. ``weak``: what they say.

    ``scanned_s``: the line was chosen because the pictures agree on it in so much of the query, of all lines there are.
    """
    scanned = scanned_s is not None
    reach_s = (scanned_s or WINDOW_S) / 2
    spans_s = [(anchor_s - reach_s, anchor_s + reach_s)]
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
    log_probability, line, found = _most_outstanding(query, reference, lines, spans_s, trials, scanned=scanned)
    if found is None or log_probability > np.log10(limit):
        return None
    line = replace(line, offset_s=line.offset_s + found.moved_s)
    path = paths.along(query, reference, line)
    pictures = correlation.laid(query, reference, line)
    path = paths.agreeing(path, correlation.gains(pictures, path.places_s, found.deviation))
    if not path.stretches or _is_short(path):
        return None
    places_s = path.best_places_s
    over = timbre.masking(query, reference, pictures, places_s)
    if timbre.strangeness(pictures, places_s, over) > (SCANNED_SOUND if scanned else SAME_SOUND):
        return None
    if path.best_similarity < LEAST_SIMILARITY / np.cbrt(over):
        return None
    time = tempo_stability.keeping(query, reference, path, pictures, found.deviation)
    return Finding(path, 0.0 if time.strays else log_probability, time)


def _most_outstanding(
    query: Query,
    reference: Reference,
    lines: list[Line],
    spans_s: list[tuple[float, float]],
    trials: float,
    *,
    scanned: bool,
) -> tuple[float, Line, Filtered | None]:
    """The line, and how it stands out in the span where chance gives that least often."""
    least: tuple[float, Line, Filtered | None] = (0.0, lines[0], None)
    for line, span_s in product(lines, spans_s):
        found = correlation.filtered(query, reference, line, span_s)
        if found is None or found.correlation < correlation.LEAST_CORRELATION:
            continue
        spans = max(1.0, query.fingerprint.duration_s / (span_s[1] - span_s[0]))
        chance = log10_probability_of_filter(
            found.deviations, trials, spans, unchanged=_is_unchanged(line), scanned=scanned
        )
        if chance < least[0]:
            least = (chance, line, found)
    return least


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
