"""A piece of altered audio that knows what it is: which part of the reference sounds when, how fast, how high."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from bench.audio import RATE


@dataclass(frozen=True)
class Span:
    """``query_start_s`` … ``query_end_s`` plays the reference from ``reference_start_s`` on."""

    query_start_s: float
    query_end_s: float
    reference_start_s: float


@dataclass(frozen=True)
class Clip:
    """``samples`` (2, n) at 44.1 kHz; ``tempo`` and ``pitch`` as the engine reports them (query against reference)."""

    samples: np.ndarray
    spans: tuple[Span, ...]
    tempo: float = 1.0
    pitch: float = 0.0

    @property
    def duration_s(self) -> float:
        """Seconds of audio."""
        return self.samples.shape[1] / RATE


@dataclass(frozen=True)
class Strangers:
    """Sound that is in no index: ``music(n, rng)`` and ``speech(n, rng)`` give (2, n) samples."""

    music: Callable[[int, np.random.Generator], np.ndarray]
    speech: Callable[[int, np.random.Generator], np.ndarray]


Operation = Callable[[Clip, np.random.Generator, Strangers], Clip]


def original(samples: np.ndarray, reference_start_s: float) -> Clip:
    """The unaltered cut of a reference that starts there."""
    return Clip(samples, (Span(0.0, samples.shape[1] / RATE, reference_start_s),))


def chain(*operations: Operation) -> Operation:
    """One operation after the other."""

    def run(clip: Clip, rng: np.random.Generator, strangers: Strangers) -> Clip:
        for operation in operations:
            clip = operation(clip, rng, strangers)
        return clip

    return run


def stretched(clip: Clip, samples: np.ndarray, tempo: float, semitones: float) -> Clip:
    """``clip`` with new samples that play ``tempo`` times as fast and sound ``semitones`` higher."""
    spans = tuple(
        Span(span.query_start_s / tempo, span.query_end_s / tempo, span.reference_start_s) for span in clip.spans
    )
    return Clip(samples, spans, clip.tempo * tempo, clip.pitch + semitones)


def spliced(clip: Clip, pieces: list[tuple[float, float] | np.ndarray]) -> Clip:
    """``clip`` cut anew: a piece is (start, end) seconds of it, or strange samples put between."""
    blocks: list[np.ndarray] = []
    spans: list[Span] = []
    now_s = 0.0
    for piece in pieces:
        if isinstance(piece, np.ndarray):
            blocks.append(piece)
        else:
            start_s, end_s = piece
            blocks.append(clip.samples[:, round(start_s * RATE) : round(end_s * RATE)])
            spans += _moved(clip, start_s, end_s, now_s - start_s)
        now_s += blocks[-1].shape[1] / RATE
    return replace(clip, samples=np.concatenate(blocks, axis=1), spans=tuple(spans))


def _moved(clip: Clip, start_s: float, end_s: float, by_s: float) -> list[Span]:
    kept = []
    for span in clip.spans:
        first, last = max(span.query_start_s, start_s), min(span.query_end_s, end_s)
        if last > first:
            reference_s = span.reference_start_s + (first - span.query_start_s) * clip.tempo
            kept.append(Span(first + by_s, last + by_s, reference_s))
    return kept
