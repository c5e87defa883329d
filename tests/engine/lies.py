"""Fingerprints that are of no recording: whole, of the right version, and made up."""

from collections.abc import Iterator

import numpy as np

from catalog.engine import Fingerprint
from catalog.engine.parameters import PARAMETERS


def of_levels(levels: np.ndarray) -> Fingerprint:
    """A fingerprint of these levels, with the length that they have."""
    samples = (len(levels) - 1) * PARAMETERS.hop_samples + PARAMETERS.frame_samples
    return Fingerprint(np.ascontiguousarray(levels, np.uint8), samples / PARAMETERS.sample_rate)


def lies(of: Fingerprint, columns: int = 470) -> Iterator[tuple[str, Fingerprint]]:
    """Yield what a liar may send: nothing, noise, steady tones, one moment for ever, and pieces of real music."""
    rng = np.random.default_rng(7)
    shape = (columns, PARAMETERS.rows)
    yield "blank", of_levels(np.full(shape, 7))
    yield "full", of_levels(np.full(shape, 15))
    yield "noise", of_levels(rng.integers(0, 16, shape))
    yield "two levels", of_levels(rng.integers(0, 2, shape) * 15)
    yield "stripes", of_levels(np.broadcast_to(np.arange(PARAMETERS.rows) % 16, shape))
    yield "clicks", of_levels(np.broadcast_to((np.arange(columns) % 16 == 0)[:, None] * 15, shape))
    yield "one moment for ever", of_levels(np.tile(of.levels[100:116], (columns // 16 + 1, 1))[:columns])
    yield "the same again and again", of_levels(np.tile(of.levels[:64], (columns // 64 + 1, 1))[:columns])
    yield "backwards", of_levels(of.levels[::-1])
    yield "upside down", of_levels(15 - of.levels)
    yield "a copy", of_levels(of.levels[:columns])
