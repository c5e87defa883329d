"""Answers against the truth: pairs of (query, reference), seconds, and places."""

from collections import defaultdict
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
    """Sums over queries. A pair is a query and a reference; ``found_s`` of ``asked_s`` and ``right_s`` of ``told_s``.

    A second is true where the ranges overlap in both files. It counts once, however many segments tell it.
    """

    asked_pairs: int = 0
    found_pairs: int = 0
    in_place: int = 0
    told_pairs: int = 0
    right_pairs: int = 0
    asked_s: float = 0.0
    found_s: float = 0.0
    told_s: float = 0.0
    right_s: float = 0.0

    @property
    def recall(self) -> tuple[float, float]:
        """Of pairs and of seconds, 0 … 1."""
        return _share(self.found_pairs, self.asked_pairs), _share(self.found_s, self.asked_s)

    @property
    def precision(self) -> tuple[float, float]:
        """Of pairs and of seconds, 0 … 1; 1 where nothing was told."""
        return _share(self.right_pairs, self.told_pairs, 1.0), _share(self.right_s, self.told_s, 1.0)

    @property
    def wrong_pairs(self) -> int:
        """References that were named and are not in the query."""
        return self.told_pairs - self.right_pairs

    def line(self) -> str:
        """Recall and precision of pairs and of seconds, in percent; how many are where they should be."""
        (pairs, seconds), (precise, precise_s) = self.recall, self.precision
        return (
            f"{self.found_pairs} of {self.asked_pairs} pairs ({pairs:.1%}), {self.wrong_pairs} others of "
            f"{self.told_pairs} (precision {precise:.1%}); {self.in_place} in place; "
            f"seconds {seconds:.1%}, precision {precise_s:.1%}"
        )


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


def by_kind(truths: Sequence[Sequence[Range]], answers: Sequence[Sequence[Told]]) -> dict[str, tuple[int, int]]:
    """The first word of what was done to a chunk → (named, asked)."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for truth, told in zip(truths, answers, strict=True):
        missing = lost(truth, told)
        for one in truth:
            kind = counts[one.altered.split(" ")[0] or "plain"]
            kind[0] += one not in missing
            kind[1] += 1
    return {kind: (named, asked) for kind, (named, asked) in sorted(counts.items())}


def _add(score: Score, truth: Sequence[Range], told: Sequence[Told]) -> None:
    score.asked_pairs += len({one.track for one in truth})
    score.found_pairs += len({one.track for one in truth} - {one.track for one in lost(truth, told)})
    score.in_place += sum(any(_near(one, other) for other in told) for one in truth)
    named = {one.track for one in told}
    score.told_pairs += len(named)
    score.right_pairs += len(named - {one.track for one in invented(truth, told)})
    score.asked_s += sum(_length(one) for one in truth)
    score.told_s += sum(_length(one) for one in told)
    score.found_s += sum(_union_s([_common(one, other) for other in told]) for one in truth)
    score.right_s += sum(_union_s([_common(one, other) for one in truth]) for other in told)


def _near(one: Range, other: Told) -> bool:
    """Whether the two say the same of where the reference is, at the middle of what they share."""
    first, last = max(one.query_start_s, other.query_start_s), min(one.query_end_s, other.query_end_s)
    if not same_recording(one.track, other.track) or last <= first:
        return False
    middle = (first + last) / 2
    return abs(_reference_at(one, middle) - _reference_at(other, middle)) <= PLACE_S


def _reference_at(one: Range | Told, query_s: float) -> float:
    share = (query_s - one.query_start_s) / max(_length(one), 1e-6)
    return one.reference_start_s + share * (one.reference_end_s - one.reference_start_s)


def _common(one: Range, other: Told) -> tuple[float, float]:
    """From where to where (s of the query) both play the reference: the overlap in the query, cut to that in it.

    A relative is another file of the same recording, whose seconds are its own: there the query's overlap counts.
    """
    first, last = max(one.query_start_s, other.query_start_s), min(one.query_end_s, other.query_end_s)
    if not same_recording(one.track, other.track) or last <= first:
        return 0.0, 0.0
    if one.track == other.track:
        shared = min(one.reference_end_s, other.reference_end_s) - max(one.reference_start_s, other.reference_start_s)
        tempo = (one.reference_end_s - one.reference_start_s) / max(_length(one), 1e-6)
        last = min(last, first + max(0.0, shared) / max(tempo, 1e-6))
    return first, last


def _union_s(spans: list[tuple[float, float]]) -> float:
    total, until = 0.0, float("-inf")
    for first, last in sorted(spans):
        total += max(0.0, last - max(first, until))
        until = max(until, last)
    return total


def _length(one: Range | Told) -> float:
    return one.query_end_s - one.query_start_s


def _share(part: float, whole: float, of_nothing: float = 0.0) -> float:
    return part / whole if whole else of_nothing
