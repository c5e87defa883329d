"""Queries made of many recordings, with the truth of every second."""

from dataclasses import dataclass

import numpy as np

from bench.audio import RATE

LOUDNESS = 0.08  # root mean square every chunk is brought to


@dataclass(frozen=True)
class Range:
    """``query_start_s`` … ``query_end_s`` of a query plays ``reference_start_s`` … ``reference_end_s`` of ``track``."""

    track: str
    query_start_s: float
    query_end_s: float
    reference_start_s: float
    reference_end_s: float
    altered: str = ""

    def moved(self, by_s: float) -> "Range":
        """The same, later in the query."""
        times = (self.query_start_s + by_s, self.query_end_s + by_s)
        return Range(self.track, *times, self.reference_start_s, self.reference_end_s, self.altered)


@dataclass(frozen=True)
class Composed:
    """(2, n) ``samples`` at 44.1 kHz, and what plays when."""

    samples: np.ndarray
    truth: tuple[Range, ...]


def levelled(samples: np.ndarray) -> np.ndarray:
    """The same at a common loudness."""
    return samples * np.float32(LOUDNESS / max(float(np.sqrt((samples**2).mean())), 1e-5))


def joined(pieces: list[Composed], overlaps_s: list[float], *, fade: list[bool]) -> Composed:
    """The pieces in a row. Piece i+1 begins ``overlaps_s[i]`` before piece i ends; it fades in there, or just adds."""
    starts = [0]
    for piece, overlap_s in zip(pieces, overlaps_s, strict=False):
        starts.append(starts[-1] + piece.samples.shape[1] - round(overlap_s * RATE))
    total = max(start + piece.samples.shape[1] for start, piece in zip(starts, pieces, strict=True))
    samples = np.zeros((2, total), np.float32)
    truth: list[Range] = []
    for number, (start, piece) in enumerate(zip(starts, pieces, strict=True)):
        shaped = piece.samples.copy()
        if number and fade[number - 1]:
            _ramp(shaped, overlaps_s[number - 1], at_start=True)
        if number + 1 < len(pieces) and fade[number]:
            _ramp(shaped, overlaps_s[number], at_start=False)
        samples[:, start : start + shaped.shape[1]] += shaped
        truth += [one.moved(start / RATE) for one in piece.truth]
    return Composed(samples, tuple(truth))


def _ramp(samples: np.ndarray, seconds: float, *, at_start: bool) -> None:
    """Fade in or out, at equal power, in place."""
    count = min(round(seconds * RATE), samples.shape[1])
    if not count:
        return
    ramp = np.sin(np.linspace(0, np.pi / 2, count, dtype=np.float32))
    if at_start:
        samples[:, :count] *= ramp
    else:
        samples[:, -count:] *= ramp[::-1]
