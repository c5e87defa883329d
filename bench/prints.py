"""Fingerprints of tracks and queries through the engine's front door, cached while its analysis stays the same."""

import ast
import hashlib
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from bench.corpus import CACHE
from bench.progress import counted
from catalog.engine import PARAMETERS_VERSION, Fingerprint, Fingerprinter
from catalog.engine.audio import decoder_templates
from catalog.engine.errors import FingerprintError

ENGINE = Path(__file__).parent.parent / "catalog" / "engine"
ANALYSIS = ("audio/*.py", "features/spectrogram.py", "features/fingerprint*.py", "parameters.py")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
REFUSED = b"refused"
CLEARLY_LOUD = 0.01  # of full scale: less may be refused as silent, which is the front door's business


@dataclass(frozen=True)
class Printed:
    """``fingerprint`` is None where the engine refused the audio; ``cpu_s`` is this process and the decoder's."""

    fingerprint: Fingerprint | None
    cpu_s: float


def _digest(patterns: tuple[str, ...], content: Callable[[Path], bytes] = Path.read_bytes) -> str:
    files = sorted(path for pattern in patterns for path in ENGINE.glob(pattern))
    return hashlib.sha256(b"".join(map(content, files))).hexdigest()[:10]


def code_of(module: Path) -> bytes:
    """What a module does: its syntax tree without comments and docstrings."""
    tree = ast.parse(module.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree).encode()


# Taken at import, as the engine is: a file that is edited during a run does not count in it.
ANALYSIS_DIGEST = _digest(ANALYSIS, code_of)
ENGINE_DIGEST = _digest(("**/*.py", "data/*"))


def print_of(path: Path) -> Printed:
    """The fingerprint of a file, from the cache or made now."""
    name = hashlib.sha256(str(path.relative_to(CACHE)).encode()).hexdigest()[:20]
    cached = CACHE / "prints" / f"v{PARAMETERS_VERSION}-{ANALYSIS_DIGEST}" / name
    if not cached.exists():
        cached.parent.mkdir(parents=True, exist_ok=True)
        before = cpu_s()
        try:
            data = _fingerprint(path).to_bytes()
        except FingerprintError:
            data = REFUSED
        part = cached.with_suffix(f".{time.monotonic_ns()}")
        part.write_bytes(f"{cpu_s() - before:12.6f}".encode() + data)
        part.replace(cached)
    stored = cached.read_bytes()
    data = stored[12:]
    return Printed(None if data == REFUSED else Fingerprint.from_bytes(data), float(stored[:12]))


def _fingerprint(path: Path) -> Fingerprint:
    """Through the front door; a plain mono query needs no child process, which would cost more than the analysis."""
    if path.suffix == ".flac" and path.parent.parent.name == "queries":
        samples = _mono_samples(path)
        if samples is not None and np.abs(samples).max(initial=0.0) > CLEARLY_LOUD:
            return Fingerprinter.of_samples(samples)
    return Fingerprinter().fingerprint(path)


def _mono_samples(path: Path) -> np.ndarray | None:
    with av.open(str(path)) as container:
        if container.streams.audio[0].channels != 1:
            return None
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)]).astype(np.float32) / 32768


def make_prints(paths: list[Path], workers: int) -> None:
    """Fill the cache in ``workers`` processes."""
    with ProcessPoolExecutor(workers) as pool:
        list(counted(pool.map(_touch, paths, chunksize=8), len(paths), "fingerprints", 500))


def _touch(path: Path) -> None:
    print_of(path)


def cpu_s() -> float:
    """CPU seconds of this process and its ended children; the decoder's templates are ended, so that theirs count."""
    decoder_templates.end_all()
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
