"""``python -m bench.scale``: recall, false accepts, time and memory as the index grows to 100,000 tracks and beyond.

The test split's real recordings stand among simulated tracks of four minutes (``bench.simulated``), in the files that
the service uses. Among 100,000 all negatives of the test split are asked, over a thousand; elsewhere some of them.
``QUICK=1`` stops at 2,000, ``MOST=1000000`` goes on to a million, ``SIZES`` names others, ``EVERY`` asks one positive
query in so many. Times are CPU seconds of one core, so that other load on the machine matters little. What needs a
database is in ``bench.service_scale``.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from pathlib import Path

import numpy as np

from bench import corpus, plots, report, service_scale
from bench.goals import Goal
from bench.prints import make_prints, print_of
from bench.progress import counted
from bench.queries import Query, make_all, negative_tracks, negatives, positives, references, thinned
from bench.relatives import same_recording
from bench.robustness import OUT
from bench.simulated import FIRST_ID, CodedMaterial, simulated_entries, simulated_print
from bench.speed import four_minutes
from catalog.engine import Fingerprint
from catalog.engine.index.interface import Entry
from catalog.engine.index.on_disk import MappedIndex
from catalog.engine.search.find import Wanted, find
from catalog.engine.search.search import Catalog
from catalog.engine.verification.limits import LIMITS

SIZES, QUICK_SIZES = (1_000, 10_000, 100_000), (500, 2_000)
BEYOND = (300_000, 1_000_000)
GOAL_SIZE = 100_000
TRACK_S = 240.0
LENGTHS = ("30 s", "10 s")
SEGMENT_TRACKS = 50_000
LEARNT_FROM = 700
PLAIN_LIMIT_S, PROBES_LIMIT_S = 0.300, 2.5
PRIVATE_LIMIT_MB, TRACK_LIMIT_BYTES = 100, 16_000
RECALL_POINTS = 1.0


class Tried:
    """What is asked at every size, and the recordings behind it."""

    def __init__(self, *, quick: bool) -> None:
        asked = [q for q in positives("test", quick=False) if q.length in LENGTHS]
        every = int(os.environ.get("EVERY", "120" if quick else "10"))
        self.asked = thinned(asked, every)
        everything = negatives("test", quick=False)
        self._some_strange = thinned(everything, 80 if quick else 12)
        self._all_strange = self._some_strange if quick else everything
        make_all(self.asked + self._all_strange, 2)
        known = references("test")
        make_prints([t.path for t in known] + [q.path for q in self.asked + self._all_strange], 2)
        self.copies = four_minutes(known, 3 if quick else 5)
        self.strangers = four_minutes(negative_tracks("test"), 3 if quick else 5)
        prints = [print_of(track.path).fingerprint for track in known]
        self.real = {number: fingerprint for number, fingerprint in enumerate(prints) if fingerprint is not None}
        self.names = [track.name for track in known]

    def strange(self, size: int) -> list[Query]:
        """The negative queries for an index of ``size`` tracks."""
        return self._all_strange if size == GOAL_SIZE else self._some_strange

    def is_right(self, query: Query, track_id: int | None) -> bool:
        """Whether what came first is the recording that was altered; the corpus holds some more than once."""
        if track_id is None or track_id >= FIRST_ID:
            return False
        return same_recording(self.names[track_id], query.track or "")

    def fingerprints(self, track_ids: Collection[int]) -> dict[int, Fingerprint]:
        """As a database would give them; simulated ones are put together again."""
        return {
            track_id: self.real[track_id] if track_id < FIRST_ID else simulated_print(track_id - FIRST_ID, TRACK_S)
            for track_id in track_ids
        }


def main() -> int:
    """Build each size, ask, tell; then the goals."""
    quick = bool(os.environ.get("QUICK"))
    most = int(os.environ.get("MOST", "0"))
    sizes = [*(QUICK_SIZES if quick else SIZES), *(size for size in BEYOND if size <= most)]
    sizes = [int(size) for size in os.environ.get("SIZES", "").split()] or sizes
    corpus.fetch_missing()
    tried = Tried(quick=quick)
    print(f"{report.conditions()}; {len(tried.asked)} positive queries", flush=True)
    rows = []
    for size in sizes:
        folder = Path(tempfile.mkdtemp(prefix="index-scale-"))
        try:
            rows.append(_measure(folder, size, tried))
        finally:
            shutil.rmtree(folder)
        print(", ".join(f"{name} {value:.6g}" for name, value in rows[-1].items()), flush=True)
        _store(rows)
    goals = _goals(rows, quick=quick) + service_scale.goals(quick=quick)
    print("\n".join(goal.line() for goal in goals))
    return 0 if all(goal.met for goal in goals) else 1


def _measure(folder: Path, size: int, tried: Tried) -> dict[str, float]:
    began = time.process_time()
    index = build(folder, size, tried)
    build_s = time.process_time() - began
    catalog = Catalog(index, tried.fingerprints, LIMITS.false_accept)
    strange = tried.strange(size)
    with ProcessPoolExecutor(os.cpu_count(), initializer=_open, initargs=(folder, tried)) as pool:
        every = tried.asked + strange
        answers = dict(counted(pool.map(_answer, every, chunksize=4), len(every), "asked"))
    lost = [query for query in tried.asked if not tried.is_right(query, answers[query.key])]
    wrong = [query for query in strange if answers[query.key] is not None]
    print("\n".join(f"not found among {size:,}: {query.key}" for query in lost), flush=True)
    print("\n".join(f"reported among {size:,}: {query.key} as {answers[query.key]}" for query in wrong), flush=True)
    plain = [_timed(catalog, path, expected=True) for path in tried.copies]
    probes = [_timed(catalog, path, expected=False) for path in tried.strangers]
    generation = index.generation
    tracks = index.size().tracks
    return {
        "tracks": tracks,
        "vectors": index.size().vectors,
        "lists": index.facts()["lists"],
        "segments": index.facts()["segments"],
        "found": len(tried.asked) - len(lost),
        "asked": len(tried.asked),
        "false_accepts": len(wrong),
        "negatives": len(strange),
        "plain_cpu_s": float(np.median(plain)),
        "plain_most_cpu_s": max(plain),
        "probes_cpu_s": float(np.median(probes)),
        "probes_most_cpu_s": max(probes),
        "bytes_a_track": generation.size_bytes / tracks if generation else 0.0,
        "build_cpu_s": build_s,
        **_worker(folder, tried.strangers[0]),
    }


def build(folder: Path, size: int, tried: Tried) -> MappedIndex:
    """An index of the real tracks and as many simulated ones as make ``size``."""
    index = MappedIndex(folder)
    simulated = size - len(tried.real)
    added = min(LEARNT_FROM, simulated)  # the rest is coded as material
    real = (Entry.of(track_id, fingerprint) for track_id, fingerprint in tried.real.items())
    index.rebuild(chain(simulated_entries(added, TRACK_S), real), sequence=1, expected=size)
    if index.codec is None:
        raise SystemExit("too few tracks for lists")
    if added < simulated:
        material = CodedMaterial(index.codec)
        for first in range(added, simulated, SEGMENT_TRACKS):
            index.take(material.segment(first, min(SEGMENT_TRACKS, simulated - first), TRACK_S))
    index.checkpoint()
    return index


_opened: list[Catalog] = []  # of this process


def _open(folder: Path, tried: Tried) -> None:
    _opened[:] = [Catalog(MappedIndex(folder), tried.fingerprints, LIMITS.false_accept)]


def _answer(query: Query) -> tuple[str, int | None]:
    """The query's key, and the track that comes first."""
    fingerprint = print_of(query.path).fingerprint
    matches = find(fingerprint, _opened[0], wanted=Wanted(limit=1)).matches if fingerprint is not None else ()
    return query.key, matches[0].track_id if matches else None


def _timed(catalog: Catalog, path: Path, *, expected: bool) -> float:
    """CPU seconds of the better of two searches; the second finds the index's pages in memory, as a worker does."""
    fingerprint = print_of(path).fingerprint
    if fingerprint is None:
        raise SystemExit(f"{path} was refused")
    times = []
    for _ in range(2):
        before = time.process_time()
        matches = find(fingerprint, catalog).matches
        times.append(time.process_time() - before)
        if bool(matches) != expected:
            print(f"{path.name}: {len(matches)} matches", flush=True)
    return min(times)


def _worker(folder: Path, query: Path) -> dict[str, float]:
    """Open the index in a further process and search it there: seconds, and MB that only that process holds."""
    command = [sys.executable, "-m", "bench.scale_worker", str(folder), str(query)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(ended.stdout)


def _store(rows: list[dict[str, float]]) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with (OUT / "scale.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    plots.scale_curves(rows, OUT / "scale.png")


def _goals(rows: list[dict[str, float]], *, quick: bool) -> list[Goal]:
    at = next((row for row in rows if row["tracks"] >= GOAL_SIZE and not quick), rows[-1])
    lost = 100 * (rows[0]["found"] / rows[0]["asked"] - at["found"] / at["asked"])
    size, first = f"{at['tracks']:,.0f}", f"{rows[0]['tracks']:,.0f}"
    return [
        Goal(
            f"recall at {size} tracks within 1 point of {first}",
            f"{at['found']:.0f} and {rows[0]['found']:.0f} of {at['asked']:.0f}",
            lost <= RECALL_POINTS,
        ),
        Goal(
            f"0 false accepts at {size} tracks",
            f"{at['false_accepts']:.0f} of {at['negatives']:.0f}",
            at["false_accepts"] == 0,
        ),
        _most(f"plain check of 4 minutes at {size} tracks, CPU", at["plain_cpu_s"], PLAIN_LIMIT_S, "s"),
        _most(f"full probes of 4 minutes at {size} tracks, CPU", at["probes_cpu_s"], PROBES_LIMIT_S, "s"),
        _most(f"private memory of a further worker at {size} tracks", at["private_mb"], PRIVATE_LIMIT_MB, "MB"),
        _most("bytes of a 4-minute track in the index", at["bytes_a_track"], TRACK_LIMIT_BYTES, "B"),
    ]


def _most(name: str, reached: float, limit: float, unit: str) -> Goal:
    return Goal(f"{name} <= {limit:g} {unit}", f"{reached:.4g} {unit}", reached <= limit)


if __name__ == "__main__":
    sys.exit(main())
