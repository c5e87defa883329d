"""Chromaprint (Debian's ``fpcalc``) on the same queries: best-offset bit matching against every reference."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np

from bench.chromaprint import raw_print
from bench.queries import Query, indexed_tracks
from bench.relatives import same_recording

MOST_FRAMES = 160  # of a query that are compared; evenly spread
OVERLAP = 0.9  # of the query that must lie inside the reference
LENGTHS = ("30 s", "5 s")


@dataclass(frozen=True)
class PeerRow:
    """``bits``: the share of equal bits at the best offset of the best track."""

    key: str
    family: str
    alteration: str
    length: str
    track: str
    best: str
    bits: float


def ask_all(queries: list[Query], split: str, *, distractors: bool, workers: int) -> list[PeerRow]:
    """Every 30 s and 5 s query; silence and the like give no print and no match."""
    asked = [query for query in queries if query.length in LENGTHS]
    paths = [track.path for track in indexed_tracks(split, distractors=distractors)]
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(raw_print, paths, chunksize=8))
        jobs = pool.map(_ask, asked, [split] * len(asked), [distractors] * len(asked), chunksize=8)
        return list(jobs)


@cache
def _references(split: str, distractors: bool) -> tuple[list[str], np.ndarray, np.ndarray]:  # noqa: FBT001
    found = indexed_tracks(split, distractors=distractors)
    prints = [raw_print(track.path) for track in found]
    owner = np.repeat(np.arange(len(found)), [len(p) for p in prints])
    return [track.name for track in found], np.concatenate(prints), owner


def _ask(query: Query, split: str, distractors: bool) -> PeerRow:  # noqa: FBT001
    names, reference, owner = _references(split, distractors)
    asked = raw_print(query.path)
    best, bits = "", 0.0
    if len(asked) > 8:
        step = max(1, len(asked) // MOST_FRAMES)
        places = np.arange(0, len(asked), step)
        span = int(len(asked) * OVERLAP)
        offsets = len(reference) - len(asked)
        wrong = np.zeros(offsets, np.int32)
        for place in places:
            wrong += np.bitwise_count(reference[place : place + offsets] ^ asked[place])
        wrong[owner[:offsets] != owner[span : span + offsets]] = 32 * len(places)  # runs over two tracks
        at = int(wrong.argmin())
        best, bits = names[owner[at]], 1 - float(wrong[at]) / (32 * len(places))
    return PeerRow(query.key, query.family, query.alteration, query.length, query.track or "", best, bits)


def threshold_of(rows: list[PeerRow]) -> float:
    """The most equal bits of any negative that is music. (Drones and silence reach 1.0: they would rule it out.)"""
    return max((row.bits for row in rows if row.family == "negative music"), default=1.0)


def summary(rows: list[PeerRow]) -> str:
    """Recall by family and length at the threshold that no musical negative passes."""
    threshold = threshold_of(rows)
    synthetic = [row.bits for row in rows if row.family == "negative synthetic"]
    passing = f"{sum(bits > threshold for bits in synthetic)} of {len(synthetic)} synthetic ones do"
    lines = [
        f"Chromaprint: threshold {threshold:.3f} equal bits, which no musical negative passes; {passing}",
        "| family | 30 s | 5 s | 30 s, top-1 |",
        "|---|---|---|---|",
    ]
    for family in dict.fromkeys(row.family for row in rows if row.track):
        cells = []
        for length, floor in (("30 s", threshold), ("5 s", threshold), ("30 s", 0.0)):
            group = [row for row in rows if row.family == family and row.length == length and row.track]
            right = sum(same_recording(row.best, row.track) and row.bits > floor for row in group)
            cells.append(f"{right}/{len(group)}" if group else "")
        lines.append(f"| {family} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
