"""``python -m bench.milvus``: what the index weighs in a real Milvus server, and how long it takes to fill and to ask.

Needs requirements-milvus-dev.txt. Simulated tracks of four minutes (``bench.simulated``): ``TRACKS`` of them (1,000;
``QUICK=1``: 200). One server on this machine does the work of all nodes, and times are wall clock: they say little on a
busy machine, so the load is printed beside them. docs/scaling.md is written from this.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench import report
from bench.goals import Goal
from bench.simulated import simulated_entries
from catalog.engine.features.embedding import Vectors
from catalog.engine.index.interface import Entry, Operation
from catalog.engine.index.milvus import MilvusAddress, MilvusIndex
from tests.milvus_server import MilvusProcess, why_not

TRACK_S = 240.0
NOISE = 0.5  # of a vector's length: what an altered copy differs by
NEAREST = 6
RECALL_GOAL = 0.95
ASKED = (64, 900, 4_000)  # moments a call: about what the three steps of a search ask
CALLS = 5
CODED_WITHIN_S = 180.0


def main() -> int:
    """Fill, ask, say."""
    if reason := why_not():
        sys.stderr.write(f"{reason}\n")
        return 2
    count = 200 if os.environ.get("QUICK") else int(os.environ.get("TRACKS", "1000"))
    print(f"{report.conditions()}; load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        server = MilvusProcess(Path(folder))
        try:
            server.start()
            return _measure(server, Path(folder), count)
        finally:
            server.close()


def _measure(server: MilvusProcess, folder: Path, count: int) -> int:
    entries = list(simulated_entries(count + 1, TRACK_S))
    index = MilvusIndex(MilvusAddress.parse(server.address("bench"), timeout_s=300.0))
    empty_mb, empty_disk_mb = _server_mb(), _disk_mb(folder)
    index.refresh()
    filled_s = _timed(lambda: index.rebuild(entries[:count], sequence=count, expected=count))
    size = index.size()
    print(f"{size.tracks} tracks, {size.vectors} vectors ({size.vectors / size.tracks:.0f} a track)")
    rates = size.tracks / filled_s, size.vectors / filled_s
    print(f"filled in {filled_s:.1f} s: {rates[0]:.1f} tracks, {rates[1]:.0f} vectors a second")
    asked = _copies(entries[: max(1, 4000 // len(entries[0].vectors.values) + 1)])
    print(f"{ASKED[0]} moments right after: {_call_s(index, asked, ASKED[0]):.2f} s, the server is coding")
    waited_s = _timed(lambda: _await_codes(index))
    left = index.health().facts.get("sealed vectors not coded yet", "an unknown number of")
    print(f"{waited_s:.0f} s later {left} vectors are not coded yet; load {os.getloadavg()[0]:.1f}", flush=True)
    memory = (_server_mb() - empty_mb) * 1e6 / size.vectors
    disk = (_disk_mb(folder) - empty_disk_mb) * 1e6 / size.vectors
    print(f"server: {_server_mb():.0f} MB ({memory:.0f} bytes a vector over empty), disk {disk:.0f} bytes a vector")
    one = Operation(count + 1, entries[count].track_id, entries[count])
    print(f"one more track: {_timed(lambda: index.apply([one])):.2f} s")
    print(f"catching up with nothing new: {_timed(index.refresh):.2f} s")
    print(f"twins: {_timed(lambda: index.twins(bytes(16))):.2f} s")
    for places in ASKED:
        times = [_call_s(index, asked, places) for _ in range(CALLS)]
        median_s = float(np.median(times))
        vector_ms = 500 * median_s / places
        print(f"{places} moments, both halves: {median_s:.2f} s (most {max(times):.2f}), {vector_ms:.2f} ms a vector")
    recall = _recall(index, entries[: min(20, count)])
    goal = Goal(f"the true moment among the {NEAREST} nearest", f"{recall:.3f}", recall >= RECALL_GOAL)
    print(goal.line())
    return 0 if goal.met else 1


def _call_s(index: MilvusIndex, asked: Vectors, places: int) -> float:
    some = Vectors(asked.values[:places], asked.places[:places], asked.heard[:places])
    return _timed(lambda: index.nearest(some, NEAREST, thorough=True))


def _await_codes(index: MilvusIndex) -> None:
    """Wait until no vector is left that the server only holds as it came, but not for ever."""
    until_s = time.monotonic() + CODED_WITHIN_S
    while time.monotonic() < until_s:
        if index.health().facts.get("sealed vectors not coded yet") == 0:
            return
        time.sleep(1.0)


def _copies(entries: list[Entry]) -> Vectors:
    """Every moment of some tracks, with noise."""
    values = np.concatenate([entry.vectors.values for entry in entries])
    heard = np.concatenate([entry.vectors.heard for entry in entries])
    noise = np.random.default_rng(1).standard_normal(values.shape).astype(np.float32) / np.sqrt(values.shape[2])
    noisy = values + NOISE * noise
    noisy /= np.maximum(np.linalg.norm(noisy, axis=2, keepdims=True), 1e-6)
    return Vectors(noisy.astype(np.float32), np.arange(len(values), dtype=np.float32), heard)


def _recall(index: MilvusIndex, entries: list[Entry]) -> float:
    """How many noisy moments find a vector that is as near as their own."""
    hits = asked = 0
    for entry in entries:
        query = _copies([entry])
        near = index.nearest(query, NEAREST, thorough=True)
        for half in range(query.heard.shape[1]):
            rows = np.flatnonzero(query.heard[:, half])
            own = np.einsum("nd,nd->n", query.values[rows, half], entry.vectors.values[rows, half])
            # Pieces are used by many simulated tracks: another copy of the same moment is as good.
            hits += int((near.similarity[half, rows].max(axis=1) >= own - 0.02).sum())
            asked += len(rows)
    return hits / asked


def _timed(work: Callable[[], object]) -> float:
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def _server_mb() -> float:
    lines = subprocess.run(["ps", "-eo", "rss,args"], capture_output=True, text=True, check=True).stdout.splitlines()
    return sum(int(line.split()[0]) for line in lines if "milvus run standalone" in line) / 1000


def _disk_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in (folder / "data").rglob("*") if path.is_file()) / 1e6


if __name__ == "__main__":
    sys.exit(main())
