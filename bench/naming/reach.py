"""Protocol E: how far pitch, tempo and speed may go, and how short a query in noise may be."""

from collections.abc import Iterator

import numpy as np

from bench import goals as recall_goals
from bench.alterations import GRID_FAMILIES, SHORT, WIDE
from bench.goals import Goal
from bench.naming.protocols import Run
from bench.prints import make_prints
from bench.queries import Query, asked_of, indexed_tracks, make_all, negative_tracks, references
from bench.runner import Row, run

RANGE = {"30 s": 0.95, "10 s": 0.90}  # the least recall of each step of pitch, tempo and speed
IN_NOISE = {"2 s": 0.85, "3 s": 0.90, "5 s": 0.95, "10 s": 0.99}  # of queries that a microphone hears at 10 dB
COUNTS = {"grid": {"30 s": 20, "10 s": 20}, "short": {"1 s": 40, **dict.fromkeys(IN_NOISE, 40)}, "single": {}}
QUICK_COUNTS = {"grid": {"30 s": 1}, "short": {"5 s": 4, "10 s": 4}, "single": {}}
QUICK_EVERY = 5  # step of the range is asked
QUICK_RANGE, QUICK_IN_NOISE = 0.6, 0.75  # in which the far ends are lost
NEGATIVES_A_TRACK, QUICK_NEGATIVES = 6, 6  # of each length; of all


def reach(asked: Run) -> list[Goal]:
    """E: ask every step of the range, short queries in noise, and negatives that are altered in the same ways."""
    split, quick = asked.draw.split, asked.quick
    queries = [*_positives(split, quick=quick), *_negatives(split, quick=quick)]
    make_all(queries, asked.workers)
    indexed = indexed_tracks(split, distractors=not quick)
    make_prints([track.path for track in indexed] + [query.path for query in queries], asked.workers)
    rows = run(queries, split, distractors=not quick, workers=asked.workers)
    print("\n".join(_table(rows)), flush=True)
    return _goals(rows, quick=quick)


def _positives(split: str, *, quick: bool) -> Iterator[Query]:
    pool = references(split)
    for alteration in (*WIDE[:: QUICK_EVERY if quick else 1], *SHORT):
        yield from asked_of(alteration, QUICK_COUNTS if quick else COUNTS, pool, split)


def _negatives(split: str, *, quick: bool) -> Iterator[Query]:
    """Held-out music, drawn alterations: far ones at the range's lengths, noise at the short ones."""
    number = 0
    for track in negative_tracks(split):
        for length in [*RANGE, "1 s", *IN_NOISE]:
            steps = WIDE if length in RANGE else SHORT
            for _ in range(1 if quick else NEGATIVES_A_TRACK):
                if quick and number == QUICK_NEGATIVES:
                    return
                name = steps[int(np.random.default_rng(number).integers(len(steps)))].name
                number += 1
                yield Query(
                    f"far negative|{name}|{length}|{number}|{track.name}",
                    *(split, name, "negative music", 0.0, length, None, track.name),
                )


def _goals(rows: list[Row], *, quick: bool) -> list[Goal]:
    positive = [row for row in rows if row.positive]
    far = [row for row in positive if row.family in GRID_FAMILIES]
    short = [row for row in positive if row.family == "short"]
    negatives = recall_goals.false_accepts([row for row in rows if not row.positive], least=1)
    if quick:
        return [
            recall_goals.at_least(f"E: the whole range at 30 s >= {QUICK_RANGE:.0%}", far, QUICK_RANGE),
            recall_goals.at_least(f"E: 5 s and 10 s in noise >= {QUICK_IN_NOISE:.0%}", short, QUICK_IN_NOISE),
            negatives,
        ]
    found = [
        recall_goals.weakest(
            f"E: each {family} at {length} >= {floor:.0%}",
            [row for row in far if (row.family, row.length) == (family, length)],
            floor,
        )
        for length, floor in RANGE.items()
        for family in ("pitch", "tempo", "speed")
    ]
    for length, floor in IN_NOISE.items():
        group = [row for row in short if row.length == length]
        found.append(recall_goals.at_least(f"E: {length} in noise of 10 dB >= {floor:.0%}", group, floor))
    return [*found, negatives]


def _table(rows: list[Row]) -> list[str]:
    """Each step and length: found of asked."""
    lines = []
    for name, group in recall_goals.by_alteration(row for row in rows if row.positive).items():
        lengths = dict.fromkeys(row.length for row in group)
        cells = [recall_goals.recall(row for row in group if row.length == length) for length in lengths]
        told = ", ".join(f"{length} {found}/{asked}" for length, (_, found, asked) in zip(lengths, cells, strict=True))
        lines.append(f"E, {name}: {told}")
    return lines
