"""Altered copies of real recordings for tests: NumPy for sound, PyAV for codecs and files."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from catalog.engine.audio.decoding import decode_mono

AUDIO = Path(__file__).parent / "audio"
RATE = 16_000
Samples = NDArray[np.float32]


def recordings() -> list[Path]:
    """The bundled excerpts, by name."""
    return sorted(path for path in AUDIO.iterdir() if path.suffix in {".mp3", ".ogg"})


def sound(path: Path) -> Samples:
    """Mono samples at 16 kHz."""
    return decode_mono(path, RATE)


def faster(samples: Samples, speed: float) -> Samples:
    """Played ``speed`` times as fast: tempo and pitch together, as on a tape."""
    count = int(len(samples) / speed)
    return np.interp(np.arange(count) * speed, np.arange(len(samples)), samples).astype(np.float32)


def through_filters(samples: Samples, *filters: tuple[str, str]) -> Samples:
    """Through FFmpeg's own filters, e.g. ``("atempo", "1.2")``."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(format="fltp", sample_rate=RATE, layout="mono", time_base=Fraction(1, RATE))
    nodes = [source, *(graph.add(name, options) for name, options in filters)]
    nodes += [graph.add("aformat", f"sample_fmts=fltp:sample_rates={RATE}"), graph.add("abuffersink")]
    graph.link_nodes(*nodes).configure()
    frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
    frame.sample_rate = RATE
    source.push(frame)
    source.push(None)
    pieces = []
    while True:
        try:
            pieces.append(nodes[-1].pull().to_ndarray()[0])
        except (av.error.EOFError, av.error.BlockingIOError):
            return np.concatenate(pieces)


def another_tempo(samples: Samples, tempo: float) -> Samples:
    """Faster or slower at the same pitch."""
    return through_filters(samples, ("atempo", f"{tempo}"))


def another_pitch(samples: Samples, semitones: float) -> Samples:
    """Higher or lower at the same tempo."""
    ratio = 2 ** (semitones / 12)
    return another_tempo(faster(samples, ratio), 1 / ratio)


def another_performance(samples: Samples, stray_s: float = 0.06) -> Samples:
    """The same notes by a player who hurries and lingers: early and late by ``stray_s`` every eight seconds."""
    time = np.arange(len(samples)) / RATE
    at = (time + stray_s * np.sin(2 * np.pi * time / 8)) * RATE
    played: Samples = np.interp(at, np.arange(len(samples)), samples).astype(np.float32)
    return played


def noisy(samples: Samples, decibels: float, seed: int = 0) -> Samples:
    """White noise, the music ``decibels`` louder than it."""
    noise = np.random.default_rng(seed).standard_normal(len(samples)).astype(np.float32)
    return samples + noise * np.float32(samples.std() * 10 ** (-decibels / 20))


def without(samples: Samples, start_s: float, seconds: float) -> Samples:
    """``samples`` with so much cut out of them there."""
    return np.delete(samples, slice(int(start_s * RATE), int((start_s + seconds) * RATE)))


def equalised(samples: Samples) -> Samples:
    """Bass up by 15 dB and treble down by 12."""
    spectrum = np.fft.rfft(samples)
    hertz = np.linspace(0, RATE / 2, len(spectrum))
    gain = 10 ** (np.interp(hertz, [0, 250, 800, 3000, 8000], [15, 15, 0, -12, -12]) / 20)
    return np.fft.irfft(spectrum * gain, len(samples)).astype(np.float32)


def write(path: Path, samples: Samples, *, codec: str, bit_rate: int | None = None, rate: int = RATE) -> Path:
    """Encode ``samples`` (n,) or (channels, n) into ``path``; the container goes by its suffix."""
    channels = np.atleast_2d(samples)
    pcm = np.round(np.clip(channels, -1, 1) * 32767).astype(np.int16)
    layout = "mono" if len(channels) == 1 else "stereo"
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream(codec, rate=rate, layout=layout, options={"strict": "experimental"})  # Vorbis
        if bit_rate:
            stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm.T.reshape(1, -1)), format="s16", layout=layout)
        frame.sample_rate = RATE
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path
