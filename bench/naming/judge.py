"""Answers against the truth: pairs of (query, reference), seconds, and places."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.naming.compose import Range
from bench.relatives import same_recording

PLACE_S = 1.5  # how far a named recording may lie from where it is


@dataclass(frozen=True)
class Told:
    """One segment of one match of an answer."""

    track: str
    query_start_s: float
    query_end_s: float
    reference_start_s: float
    reference_end_s: float


@dataclass
class Score:
    """Sums over queries."""

    asked_pairs: int = 0
    found_pairs: int = 0
    in_place: int = 0
    told_pairs: int = 0
    right_pairs: int = 0
    asked_s: float = 0.0
    told_s: float = 0.0
    true_s: float = 0.0

    def line(self) -> str:
        """Recall and precision of pairs and of seconds, in percent; how many are where they should be."""
        pairs = f"{self.found_pairs} of {self.asked_pairs} pairs ({_percent(self.found_pairs, self.asked_pairs)})"
        precise = f"precision {_percent(self.right_pairs, self.told_pairs)} of {self.told_pairs}"
        seconds = f"seconds {_percent(self.true_s, self.asked_s)}, precision {_percent(self.true_s, self.told_s)}"
        return f"{pairs}, {precise}; {self.in_place} in place; {seconds}"


def judged(truths: Sequence[Sequence[Range]], answers: Sequence[Sequence[Told]]) -> Score:
    """The score of all answers."""
    score = Score()
    for truth, told in zip(truths, answers, strict=True):
        _add(score, truth, told)
    return score


def lost(truth: Iterable[Range], told: Sequence[Told]) -> list[Range]:
    """What is in the query and was not named."""
    return [one for one in truth if not any(same_recording(other.track, one.track) for other in told)]


def invented(truth: Sequence[Range], told: Iterable[Told]) -> list[Told]:
    """What was named and is not in the query."""
    return [one for one in told if not any(same_recording(one.track, other.track) for other in truth)]


def _add(score: Score, truth: Sequence[Range], told: Sequence[Told]) -> None:
    score.asked_pairs += len({one.track for one in truth})
    score.found_pairs += len({one.track for one in truth} - {one.track for one in lost(truth, told)})
    score.in_place += sum(any(_near(one, other) for other in told) for one in truth)
    named = {one.track for one in told}
    score.told_pairs += len(named)
    score.right_pairs += len(named - {one.track for one in invented(truth, told)})
    score.asked_s += sum(one.query_end_s - one.query_start_s for one in truth)
    score.told_s += sum(one.query_end_s - one.query_start_s for one in told)
    score.true_s += sum(_common(one, other) for one in truth for other in told)


def _near(one: Range, other: Told) -> bool:
    """Whether the two say the same of where the reference is, at the middle of what they share."""
    first, last = max(one.query_start_s, other.query_start_s), min(one.query_end_s, other.query_end_s)
    if not same_recording(one.track, other.track) or last <= first:
        return False
    middle = (first + last) / 2
    return abs(_reference_at(one, middle) - _reference_at(other, middle)) <= PLACE_S


def _reference_at(one: Range | Told, query_s: float) -> float:
    share = (query_s - one.query_start_s) / max(one.query_end_s - one.query_start_s, 1e-6)
    return one.reference_start_s + share * (one.reference_end_s - one.reference_start_s)


def _common(one: Range, other: Told) -> float:
    """Seconds of the query that lie in both, as far as the reference's do too."""
    if not same_recording(one.track, other.track):
        return 0.0
    query = min(one.query_end_s, other.query_end_s) - max(one.query_start_s, other.query_start_s)
    reference = min(one.reference_end_s, other.reference_end_s) - max(one.reference_start_s, other.reference_start_s)
    tempo = (one.reference_end_s - one.reference_start_s) / max(one.query_end_s - one.query_start_s, 1e-6)
    return max(0.0, min(query, reference / max(tempo, 1e-6)))


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
