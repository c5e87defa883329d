"""From samples to a log-frequency spectrogram: the only module that calls Essentia.

On its axes a change of pitch is a move up or down, and a change of tempo a stretch along time. This is the constant-Q
idea of Brown (1991), here as triangular bands on one FFT. Each band's running mean is subtracted, so a constant filter
or gain cancels.
"""

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.engine.errors import UnreadableAudio
from catalog.engine.parameters import PARAMETERS

Floats = NDArray[np.float32]

SILENCE_POWER = 1e-16  # under the noise of 16-bit samples: only keeps the logarithm finite
SILENT_DB = -90.0  # re full scale, of the loudest band: music this soft is hidden by the rounding to 16 bits
LEAK_DB = 60.0  # under a loud tone outside the bands, such as DC or hum: what leaks from there into them


class SpectrogramBuilder:
    """Takes mono blocks as they are decoded; ``decibels`` gives the finished picture. Memory: 17 kB a second."""

    def __init__(self) -> None:
        self._rest: Floats = np.zeros(0, np.float32)
        self._rows: list[Floats] = []
        self._loudest_power = 0.0  # of any bin, in the bands or not

    def add(self, block: Floats) -> None:
        """Take in the next (n,) float32 samples at ``PARAMETERS.sample_rate`` Hz, any length.

        ``UnreadableAudio`` where a sample, or its power, is no finite number.
        """
        samples = np.concatenate([self._rest, block])
        count = max(0, (len(samples) - PARAMETERS.frame_samples) // PARAMETERS.hop_samples + 1)
        if count:
            power = _power(samples, count)
            self._loudest_power = max(self._loudest_power, _finite(float(power.max())))
            self._rows.append(_band_decibels(power))
        self._rest = samples[count * PARAMETERS.hop_samples :]

    def decibels(self) -> Floats:
        """(columns, rows) band levels in dB, floored ``dynamic_range_db`` under the loudest; zero if all are silent."""
        if not self._rows:
            return np.zeros((0, PARAMETERS.rows), np.float32)
        picture = np.concatenate(self._rows)
        loudest_db = 10.0 * np.log10(self._loudest_power + SILENCE_POWER)
        if picture.max() < max(SILENT_DB, loudest_db - LEAK_DB):
            return np.zeros_like(picture)
        floored: Floats = np.maximum(picture, picture.max() - PARAMETERS.dynamic_range_db)
        return floored


def _finite(power: float) -> float:
    if not math.isfinite(power):
        raise UnreadableAudio("The samples are not all finite numbers.")
    return power


def _power(samples: Floats, count: int) -> Floats:
    window, spectrum = _algorithms()
    hop, size = PARAMETERS.hop_samples, PARAMETERS.frame_samples
    power = np.empty((count, size // 2 + 1), np.float32)
    for i in range(count):  # Essentia takes one frame a call
        power[i] = spectrum(window(samples[i * hop : i * hop + size]))
    return power


def _band_decibels(power: Floats) -> Floats:
    bands = 10.0 * np.log10(power @ _band_matrix() + SILENCE_POWER)
    folded: Floats = bands.reshape(len(power), PARAMETERS.rows, PARAMETERS.bands_per_row).mean(axis=2)
    return folded


@cache
def _algorithms() -> tuple[Any, Any]:
    import essentia  # noqa: PLC0415  (a second and 100 MB: only where something is analysed, after the fork)

    essentia.log.infoActive = False
    from essentia import standard  # noqa: PLC0415

    size = PARAMETERS.frame_samples
    return standard.Windowing(type="hann", size=size, zeroPhase=False), standard.PowerSpectrum(size=size)


@cache
def _band_matrix() -> Floats:
    """(bins, bands) triangles, equally spaced in log frequency, each summing to one and at least one bin wide."""
    per_octave = 12 * PARAMETERS.bands_per_row
    bands = PARAMETERS.rows * PARAMETERS.bands_per_row
    centre = PARAMETERS.lowest_hz * 2.0 ** ((np.arange(bands)[None, :] - 0.5) / per_octave)
    bin_hz = PARAMETERS.sample_rate / PARAMETERS.frame_samples
    frequency = np.arange(PARAMETERS.frame_samples // 2 + 1)[:, None] * bin_hz
    half_width = np.maximum(centre * (2.0 ** (1.0 / per_octave) - 1.0), bin_hz)
    matrix = np.maximum(0.0, 1.0 - np.abs(frequency - centre) / half_width)
    triangles: Floats = (matrix / np.maximum(matrix.sum(axis=0), 1e-9)).astype(np.float32)
    return triangles


def contrast(decibels: Floats) -> Floats:
    """Subtract each row's running mean and smooth over three columns: (columns, rows) dB → the same around zero."""
    half = PARAMETERS.mean_columns // 2
    total = np.concatenate([np.zeros((1, decibels.shape[1])), np.cumsum(decibels, axis=0, dtype=np.float64)])
    columns = np.arange(len(decibels))
    first, last = np.maximum(columns - half, 0), np.minimum(columns + half + 1, len(decibels))
    mean = (total[last] - total[first]) / (last - first)[:, None]
    flat = (decibels - mean).astype(np.float32)
    padded = np.pad(flat, ((1, 1), (0, 0)), mode="edge")
    smooth: Floats = (0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]).astype(np.float32)
    return smooth


def quantise(picture: Floats) -> NDArray[np.uint8]:
    """dB around zero (any shape) → stored levels 0 … 15, in the same shape."""
    return np.clip(np.round(picture / PARAMETERS.level_step_db + 7.5), 0, 15).astype(np.uint8)


def dequantise(levels: NDArray[np.uint8]) -> Floats:
    """Stored levels 0 … 15 (any shape) → dB around zero, in the same shape."""
    return (levels.astype(np.float32) - 7.5) * PARAMETERS.level_step_db
