"""Silence around a recording, and sound that holds nothing to compare."""

import itertools
from collections.abc import Callable

import numpy as np

from bench.audio import RATE, transcoded
from bench.corpus import CorpusTrack
from bench.naming.compose import Composed
from bench.naming.drawing import Draw, NamedQuery
from bench.naming.mixes import excerpt
from bench.naming.segments import EDGE_S

PADDED, EXCERPT_S, BEFORE_S, AFTER_S = 8, 24.0, 15.0, 10.0
STEADY_S, HELD_S = 30.0, 20.0  # of a steady sound that is asked, and of one that the catalog holds
HUM_HZ = (50, 100, 150, 250)


def padded(draw: Draw, count: int = PADDED) -> list[NamedQuery]:
    """Excerpts with silence before and after, every second one through a codec."""

    def one(number: int, track: CorpusTrack) -> NamedQuery:
        def make(rng: np.random.Generator) -> Composed:
            piece = excerpt(track, float(rng.uniform(EDGE_S, track.duration_s - EDGE_S - EXCERPT_S)), EXCERPT_S)
            samples = np.pad(piece.samples, ((0, 0), (round(BEFORE_S * RATE), round(AFTER_S * RATE))))
            if number % 2:
                samples = transcoded(samples, "libmp3lame", "mp3", RATE, {"b": "128k"})
            return Composed(samples, tuple(one.moved(BEFORE_S) for one in piece.truth))

        return draw.kept(f"padded-{number}", make)

    return list(itertools.starmap(one, enumerate(draw.chosen("padded", EXCERPT_S + 2 * EDGE_S)[:count])))


def _tone(seconds: np.ndarray) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * 440 * seconds)


def _chord(seconds: np.ndarray) -> np.ndarray:
    return sum(0.1 * np.sin(2 * np.pi * hz * seconds) for hz in (220, 277.2, 329.6))


def _hum(seconds: np.ndarray) -> np.ndarray:
    return sum(0.1 * np.sin(2 * np.pi * hz * seconds + hz) for hz in HUM_HZ)


STEADY: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tone": _tone,
    "chord": _chord,
    "hum": _hum,
    "DC": lambda seconds: np.full_like(seconds, 0.2),
    "silence": np.zeros_like,
}


def steady(draw: Draw, kind: str, seconds: float) -> NamedQuery:
    """So many seconds of a steady sound; the truth is empty."""

    def make(_rng: np.random.Generator) -> Composed:
        mono = STEADY[kind](np.arange(round(seconds * RATE)) / RATE).astype(np.float32)
        return Composed(np.stack([mono, mono]), ())

    return draw.kept(f"steady-{kind}-{seconds:g}", make)
