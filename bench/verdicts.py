"""``python -m bench.verdicts record|compare FILE [--every N]``: whether a change of the engine changes any answer.

Some 350 queries of the tuning music are asked: altered copies of every kind, negatives, mixes, long joins of whole
tracks. Every number of every answer counts. ``record`` writes FILE; ``compare`` asks again, prints each difference, and
exits with 1 where there is one. A change that only moves or renames code must show none.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bench import corpus
from bench.audio import read, write_flac
from bench.prints import make_prints, print_of
from bench.progress import counted
from bench.queries import make_all, negatives, positives, references, thinned
from catalog.engine import FingerprintIndex, Match

SPLIT = "tuning"
LONG = corpus.CACHE / "queries" / "long"
LONG_JOINS, JOINED_TRACKS = 4, 6  # queries of so many whole tracks in a row
ENDS = ("query_start_s", "query_end_s", "reference_start_s", "reference_end_s")  # they follow from the segments


def main() -> int:
    """Ask everything; write or compare."""
    options = _options()
    corpus.fetch_missing(corpus.TUNING)
    paths = [*_query_paths(options.every)]
    make_prints([*_reference_paths(), *paths], options.workers)
    with ProcessPoolExecutor(options.workers) as pool:
        answers = dict(counted(pool.map(_answer, paths, chunksize=4), len(paths), "asked"))
    if options.action == "record":
        options.file.write_text("".join(json.dumps([name, answer]) + "\n" for name, answer in answers.items()))
        print(f"{len(answers)} queries recorded")
        return 0
    return _compare(dict(json.loads(line) for line in options.file.read_text().splitlines()), answers)


def _compare(before: dict[str, Any], after: dict[str, Any]) -> int:
    for name in before.keys() ^ after.keys():
        print(f"asked only once: {name}")
    changed = [name for name in before.keys() & after.keys() if before[name] != after[name]]
    for name in sorted(changed):
        print(f"changed: {name}\n  before {json.dumps(before[name])}\n  after  {json.dumps(after[name])}")
    reported = sum(any(match["verdict"] != "none" for match in answer) for answer in after.values())
    print(f"{len(after)} queries, {reported} with a match, {len(changed)} changed")
    return int(bool(changed) or before.keys() != after.keys())


def _query_paths(every: int) -> Iterator[Path]:
    queries = positives(SPLIT, quick=False) + negatives(SPLIT, quick=False)
    chosen = thinned(queries, every)
    make_all(chosen, 2)
    yield from (query.path for query in chosen)
    yield from _long_queries()


def _long_queries() -> Iterator[Path]:
    """Whole tracks in a row: ten minutes and more."""
    LONG.mkdir(parents=True, exist_ok=True)
    pool = references(SPLIT)
    for number in range(LONG_JOINS):
        path = LONG / f"{number}.flac"
        if not path.exists():
            joined = [read(track.path) for track in pool[number :: max(1, len(pool) // JOINED_TRACKS)]]
            write_flac(path, np.concatenate(joined[:JOINED_TRACKS], axis=1), stereo=False)
        yield path


def _reference_paths() -> list[Path]:
    return [track.path for track in references(SPLIT)]


@cache
def _index() -> FingerprintIndex:
    index = FingerprintIndex()
    for number, path in enumerate(_reference_paths(), 1):
        printed = print_of(path).fingerprint
        if printed is not None:
            index.add(number, printed)
    return index


def _answer(path: Path) -> tuple[str, list[dict[str, Any]]]:
    """The query's name and every match, weak ones too."""
    fingerprint = print_of(path).fingerprint
    found = [] if fingerprint is None else _index().search(fingerprint, limit=20, include_weak=True)
    return str(path.relative_to(corpus.CACHE)), [_numbers(match) for match in found]


def _numbers(match: Match) -> dict[str, Any]:
    """Every field of a match, exactly: segments as rows, curves by their digest."""
    numbers = {name: value for name, value in vars(match).items() if not isinstance(value, np.ndarray)}
    numbers |= {name: getattr(match, name) for name in ENDS}
    numbers["segments"] = [list(vars(segment).values()) for segment in match.segments]
    for name, value in vars(match).items():
        if isinstance(value, np.ndarray):
            numbers[name] = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()[:16]
    plain: dict[str, Any] = json.loads(json.dumps(numbers, default=float))
    return plain


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.verdicts", description=__doc__)
    parser.add_argument("action", choices=("record", "compare"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--every", type=int, default=9, help="ask one query in so many")
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
