"""Fingerprints of tracks and queries through the engine's front door, cached while its analysis stays the same."""

import hashlib
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.corpus import CACHE
from catalog.engine import PARAMETERS_VERSION, Fingerprint, Fingerprinter
from catalog.engine.errors import FingerprintError

ENGINE = Path(__file__).parent.parent / "catalog" / "engine"
ANALYSIS = ("decode*.py", "spectrogram.py", "params.py", "fingerprint*.py")
REFUSED = b"refused"


@dataclass(frozen=True)
class Printed:
    """``fingerprint`` is None where the engine refused the audio; ``cpu_s`` is this process and the decoder's."""

    fingerprint: Fingerprint | None
    cpu_s: float


@cache
def analysis_digest() -> str:
    """Changes with any file that decides what a fingerprint holds."""
    files = sorted(path for pattern in ANALYSIS for path in ENGINE.glob(pattern))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:10]


def print_of(path: Path) -> Printed:
    """The fingerprint of a file, from the cache or made now."""
    name = hashlib.sha256(str(path.relative_to(CACHE)).encode()).hexdigest()[:20]
    cached = CACHE / "prints" / f"v{PARAMETERS_VERSION}-{analysis_digest()}" / name
    if not cached.exists():
        cached.parent.mkdir(parents=True, exist_ok=True)
        before = cpu_s()
        try:
            data = Fingerprinter().fingerprint(path).to_bytes()
        except FingerprintError:
            data = REFUSED
        part = cached.with_suffix(f".{time.monotonic_ns()}")
        part.write_bytes(f"{cpu_s() - before:12.6f}".encode() + data)
        part.replace(cached)
    stored = cached.read_bytes()
    data = stored[12:]
    return Printed(None if data == REFUSED else Fingerprint.from_bytes(data), float(stored[:12]))


def make_prints(paths: list[Path], workers: int) -> None:
    """Fill the cache in ``workers`` processes."""
    with ProcessPoolExecutor(workers) as pool:
        for done, _ in enumerate(pool.map(_touch, paths, chunksize=8), 1):
            if done % 500 == 0:
                print(f"fingerprints: {done} of {len(paths)}", flush=True)


def _touch(path: Path) -> None:
    print_of(path)


def cpu_s() -> float:
    """CPU seconds of this process and its ended children."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
