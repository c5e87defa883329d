"""What one more worker costs: opens an index in a process of its own and searches it. Prints JSON."""

import ctypes
import gc
import json
import sys
import time
from pathlib import Path

from bench.prints import print_of
from bench.simulated import FIRST_ID
from catalog.engine import FingerprintIndex
from catalog.engine.index.on_disk import MappedIndex
from catalog.engine.search.find import find
from catalog.engine.search.search import Catalog
from catalog.engine.verification.limits import LIMITS


def main() -> int:
    """Search an empty index first, so that libraries and the projection are not counted as the index's."""
    folder, query = Path(sys.argv[1]), Path(sys.argv[2])
    fingerprint = print_of(query).fingerprint
    if fingerprint is None:
        return 1
    empty = FingerprintIndex()
    empty.add(1, fingerprint)
    empty.search(fingerprint)
    empty.search(fingerprint, exclude={1})
    before = private_mb()
    began = time.perf_counter()
    index = MappedIndex(folder)
    opened_s = time.perf_counter() - began
    opened = private_mb()
    find(fingerprint, Catalog(index, lambda ids: {i: fingerprint for i in ids if i < FIRST_ID}, LIMITS.false_accept))
    print(json.dumps({"private_mb": private_mb() - before, "private_opened_mb": opened - before, "open_s": opened_s}))
    return 0


def private_mb() -> float:
    """MB that this process shares with no other, without what it could give back at once."""
    give_back_memory()
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private")) / 1000


def give_back_memory() -> None:
    """What is free goes back to the system, so that it does not hide what is taken next."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


if __name__ == "__main__":
    sys.exit(main())
