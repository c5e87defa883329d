"""The highest frequency in a file: what a lossy encoder removed is missing in every later copy.

Lossy encoders remove the treble from some frequency on (an MP3 of 128 kbit/s from 16 kHz). A lossless file that is made
from such a file stops there too. Music itself grows softer by a few dB a kHz; an encoder's filter falls like a cliff.
"""

from pathlib import Path

import numpy as np

from catalog.engine.audio.decoding import DecodeLimits, Decoding, Samples

RATE = 48_000  # Hz: holds all that people hear, whatever the file's rate
MEASURED_S = 40.0  # from the first sample on
FRAME = 4096
BAND_BINS = 16
BAND_HZ = BAND_BINS * RATE / FRAME  # 188: what is averaged before it is compared
LOUDEST_SHARE = 0.25  # of the frames, by power: the treble of a pause says nothing
ROUNDING_DB = -131.0  # re full scale, of one bin: rounding to 16 bits, spread over the frame's bins
CLEARLY_DB = 10.0  # over the rounding; less may be dither
CLIFF_DB, CLIFF_BANDS = 20.0, 4  # so deep a fall within 750 Hz
LEAST_CLIFF_HZ = 2_000
USABLE = 0.97  # of the file's own highest frequency: beyond it lies what resampling mirrors


def cutoff_hz(path: str | Path, rate_hz: int, *, limits: DecodeLimits | None = None) -> int:
    """The highest frequency (Hz) in the first ``MEASURED_S`` seconds of a file; 0 for silence.

    ``rate_hz``: the file's sample rate. ``FingerprintError`` where the file cannot be decoded.
    """
    blocks, seconds = [np.zeros(0, np.float32)], 0.0
    for block in Decoding(path, RATE, limits):
        blocks.append(block)
        seconds += len(block) / RATE
        if seconds >= MEASURED_S:
            break
    return cutoff_of(np.concatenate(blocks), rate_hz)


def cutoff_of(samples: Samples, rate_hz: int) -> int:
    """The same for (n,) mono samples at ``RATE`` Hz that were resampled from ``rate_hz``."""
    highest_hz = min(rate_hz, RATE) / 2
    decibels = _spectrum(samples)[: int(USABLE * highest_hz / BAND_HZ)]
    heard = np.flatnonzero(decibels > ROUNDING_DB + CLEARLY_DB)
    if not len(heard):
        return 0
    for band in range(int(LEAST_CLIFF_HZ / BAND_HZ), len(decibels) - CLIFF_BANDS):
        if decibels[band] - decibels[band + CLIFF_BANDS :].max() >= CLIFF_DB:
            return round((band + CLIFF_BANDS / 2) * BAND_HZ)
    ends_heard = heard[-1] + 1 == len(decibels)
    return round(highest_hz if ends_heard else (heard[-1] + 1) * BAND_HZ)


def _spectrum(samples: Samples) -> Samples:
    """(bands,) dB re full scale of a bin, by the loudest frames."""
    count = len(samples) // FRAME
    if not count:
        return np.full(FRAME // 2 // BAND_BINS, ROUNDING_DB, np.float32)
    window = np.hanning(FRAME).astype(np.float32)
    power = np.empty((count, FRAME // 2 // BAND_BINS), np.float32)
    for number in range(count):
        bins = np.abs(np.fft.rfft(samples[number * FRAME : (number + 1) * FRAME] * window)[1:]) ** 2
        power[number] = bins.reshape(-1, BAND_BINS).mean(axis=1)
    loud = np.argsort(power.sum(axis=1))[-max(1, int(count * LOUDEST_SHARE)) :]
    decibels: Samples = 10 * np.log10(power[loud].mean(axis=0) * 4 / window.sum() ** 2 + 1e-20)
    return decibels
