"""What a search answers: immutable values in seconds, ratios and semitones.

Signs: reference time = ``offset_s`` + query time x ``tempo_ratio``; a query 6 % faster than the reference has the ratio
1.06; ``pitch_semitones`` is the query's pitch minus the reference's.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Verdict = Literal["duplicate", "contains", "none"]
Relation = Literal["identical", "same", "excerpt", "contains", "overlap", "related", "none"]
# The closest first.
RELATIONS: tuple[Relation, ...] = ("identical", "same", "excerpt", "contains", "overlap", "related", "none")
TWIN_SCORE = 300.0  # of equal fingerprints
CURVE_STEP_S = 0.256
WHOLE = slice(None)
LEAST_PERCENT, LEAST_SEMITONES = 0.75, 0.2  # of tempo and of pitch: smaller changes are not named


@dataclass(frozen=True)
class Segment:
    """One stretch of the query, and the stretch of the reference that it is a copy of. ``similarity``: mean, -1 … 1."""

    query_start_s: float
    query_end_s: float
    reference_start_s: float
    reference_end_s: float
    similarity: float

    @property
    def query_span_s(self) -> tuple[float, float]:
        """Start and end in the query, in seconds."""
        return self.query_start_s, self.query_end_s

    @property
    def reference_span_s(self) -> tuple[float, float]:
        """Start and end in the reference, in seconds."""
        return self.reference_start_s, self.reference_end_s

    @property
    def length_s(self) -> float:
        """How many seconds of the query it is."""
        return self.query_end_s - self.query_start_s


@dataclass(frozen=True)
class Match:
    """One reference found in a query, in at least one segment.

    ``score`` is minus the decimal logarithm of ``false_accept_probability``: 9 means one in a thousand million that so
    good a match comes about by chance anywhere in this index. Coverages are shares of what sounds, 0 … 1.
    ``similarity_curve``: (n,) every ``similarity_step_s`` of the query. ``wobble_s``: how far the query's blocks stray
    from a steady tempo; None where too few say. ``strays``: further than those of a copy. ``sounds_otherwise``: chance
    does not explain the agreement, but the instruments differ. Both mean another performance. ``relation``: how the two
    are related (``search.relation``).
    """

    track_id: int
    verdict: Verdict
    score: float
    false_accept_probability: float
    offset_s: float
    tempo_ratio: float
    pitch_semitones: float
    query_coverage: float
    reference_coverage: float
    segments: tuple[Segment, ...]
    similarity_curve: NDArray[np.float32] = field(
        default_factory=lambda: np.zeros(0, np.float32), repr=False, compare=False
    )
    similarity_step_s: float = 0.0
    wobble_s: float | None = None
    strays: bool = False
    sounds_otherwise: bool = False
    relation: Relation = "none"

    @property
    def query_start_s(self) -> float:
        """Where the first segment begins in the query, in seconds."""
        return min(one.query_start_s for one in self.segments)

    @property
    def query_end_s(self) -> float:
        """Where the last segment ends in the query, in seconds."""
        return max(one.query_end_s for one in self.segments)

    @property
    def reference_start_s(self) -> float:
        """Where the first segment begins in the reference, in seconds."""
        return min(one.reference_start_s for one in self.segments)

    @property
    def reference_end_s(self) -> float:
        """Where the last segment ends in the reference, in seconds."""
        return max(one.reference_end_s for one in self.segments)

    @property
    def is_another_performance(self) -> bool:
        """Whether this is not believed to be the same recording, though chance does not explain it."""
        return self.verdict == "none" and (self.strays or self.sounds_otherwise)

    @property
    def is_duplicate(self) -> bool:
        """Whether the verdict is "duplicate": the query is a copy of the reference, or of a part of it."""
        return self.verdict == "duplicate"

    def describe(self) -> str:
        """One line for a person, such as "The same recording, 6 % faster, pitch +1.0, from 0:12"."""
        openings = {
            "duplicate": "The same recording",
            "contains": "Contains a part of this recording",
            "none": "Perhaps a part of this recording",
        }
        return ", ".join([openings[self.verdict], *self._changes(), f"from {_clock(self.reference_start_s)}"])

    def _changes(self) -> list[str]:
        changes = []
        percent = (self.tempo_ratio - 1) * 100
        if abs(percent) >= LEAST_PERCENT:
            changes.append(f"{abs(percent):.0f} % {'faster' if percent > 0 else 'slower'}")
        if abs(self.pitch_semitones) >= LEAST_SEMITONES:
            changes.append(f"pitch {self.pitch_semitones:+.1f}")
        if len(self.segments) > 1:
            changes.append(f"in {len(self.segments)} pieces")
        return changes


def overlay(curve: NDArray[np.float32], other: NDArray[np.float32], span: slice = WHOLE) -> None:
    """Raise a similarity curve (n,) to another one (m,) in ``span``: of two pieces, the one that agrees more is shown.

    What the longer one has beyond the other's end stays as it is.
    """
    count = min(len(curve), len(other))
    lower = curve[:count][span]
    np.maximum(lower, other[:count][span], out=lower)


def _clock(seconds: float) -> str:
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def twin_match(track_id: int, duration_s: float) -> Match:
    """The match of a track with an equal fingerprint, which needs no evidence. ``duration_s``: the query's length."""
    return Match(
        track_id=track_id,
        verdict="duplicate",
        relation="identical",
        score=TWIN_SCORE,
        false_accept_probability=0.0,
        offset_s=0.0,
        tempo_ratio=1.0,
        pitch_semitones=0.0,
        query_coverage=1.0,
        reference_coverage=1.0,
        segments=(Segment(0.0, duration_s, 0.0, duration_s, 1.0),),
        similarity_curve=np.ones(max(1, int(duration_s / CURVE_STEP_S)), np.float32),
        similarity_step_s=CURVE_STEP_S,
    )
