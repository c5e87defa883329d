"""Sound that is in no index: speech (espeak-ng), other music, and the synthetic negatives."""

import subprocess
import zlib
from pathlib import Path

import numpy as np

from bench.audio import RATE, read
from bench.clip import Strangers
from bench.corpus import CACHE, CorpusTrack
from bench.effects import coloured

VOICES = ("en-us+m3", "en-gb+f2", "de+m1", "fr+f4", "es+m7", "it+f3")
SPOKEN = (
    "Good evening, and welcome back. It is a quarter past nine, and the roads into town are clear tonight.",
    "The committee met on Thursday. Nobody could say how many chairs had been ordered, or by whom.",
    "Take the second door on the left, go down the stairs, and mind the last step, which is lower than it looks.",
    "In the north it will be windy with some rain; towards the coast the sun comes out in the afternoon.",
    "She counted the boats again: eleven, twelve, and far out, hardly to be seen, the small white one.",
    "We are taking calls until ten. The number is the same as ever, and so is the question.",
)
SYNTHETIC = ("drone", "chord drone", "arpeggio", "sweep", "white noise", "pink noise", "brown noise", "speech")
NEAR_SILENT = "near silence"


def strangers_from(held_out: list[CorpusTrack]) -> Strangers:
    """Music from tracks that no index holds; speech from Debian's espeak-ng."""

    def music(n: int, rng: np.random.Generator) -> np.ndarray:
        seconds = n / RATE
        long_enough = [t for t in held_out if t.duration_s > min(seconds, 40) + 2]
        track = long_enough[int(rng.integers(len(long_enough)))]
        start_s = float(rng.uniform(0, max(0.0, track.duration_s - seconds - 1)))
        return filled(read(track.path, start_s, seconds), n)

    return Strangers(music, speech)


def filled(samples: np.ndarray, n: int) -> np.ndarray:
    """Exactly ``n`` samples: cut, or repeated from the start."""
    return np.tile(samples, (1, -(-n // max(samples.shape[1], 1))))[:, :n]


def speech(n: int, rng: np.random.Generator) -> np.ndarray:
    """Several speakers one after the other, (2, n)."""
    blocks: list[np.ndarray] = []
    while sum(block.shape[1] for block in blocks) < n:
        blocks.append(_spoken(VOICES[rng.integers(len(VOICES))], SPOKEN[rng.integers(len(SPOKEN))]))
    return np.concatenate(blocks, axis=1)[:, :n]


def _spoken(voice: str, text: str) -> np.ndarray:
    path = CACHE / "speech" / f"{zlib.crc32(f'{voice} {text}'.encode()):08x}.wav"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{np.random.default_rng().integers(1 << 30)}.wav")
        subprocess.run(["espeak-ng", "-v", voice, "-s", "160", "-w", str(part), text], check=True)
        Path(part).replace(path)
    return read(path)


def synthetic(kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """One of ``SYNTHETIC`` or ``NEAR_SILENT`` as (2, n)."""
    seconds = np.arange(n) / RATE
    root = 55 * 2 ** rng.uniform(0, 2.5)
    if kind == "drone":
        mono = sum(np.sin(2 * np.pi * root * h * seconds + rng.uniform(0, 6)) / h for h in range(1, 12))
    elif kind == "chord drone":
        swell = 1 + 0.3 * np.sin(2 * np.pi * rng.uniform(0.05, 0.3) * seconds)
        steps = np.array([0, 4, 7, 12]) if rng.random() < 0.5 else np.array([0, 3, 7, 10])
        partials = [root * 2 ** (s / 12) * h for s in steps for h in range(1, 8)]
        mono = swell * sum(np.sin(2 * np.pi * f * seconds + rng.uniform(0, 6)) * root / f for f in partials)
    elif kind == "arpeggio":
        step_s = rng.uniform(0.12, 0.4)
        scale = np.array([0, 2, 4, 7, 9, 12, 14, 16])
        notes = scale[rng.integers(0, 8, 8)][(seconds / step_s).astype(int) % 8]
        decay = np.exp(-3 * (seconds % step_s) / step_s)
        phase = 2 * np.pi * np.cumsum(root * 4 * 2 ** (notes / 12)) / RATE
        mono = decay * sum(np.sin(phase * h) / h for h in range(1, 6))
    elif kind == "sweep":
        mono = np.sin(2 * np.pi * np.cumsum(100 * 60 ** ((seconds / rng.uniform(2, 8)) % 1)) / RATE)
    elif kind == "speech":
        return speech(n, rng)
    elif kind == NEAR_SILENT:
        return (coloured(n, 0.0, rng) * 3e-5).astype(np.float32)
    else:
        mono = coloured(n, {"white": 0.0, "pink": 0.5, "brown": 1.0}[kind.removesuffix(" noise")], rng)[0]
    return (np.stack([mono, mono]) * (0.3 / np.abs(mono).max())).astype(np.float32)
