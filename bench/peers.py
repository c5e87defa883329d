"""Chromaprint (Debian's ``fpcalc``) on the same queries: best-offset bit matching against every reference."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache

from bench.chromaprint import References, raw_print
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
def _references(split: str, distractors: bool) -> References:  # noqa: FBT001
    return References.of(indexed_tracks(split, distractors=distractors))


def _ask(query: Query, split: str, distractors: bool) -> PeerRow:  # noqa: FBT001
    references, asked = _references(split, distractors), raw_print(query.path)
    best, bits = "", 0.0
    if len(asked) > 8:
        equal = references.equal_bits(asked, max(1, len(asked) // MOST_FRAMES), int(len(asked) * OVERLAP))
        at = int(equal.argmax())
        best, bits = references.names[references.owner[at]], max(0.0, float(equal[at]))
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
