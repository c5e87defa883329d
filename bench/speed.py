"""``python -m bench.speed``: CPU of adding beside decoding, and of a check against 10,000 tracks; ``QUICK=1``: 500.

CPU seconds of the process and its ended children, so other load on the machine matters little; medians.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

from bench import report
from bench.audio import encoded, read
from bench.corpus import CACHE, CorpusTrack, fetch_missing
from bench.goals import Goal
from bench.prints import cpu_s, print_of
from bench.queries import held_out, references
from bench.simulated import simulated_tracks
from catalog.engine import DecodeLimits, Fingerprint, Fingerprinter, FingerprintIndex
from catalog.engine.audio.decoding import Decoding
from catalog.engine.parameters import PARAMETERS

TRACK_S = 240.0
REPEATS = 7
ADD_LIMIT = 2.0
COPY_LIMIT_S, NOTHING_LIMIT_S = 0.150, 1.5


def main() -> int:
    """Measure, print, compare with the goals."""
    quick = bool(os.environ.get("QUICK"))
    size = 500 if quick else 10_000
    fetch_missing()
    known = four_minutes(references("test"), 3 if quick else 5)
    strange = four_minutes(held_out("test"), 3 if quick else 5)
    print(report.conditions(), flush=True)
    goals = [_adding(known)]
    index = FingerprintIndex()
    began = time.process_time()
    for track_id, fingerprint in simulated_tracks(size, TRACK_S):
        index.add(track_id, fingerprint)
    print(f"{size} simulated tracks of {TRACK_S:.0f} s added in {time.process_time() - began:.0f} CPU s, {_memory()}")
    for number, path in enumerate(known):
        index.add(number, _print(path))
    index.search(_print(known[0]))  # what is built on the first search is not the search
    goals.append(_checking("plain copy", index, known, COPY_LIMIT_S))
    goals.append(_checking("nothing matches", index, strange, NOTHING_LIMIT_S))
    print("\n".join(goal.line() for goal in goals))
    return 0 if all(goal.met for goal in goals) else 1


def _adding(paths: list[Path]) -> Goal:
    decode, add, sizes = [], [], []
    for _ in range(REPEATS):
        for path in paths[:2]:
            index = FingerprintIndex()
            before = cpu_s()
            _decode(path)
            middle = cpu_s()
            fingerprint = Fingerprinter().fingerprint(path)
            index.add(1, fingerprint)
            add.append(cpu_s() - middle)
            decode.append(middle - before)
            sizes.append(len(fingerprint.to_bytes()) * 60 / fingerprint.duration_s)
    ratio = float(np.median(add) / np.median(decode))
    print(
        f"4-minute MP3: decoding alone {np.median(decode):.2f} CPU s, adding {np.median(add):.2f} CPU s "
        f"(least {min(decode):.2f} and {min(add):.2f}); {np.mean(sizes):.0f} bytes a minute",
        flush=True,
    )
    return Goal("cost of add, decoding included <= 2 x decoding", f"{ratio:.2f} x", ratio <= ADD_LIMIT)


def _checking(name: str, index: FingerprintIndex, paths: list[Path], limit_s: float) -> Goal:
    times, found = [], 0
    for path in paths:
        fingerprint = _print(path)
        for _ in range(2):
            before = time.process_time()
            matches = index.search(fingerprint)
            times.append(time.process_time() - before)
        found += bool(matches)
    median = float(np.median(times))
    print(
        f"check, {name}: median {median * 1000:.0f} ms, most {max(times) * 1000:.0f} ms; found {found} of {len(paths)}"
    )
    goal = f"check of 4 minutes against {len(index):,} tracks, {name}: median <= {limit_s * 1000:.0f} ms of one core"
    return Goal(goal, f"{median * 1000:.0f} ms", median <= limit_s)


def _decode(path: Path) -> None:
    """The engine's own decoder, child process included: a stricter yardstick than a plain PyAV loop."""
    for _block in Decoding(path, PARAMETERS.sample_rate, DecodeLimits()):
        pass


def four_minutes(tracks: list[CorpusTrack], count: int) -> list[Path]:
    """The first four minutes of the first ``count`` tracks that are long enough, as 128 kb/s MP3 files."""
    paths = []
    for track in [t for t in tracks if t.duration_s > TRACK_S + 1][:count]:
        path = CACHE / "speed" / f"{track.package}-{track.path.stem}.mp3"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            mp3 = encoded(read(track.path, 0, TRACK_S), "libmp3lame", "mp3", 44_100, {"b": "128k"})
            path.write_bytes(mp3.getvalue())
        paths.append(path)
    return paths


def _print(path: Path) -> Fingerprint:
    printed = print_of(path).fingerprint
    if printed is None:
        raise SystemExit(f"{path} was refused")
    return printed


def _memory() -> str:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return f"{int(line.split()[1]) / 1e6:.1f} GB in memory"
    return ""


if __name__ == "__main__":
    sys.exit(main())
