"""Waveforms for a page: the loudest sample in each of n equal stretches."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catalog.engine.audio.decoding import DecodeLimits, Decoding, Samples
from catalog.engine.parameters import PARAMETERS

STRETCH_SAMPLES = 800  # 50 ms
DEFAULT_PEAKS = 800


class PeakMeter:
    """Collects the loudest sample of every 50 ms from blocks as they are decoded."""

    def __init__(self) -> None:
        self._rest: Samples = np.zeros(0, np.float32)
        self._loudest: list[Samples] = []

    def add(self, block: Samples) -> None:
        """Take in the next samples: (n,) float32 in -1 … 1, any length."""
        samples = np.abs(np.concatenate([self._rest, block]))
        whole = len(samples) // STRETCH_SAMPLES * STRETCH_SAMPLES
        self._loudest.append(samples[:whole].reshape(-1, STRETCH_SAMPLES).max(axis=1, initial=0.0))
        self._rest = samples[whole:]

    def peaks(self, count: int = DEFAULT_PEAKS) -> NDArray[np.uint8]:
        """(count,) loudest samples, 0 … 255; fewer where the audio has less than 50 ms for each."""
        fine = np.concatenate([*self._loudest, np.zeros(0, np.float32)])
        if not len(fine):
            return np.zeros(0, np.uint8)
        starts = np.unique(np.linspace(0, len(fine), count, endpoint=False).astype(np.int64))
        coarse = np.maximum.reduceat(fine, starts)
        return np.clip(np.round(coarse * 255), 0, 255).astype(np.uint8)


def waveform_peaks(
    path: str | Path, count: int = DEFAULT_PEAKS, limits: DecodeLimits | None = None
) -> NDArray[np.uint8]:
    """(count,) waveform peaks, 0 … 255, of a file. It raises what ``Decoding`` does."""
    meter = PeakMeter()
    for block in Decoding(path, PARAMETERS.sample_rate, limits):
        meter.add(block)
    return meter.peaks(count)
