"""``python -m bench.coding``: how few bytes of index a track may have before the right one is not looked at any more.

Codes and spacings of reference vectors on the tuning split. Verification reads the stored fingerprints, so all that the
index must do is bring the right track among the candidates; that is counted here, for the plain query and the probes.
``QUICK=1`` asks a third of the queries.
"""

import csv
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench import plots, report
from bench.prints import make_prints, print_of
from bench.queries import indexed_tracks, make_all, positives, thinned
from bench.robustness import OUT
from bench.simulated import simulated_tracks
from catalog.engine.alignment.line import HOP_S
from catalog.engine.features.embedding import DIMENSIONS
from catalog.engine.features.fingerprint import Fingerprint
from catalog.engine.features.patches import HALVES, move_rows
from catalog.engine.features.query import PLAIN, Query
from catalog.engine.index.faiss_vectors import faiss
from catalog.engine.index.layout import ORIGIN_S, reference_vectors
from catalog.engine.search import search as steps
from catalog.engine.search.candidates import VOTE_FLOOR, Votes, candidates
from catalog.engine.search.questions import NEIGHBOURS, Questions, probe_grid

TRACK_S = 240.0
ID_BYTES = 8
SIMULATED, SIMULATED_QUICK = 400, 100
LISTS, PLAIN_LISTS, PROBE_LISTS = 512, 8, 4
# (hops between references, FAISS's name of the code)
TRIED = (
    (8, "PQ24"), (8, "PQ12"), (12, "PQ24"), (16, "SQ8"), (16, "SQ4"), (16, "PQ24"), (16, "PQ16"), (16, "PQ12"),
    (24, "SQ8"), (24, "PQ24"), (24, "PQ12"),
)  # fmt: skip


@dataclass
class Coded:
    """One way to code: an inverted file a half, and what it found."""

    step: int
    code: str
    parts: list = field(default_factory=list)
    plain: int = 0
    probed: int = 0
    asked: int = 0
    search_s: float = 0.0

    @property
    def track_bytes(self) -> float:
        """Bytes of a 4-minute track in both halves, ids included."""
        vectors = TRACK_S / HOP_S / self.step * HALVES
        return vectors * (self.parts[0].code_size + ID_BYTES)


def main() -> int:
    """Build, ask, print a line a way, write the table and the plot."""
    quick = bool(os.environ.get("QUICK"))
    queries = [q for q in positives("tuning", quick=False) if q.length in ("30 s", "10 s", "5 s")]
    queries = thinned(queries, 180 if quick else 51)
    make_all(queries, 2)
    known = indexed_tracks("tuning", distractors=True)
    make_prints([t.path for t in known] + [q.path for q in queries], 2)
    prints = {t.name: p for t in known if (p := print_of(t.path).fingerprint) is not None}
    stored = list(prints.values())
    stored += [p for _, p in simulated_tracks(SIMULATED_QUICK if quick else SIMULATED, TRACK_S)]
    print(f"{report.conditions()}; {len(queries)} queries, {len(stored)} tracks", flush=True)
    ways = [Coded(step, code) for step, code in TRIED]
    for step in sorted({way.step for way in ways}):
        _build([way for way in ways if way.step == step], step, stored)
    slots = {name: slot for slot, name in enumerate(prints)}
    for query in queries:
        fingerprint = print_of(query.path).fingerprint
        if fingerprint is not None:
            _ask(ways, Query(fingerprint), slots[query.track or ""])
    _tell(ways)
    return 0


def _build(ways: list[Coded], step: int, stored: list[Fingerprint]) -> None:
    vectors = [reference_vectors(move_rows(fingerprint.picture, 0.0), step) for fingerprint in stored]
    for half in range(HALVES):
        heard = [v.heard[:, half] for v in vectors]
        values = np.concatenate([v.values[h, half] for v, h in zip(vectors, heard, strict=True)])
        ids = np.concatenate([(slot << 20) + np.flatnonzero(h) for slot, h in enumerate(heard)]).astype(np.int64)
        sample = values[:: max(1, len(values) // 60_000)]
        for way in ways:
            part = faiss().index_factory(DIMENSIONS, f"IVF{LISTS},{way.code}", faiss().METRIC_INNER_PRODUCT)
            part.by_residual = False
            part.cp.niter = 5
            part.train(sample)
            part.add_with_ids(values, ids)
            way.parts.append(part)
    print(f"spacing {step * HOP_S:.2f} s: {len(values)} vectors a half", flush=True)


def _ask(ways: list[Coded], query: Query, right: int) -> None:
    plain = Questions.of(query, [PLAIN], query.columns)
    grid = probe_grid()
    probed = Questions.of(query, grid, steps.PROBE_PLACES)
    for way in ways:
        before = time.process_time()
        found = _is_candidate(way, plain, [PLAIN], PLAIN_LISTS, steps.PLAIN_CANDIDATES, right)
        way.plain += found
        way.probed += found or _is_candidate(way, probed, grid, PROBE_LISTS, steps.PROBE_CANDIDATES, right)
        way.search_s += time.process_time() - before
        way.asked += 1


def _is_candidate(way: Coded, asked: Questions, probes: list, lists: int, limit: int, right: int) -> bool:
    columns: list[list[np.ndarray]] = [[] for _ in range(5)]
    for half, index in enumerate(way.parts):
        rows = np.flatnonzero(asked.heard[:, half])
        index.nprobe = lists
        similarity, ids = index.search(np.ascontiguousarray(asked.values[rows, half]), NEIGHBOURS)
        place, column = np.nonzero((similarity > VOTE_FLOOR) & (ids >= 0))
        row, near = rows[place], ids[place, column]
        offset_s = (near & 0xFFFFF) * way.step * HOP_S + ORIGIN_S - asked.query_s[row] * asked.tempo[row]
        weight = similarity[place, column] - VOTE_FLOOR
        votes = near >> 20, asked.probe[row], asked.query_s[row], offset_s, weight
        for kept, one in zip(columns, votes, strict=True):
            kept.append(one)
    every = Votes(*(np.concatenate(column) for column in columns))
    return any(candidate.slot == right for candidate in candidates(every, probes, limit))


def _tell(ways: list[Coded]) -> None:
    rows = [
        (round(way.step * HOP_S, 3), way.code, round(way.track_bytes), way.plain, way.probed, way.asked,
         round(way.search_s / way.asked, 3))
        for way in ways
    ]  # fmt: skip
    OUT.mkdir(parents=True, exist_ok=True)
    with Path(OUT / "coding.csv").open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("spacing_s", "code", "track_bytes", "plain", "probed", "asked", "search_cpu_s"))
        writer.writerows(rows)
    for row in rows:
        print(
            "spacing {} s, {}: {} bytes a track; right track looked at: plain {}, probes too {} of {}; {} CPU s".format(
                *row
            )
        )
    plots.coding_curve(rows, OUT / "coding.png")


if __name__ == "__main__":
    sys.exit(main())
