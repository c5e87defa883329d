"""Chromaprint's raw prints, by Debian's ``fpcalc``."""

import hashlib
import subprocess
from pathlib import Path

import numpy as np

from bench.corpus import CACHE


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
