"""Altered copies for training: what happens to recordings on the way from a catalog to their copies.

All take and give (n,) float32 samples at ``RATE`` Hz, and draw what is random from ``random``.
"""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from catalog.engine.features.spectrogram import Floats
from catalog.engine.parameters import PARAMETERS

RATE = PARAMETERS.sample_rate
Random = np.random.Generator
CODECS = (
    ("mp3", "libmp3lame", 32_000),
    ("mp3", "libmp3lame", 64_000),
    ("ogg", "libopus", 16_000),
    ("adts", "aac", 32_000),
)


def _level(samples: NDArray[np.floating]) -> float:
    return float(np.sqrt(np.mean(samples**2)) + 1e-6)


def filtered(samples: Floats, gain: Floats) -> Floats:
    """Filter samples by ``gain`` (m,): factors at equal steps from 0 Hz to half the rate."""
    spectrum = np.fft.rfft(samples)
    curve = np.interp(np.linspace(0, 1, len(spectrum)), np.linspace(0, 1, len(gain)), gain)
    result: Floats = np.fft.irfft(spectrum * curve, len(samples)).astype(np.float32)
    return result


def equalised(samples: Floats, random: Random) -> Floats:
    """A smooth random filter of up to ±18 dB, sometimes cut to a telephone's band."""
    decibels = np.interp(np.arange(128), np.arange(0, 128, 8), random.normal(0, 7, 16))
    gain = 10 ** (np.clip(decibels, -18, 18) / 20)
    if random.random() < 0.3:
        hertz = np.linspace(0, RATE / 2, 128)
        gain *= np.where((hertz > random.uniform(100, 500)) & (hertz < random.uniform(2000, 6000)), 1.0, 0.01)
    return filtered(samples, gain.astype(np.float32))


def noise(count: int, random: Random) -> Floats:
    """(count,) noise of a random colour, from brown to blue, with an RMS of 1."""
    slope = random.uniform(-1.0, 0.3)
    hertz = np.maximum(np.linspace(0, RATE / 2, 2048), 40.0)
    gain = ((hertz / 1000) ** slope).astype(np.float32)
    coloured = filtered(random.standard_normal(count).astype(np.float32), gain)
    return coloured / _level(coloured)


def noisy(samples: Floats, random: Random) -> Floats:
    """Add noise, from 15 dB under the music to 3 dB over it."""
    return samples + noise(len(samples), random) * _level(samples) * 10 ** (-random.uniform(-3, 15) / 20)


def speech_like(count: int, random: Random) -> Floats:
    """(count,) sound like speech, with an RMS of 1: harmonic bursts with moving formants, and hisses between them."""
    time = np.arange(count) / RATE
    knots = int(time[-1] * 8) + 2
    pitch = np.interp(time * 8, np.arange(knots), random.uniform(90, 250) * 2 ** random.normal(0, 0.12, knots))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    voice = np.zeros(count)
    formants = [
        np.interp(time * 6, np.arange(knots), random.uniform(*span, knots)) for span in ((300, 900), (900, 2400))
    ]
    for harmonic in range(1, 25):
        hertz = pitch * harmonic
        gain = sum(np.exp(-(((hertz - formant) / 180) ** 2)) for formant in formants) + 0.02
        voice += gain * np.sin(harmonic * phase)
    syllable = np.interp(time * 8, np.arange(knots), (random.random(knots) < 0.7) * random.uniform(0.3, 1, knots))
    hiss = np.interp(time * 8, np.arange(knots), (random.random(knots) < 0.25) * random.uniform(0, 0.5, knots))
    spoken: Floats = (voice * syllable / _level(voice) + hiss * random.standard_normal(count)).astype(np.float32)
    spoken /= _level(spoken)
    return spoken


def talked_over(samples: Floats, random: Random) -> Floats:
    """Add speech, from 8 dB under the music to 5 dB over it."""
    return samples + speech_like(len(samples), random) * _level(samples) * 10 ** (random.uniform(-8, 5) / 20)


def reverberant(samples: Floats, random: Random) -> Floats:
    """Add reverberation: a decaying noise tail of 0.2 to 2 s, mixed with the dry sound."""
    seconds = random.uniform(0.2, 2.0)
    tail = random.standard_normal(int(seconds * RATE)) * np.exp(-6.9 * np.linspace(0, 1, int(seconds * RATE)))
    size = len(samples) + len(tail)
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(tail, size), size)[: len(samples)]
    mixed: Floats = (samples + random.uniform(0.3, 1.2) * _level(samples) / _level(wet) * wet).astype(np.float32)
    return mixed


def chorused(samples: Floats, random: Random) -> Floats:
    """Add one to three voices with slowly moving delays."""
    at = np.arange(len(samples), dtype=np.float64)
    mixed = samples.copy()
    for _ in range(int(random.integers(1, 4))):
        depth, rate = random.uniform(0.001, 0.006) * RATE, random.uniform(0.2, 3.0)
        wobble = depth * (1.5 + np.sin(2 * np.pi * rate * at / RATE + random.uniform(0, 6)))
        mixed += random.uniform(0.4, 1.0) * np.interp(at - wobble, at, samples).astype(np.float32)
    return mixed


def driven(samples: Floats, random: Random) -> Floats:
    """Overdrive the samples, softly or by clipping."""
    loud = samples / _level(samples) * random.uniform(1, 8)
    driven_samples: Floats = np.tanh(loud) if random.random() < 0.5 else np.clip(loud, -1, 1)
    return driven_samples


def coded(samples: Floats, random: Random) -> Floats:
    """Encode and decode with a random codec of ``CODECS``, in memory; the delay of both is taken off."""
    container, codec, bit_rate = CODECS[int(random.integers(len(CODECS)))]
    rate = 48_000 if codec == "libopus" else RATE
    buffer = BytesIO()
    sound = np.clip(samples / (np.abs(samples).max() + 1e-6) * 0.9, -1, 1)
    with av.open(buffer, "w", format=container) as out:
        stream: Any = out.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = bit_rate
        whole = np.round(sound * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(whole[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    buffer.seek(0)
    with av.open(buffer, "r") as source:
        back = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        pieces = [piece.to_ndarray()[0] for f in source.decode(audio=0) for piece in back.resample(f)]
    return aligned(np.concatenate(pieces), samples)


def aligned(copy: Floats, original: Floats) -> Floats:
    """``copy``, moved by up to 0.2 s to fit ``original`` best, and cut or padded to its length."""
    size = 1 << (2 * len(original) - 1).bit_length()
    cross = np.fft.irfft(np.fft.rfft(copy, size) * np.conj(np.fft.rfft(original, size)), size)
    reach = RATE // 5
    lags = np.concatenate([cross[-reach:], cross[:reach]])
    lag = int(np.argmax(lags)) - reach
    moved = copy[lag:] if lag >= 0 else np.concatenate([np.zeros(-lag, np.float32), copy])
    padded: Floats = np.pad(moved[: len(original)], (0, max(0, len(original) - len(moved)))).astype(np.float32)
    return padded


ALTERATIONS: tuple[Callable[[Floats, Random], Floats], ...] = (
    equalised,
    noisy,
    talked_over,
    reverberant,
    chorused,
    driven,
    coded,
)


def altered(samples: Floats, other: Floats, random: Random) -> Floats:
    """One to three alterations, one of them perhaps ``other`` music from 9 dB under to level with it."""
    result = samples
    for index in random.choice(len(ALTERATIONS) + 1, size=int(random.integers(1, 4)), replace=False):
        if index < len(ALTERATIONS):
            result = ALTERATIONS[index](result, random)
        else:
            result = result + other * _level(result) / _level(other) * 10 ** (random.uniform(-9, 0) / 20)
    return result


def resampled(samples: Floats, speed: float, lead_samples: float) -> Floats:
    """The samples played ``speed`` times as fast, from ``lead_samples`` (less than a hop) on."""
    count = int((len(samples) - lead_samples - 1) / speed)
    result: Floats = np.interp(np.arange(count) * speed + lead_samples, np.arange(len(samples)), samples).astype(
        np.float32
    )
    return result
