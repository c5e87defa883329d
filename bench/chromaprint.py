"""Chromaprint's raw prints, by Debian's ``fpcalc``, and how many bits of two of them are equal."""

import hashlib
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from bench.corpus import CACHE, CorpusTrack

FRAME_S = 4096 / 3 / 11_025
BITS = 32


def is_installed() -> bool:
    """Whether there is an ``fpcalc``."""
    return shutil.which("fpcalc") is not None


def raw_print(path: Path) -> np.ndarray:
    """Chromaprint's 32-bit sub-fingerprints of a whole file (about eight a second), cached."""
    cached = CACHE / "fpcalc" / (hashlib.sha256(str(path.relative_to(CACHE)).encode()).hexdigest()[:20] + ".npy")
    if not cached.exists():
        cached.parent.mkdir(parents=True, exist_ok=True)
        told = subprocess.run(
            ["fpcalc", "-raw", "-plain", "-length", "0", str(path)], check=False, capture_output=True, text=True
        )
        numbers = [int(word) & 0xFFFFFFFF for word in told.stdout.strip().split(",") if word]
        np.save(cached, np.array(numbers, dtype=np.uint32))
    return np.load(cached)


@dataclass(frozen=True)
class References:
    """The prints of all references in a row: ``frames`` (n,), ``owner`` (n,) whose each is, ``names`` of the owners."""

    names: list[str]
    frames: np.ndarray
    owner: np.ndarray

    @classmethod
    def of(cls, tracks: Iterable[CorpusTrack]) -> Self:
        """Of these tracks."""
        tracks = list(tracks)
        return cls.of_prints([track.name for track in tracks], [raw_print(track.path) for track in tracks])

    @classmethod
    def of_prints(cls, names: list[str], prints: list[np.ndarray]) -> Self:
        """Of these prints."""
        frames = np.concatenate(prints) if prints else np.zeros(0, np.uint32)
        return cls(names, frames, np.repeat(np.arange(len(prints)), [len(p) for p in prints]))

    def first_frame(self, number: int) -> int:
        """Where reference ``number`` begins."""
        return int(np.searchsorted(self.owner, number))

    def equal_bits(self, asked: np.ndarray, step: int, span: int) -> np.ndarray:
        """(offsets,) the share of equal bits, every ``step`` frames; -1 where ``span`` frames leave a track."""
        places = np.arange(0, len(asked), step)
        offsets = max(0, len(self.frames) - len(asked))
        wrong = np.zeros(offsets, np.int32)
        for place in places:
            wrong += np.bitwise_count(self.frames[place : place + offsets] ^ asked[place])
        bits = 1 - wrong / (BITS * max(1, len(places)))
        bits[self.owner[:offsets] != self.owner[span : span + offsets]] = -1
        return bits
