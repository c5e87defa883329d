"""The part of a recording that sounds. Shares are taken of it: silence counts on neither side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from catalog.engine.features.fingerprint import Fingerprint
from catalog.engine.features.sounding import STEP, sounding
from catalog.engine.parameters import PARAMETERS
from catalog.engine.verification.path import runs

SOUND_STEP_S = STEP * PARAMETERS.hop_s
Span = tuple[float, float]


@dataclass(frozen=True)
class Sound:
    """``mask`` (n,): whether a recording sounds, every ``SOUND_STEP_S``; ``duration_s``: its length in seconds."""

    mask: NDArray[np.bool_]
    duration_s: float

    @classmethod
    def of(cls, fingerprint: Fingerprint) -> Self:
        """Measure where a recording sounds."""
        return cls(sounding(fingerprint.levels), fingerprint.duration_s)

    @property
    def seconds(self) -> float:
        """How many seconds of it sound."""
        return float(self.mask.sum()) * SOUND_STEP_S

    def covered(self, spans: Sequence[Span]) -> float:
        """The share of what sounds that lies under the union of ``spans`` (s): 0 … 1."""
        total = int(self.mask.sum())
        return float((self.mask & self.under(spans)).sum() / total) if total else 0.0

    def under(self, spans: Sequence[Span]) -> NDArray[np.bool_]:
        """(n,) which places of the mask lie under the union of ``spans`` (s)."""
        under = np.zeros(len(self.mask), bool)
        for start_s, end_s in spans:
            under[max(0, round(start_s / SOUND_STEP_S)) : max(0, round(end_s / SOUND_STEP_S))] = True
        return under

    def open_spans(self, spans: Sequence[Span], least_s: float) -> list[Span]:
        """The stretches (s) outside ``spans`` (s) in which at least ``least_s`` seconds sound.

        Each goes from the first place that sounds to the last.
        """
        found = []
        for first, end in runs(~self.under(spans)).tolist():
            heard = np.flatnonzero(self.mask[first:end])
            if len(heard) * SOUND_STEP_S >= least_s:
                found.append(((first + int(heard[0])) * SOUND_STEP_S, (first + int(heard[-1]) + 1) * SOUND_STEP_S))
        return found
