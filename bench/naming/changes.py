"""What is done to one chunk of protocol A: a change of time or pitch, an echo, a filter, a room, noise over it."""

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.audio import RATE, as_wav, filtered, read
from bench.clip import Clip, Strangers
from bench.effects import coloured, reverb
from bench.strangers import speech

Samples = np.ndarray
SNRS_DB = (15.0, 10.0, 5.0, 0.0)
LEAST_FACTOR, MOST_FACTOR = 0.4, 2.5


def stretched(samples: Samples, tempo: float, pitch_factor: float) -> Samples:
    """Through Rubber Band (Debian's ``rubberband-cli``), a phase vocoder that keeps transients."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.wav", Path(folder) / "out.wav"
        source.write_bytes(as_wav(samples))
        command = ["rubberband", "-q", "--fine", "--tempo", f"{tempo:.6f}", "--frequency", f"{pitch_factor:.6f}"]
        subprocess.run([*command, str(source), str(target)], check=True, capture_output=True)
        return read(target)


def factor(rng: np.random.Generator, sigma: float) -> float:
    """A factor of tempo or pitch."""
    return float(np.clip(rng.normal(1.0, sigma), LEAST_FACTOR, MOST_FACTOR))


def altered(samples: Samples, rng: np.random.Generator, sigma: float) -> tuple[Samples, float, str]:
    """One alteration, drawn: the samples, the tempo they now have, and its name."""
    kind = ("pitch", "tempo", "both", "echo", "high-pass", "low-pass", "reverb")[rng.integers(7)]
    if kind in ("pitch", "tempo", "both"):
        tempo = factor(rng, sigma) if kind != "pitch" else 1.0
        pitch = factor(rng, sigma) if kind != "tempo" else 1.0
        return stretched(samples, tempo, pitch), tempo, f"{kind} {tempo:.3f} {pitch:.3f}"
    plain: dict[str, Callable[[], Samples]] = {
        "echo": lambda: filtered(samples, f"aecho=0.8:0.8:{rng.integers(10, 500)}:0.5"),
        "high-pass": lambda: filtered(samples, f"highpass=f={rng.integers(100, 400)}"),
        "low-pass": lambda: filtered(samples, f"lowpass=f={rng.integers(3000, 10_000)}"),
        "reverb": lambda: reverb(float(rng.uniform(0.3, 1.5)), 0.5)(Clip(samples, ()), rng, _NOBODY).samples,
    }
    return plain[kind]()[:, : samples.shape[1]], 1.0, kind


def noisy(samples: Samples, rng: np.random.Generator) -> tuple[Samples, str]:
    """Noise over it: white, pink, brown, many people talking, works outdoors; continuous or in pulses."""
    kind = ("white", "pink", "brown", "talking", "works")[rng.integers(5)]
    snr_db = SNRS_DB[rng.integers(len(SNRS_DB))]
    n = samples.shape[1]
    if kind == "talking":
        over = sum(speech(n, rng) for _ in range(4))
    elif kind == "works":
        over = coloured(n, 0.7, rng) * (1 + 0.9 * np.sin(2 * np.pi * rng.uniform(5, 30) * np.arange(n) / RATE))
    else:
        over = coloured(n, {"white": 0.0, "pink": 0.5, "brown": 1.0}[kind], rng)
    pulses = bool(rng.integers(2))
    if pulses:
        over = over * (np.sin(2 * np.pi * rng.uniform(0.3, 2.0) * np.arange(n) / RATE) > 0)
    level = float(np.sqrt((samples**2).mean()) / max(np.sqrt((over**2).mean()), 1e-6)) * 10 ** (-snr_db / 20)
    return (samples + level * over).astype(np.float32), f"{kind}{' pulses' if pulses else ''} {snr_db:.0f} dB"


def _nothing(n: int, rng: np.random.Generator) -> Samples:  # noqa: ARG001
    return np.zeros((2, n), np.float32)


_NOBODY = Strangers(_nothing, _nothing)
