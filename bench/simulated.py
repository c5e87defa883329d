"""Simulated tracks: real music cut up and put together anew, so that an index can hold more than there is on disk.

A simulated track is a sequence of 2 to 8 s pieces of the training split's fingerprints, each moved by up to five
semitones. It sounds like music to the engine in every short stretch, and is no recording over a longer one.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np

from bench.corpus import tracks
from bench.prints import print_of
from catalog.engine import Fingerprint
from catalog.engine.params import PARAMETERS

FIRST_ID = 1_000_000
SEED = 77


@cache
def _material() -> list[np.ndarray]:
    prints = (print_of(track.path).fingerprint for track in tracks("training")[::3])
    return [p.levels for p in prints if p is not None and len(p.levels) > 200]


def simulated_tracks(count: int, duration_s: float, *, first: int = 0) -> Iterator[tuple[int, Fingerprint]]:
    """(track id, fingerprint) number ``first`` and on; the same ones for the same numbers."""
    columns = round(duration_s / PARAMETERS.hop_s)
    for number in range(first, first + count):
        rng = np.random.default_rng([SEED, number])
        yield FIRST_ID + number, Fingerprint(_levels(columns, rng), duration_s)


def _levels(columns: int, rng: np.random.Generator) -> np.ndarray:
    material = _material()
    pieces: list[np.ndarray] = []
    have = 0
    while have < columns:
        source = material[rng.integers(len(material))]
        length = round(rng.uniform(2, 8) / PARAMETERS.hop_s)
        start = int(rng.integers(0, max(1, len(source) - length)))
        piece = np.roll(source[start : start + length], int(rng.integers(-5, 6)), axis=1)
        pieces.append(piece)
        have += len(piece)
    return np.ascontiguousarray(np.concatenate(pieces)[:columns])
