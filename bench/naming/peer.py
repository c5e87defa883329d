"""Chromaprint on protocol A: asked in windows of 10 s every 5 s, at the threshold that leaves it 99 % precise.

A window names the track with the most equal bits, where these reach the threshold. The threshold is the lowest at which
99 % of the pairs it names are right; it is chosen on the queries themselves, to the peer's advantage.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench import chromaprint
from bench.chromaprint import FRAME_S, References
from bench.corpus import CorpusTrack
from bench.naming.drawing import NamedQuery
from bench.naming.judge import Score, Told, judged

WINDOW_S, STEP_S = 10.0, 5.0
WINDOW, STEP = round(WINDOW_S / FRAME_S), round(STEP_S / FRAME_S)
EVERY = 2  # frame of a window is compared
PRECISION = 0.99
THRESHOLDS = np.arange(0.60, 1.0, 0.005)


@dataclass(frozen=True)
class Window:
    """What comes nearest to one window, and its share of equal bits."""

    told: Told
    bits: float


def line(tracks: Sequence[CorpusTrack], queries: Sequence[NamedQuery]) -> str:
    """The peer's figures on these queries; plainly said where it is not installed."""
    if not chromaprint.is_installed():
        return "  Chromaprint left out: fpcalc is not installed (Debian's libchromaprint-tools)"
    references = References.of(tracks)
    windows = [windows_of(references, chromaprint.raw_print(query.path)) for query in queries]
    threshold, score = best_score(queries, windows)
    return f"  Chromaprint in windows of 10 s, threshold {threshold:.3f} equal bits: {score.line()}"


def windows_of(references: References, asked: np.ndarray) -> list[Window]:
    """The nearest place to each window of a query."""
    found = []
    for first in range(0, max(1, len(asked) - WINDOW + 1), STEP):
        window = asked[first : first + WINDOW]
        bits = references.equal_bits(window, EVERY, len(window))
        if not bits.size:
            continue
        at = int(bits.argmax())
        owner = int(references.owner[at])
        start_s, place_s = first * FRAME_S, (at - references.first_frame(owner)) * FRAME_S
        seconds = len(window) * FRAME_S
        told = Told(references.names[owner], start_s, start_s + seconds, place_s, place_s + seconds)
        found.append(Window(told, float(bits[at])))
    return found


def best_score(queries: Sequence[NamedQuery], windows: Sequence[Sequence[Window]]) -> tuple[float, Score]:
    """The lowest threshold with ``PRECISION`` of pairs, and the score there; the highest where none has it."""
    for threshold in THRESHOLDS.tolist():
        score = score_at(queries, windows, threshold)
        if score.precision[0] >= PRECISION:
            break
    return threshold, score


def score_at(queries: Sequence[NamedQuery], windows: Sequence[Sequence[Window]], threshold: float) -> Score:
    """What windows of at least so many equal bits name; windows that go on in one another count as one stretch."""
    answers = [together([one.told for one in found if one.bits >= threshold]) for found in windows]
    return judged([query.truth for query in queries], answers)


def together(told: Sequence[Told]) -> list[Told]:
    """Windows of one track along one line made one stretch each."""
    joined: list[Told] = []
    for one in told:
        last = next((other for other in reversed(joined) if _goes_on(other, one)), None)
        if last is None:
            joined.append(one)
        else:
            joined[joined.index(last)] = Told(
                one.track, last.query_start_s, one.query_end_s, last.reference_start_s, one.reference_end_s
            )
    return joined


def _goes_on(last: Told, one: Told) -> bool:
    lag_s = (one.reference_start_s - one.query_start_s) - (last.reference_start_s - last.query_start_s)
    return one.track == last.track and one.query_start_s <= last.query_end_s and abs(lag_s) < 1.0
