"""Music that is made: one tune on several instruments, noise over it, and what the engine makes of samples."""

import numpy as np

from catalog.engine import Fingerprinter
from catalog.engine.alignment.comparison import Comparison
from catalog.engine.alignment.line import Reference
from catalog.engine.features.query import Query
from tests.alterations import RATE, Samples

NOTES_S = 0.25


def query_of(samples: Samples) -> Query:
    return Query(Fingerprinter.of_samples(samples))


def reference_of(samples: Samples) -> Reference:
    return Reference(Fingerprinter.of_samples(samples))


def beside(asked: Samples, held: Samples) -> Comparison:
    """Compare two sounds."""
    return Comparison(query_of(asked), reference_of(held))


def pink_noise(length: int, seed: int) -> Samples:
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(length))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    return np.fft.irfft(spectrum, length).astype(np.float32)


def under(samples: Samples, mask: Samples, decibels: float) -> Samples:
    """``samples`` with ``mask`` that many dB louder."""
    return (samples + mask * (samples.std() / mask.std()) * 10 ** (decibels / 20)).astype(np.float32)


def played(notes: np.ndarray, partials: list[float], decay_s: float) -> Samples:
    """(n, voices) semitones above 220 Hz, each ``NOTES_S`` after the one before."""
    step, ring = int(NOTES_S * RATE), int(1.0 * RATE)
    sound = np.zeros(len(notes) * step + ring, np.float32)
    time_s = np.arange(ring) / RATE
    for number, chord in enumerate(notes):
        for semitone in chord:
            pitch = 220.0 * 2 ** (semitone / 12)
            tone = sum(level * np.sin(2 * np.pi * pitch * (n + 1) * time_s) for n, level in enumerate(partials))
            sound[number * step : number * step + ring] += (tone * np.exp(-time_s / decay_s)).astype(np.float32)
    return sound
