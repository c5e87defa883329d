"""Recordings that the corpus holds more than once, found with Chromaprint: ``python -m bench.relatives [SPLIT…]``.

Game music comes in versions: a shortened one, a loop, a "fast" one. Two tracks that share ten seconds of sound are
relatives: none may be a negative for the other, and reporting either is right. The pairs are looked for with another
fingerprinter than the one that is judged, and kept in ``relatives.json`` here. Below ``SHARED_BITS`` (random
prints agree in half of their bits, other encodings of one recording in over 0.85) nothing is claimed.
"""

import json
import sys
from functools import cache
from pathlib import Path

import numpy as np

from bench.chromaprint import References
from bench.corpus import SPLITS, tracks

FILE = Path(__file__).parent / "relatives.json"
SEGMENT_FRAMES = 80  # ten seconds
SEGMENT_STEP = 200
EVERY = 4  # frame of a segment is compared
SHARED_BITS = 0.83
LEAST_VARIETY = 20  # different prints in a segment; a held note is nobody's recording


def main() -> int:
    """Compare the named splits' tracks, else the tuning's and the test's, with all; new pairs join the stored ones."""
    asked_splits = sys.argv[1:] or ["tuning", "test"]
    found = [track for split in dict.fromkeys([*asked_splits, *SPLITS]) for track in tracks(split)]
    asked = sum(len(tracks(split)) for split in asked_splits)
    references = References.of(found)
    stored = json.loads(FILE.read_text()) if FILE.exists() else []
    pairs: dict[tuple[str, str], float] = {(one, other): bits for one, other, bits in stored}
    for number in range(asked):
        own = references.frames[references.owner == number]
        for start in range(0, len(own) - SEGMENT_FRAMES, SEGMENT_STEP):
            segment = own[start : start + SEGMENT_FRAMES]
            if len(np.unique(segment)) >= LEAST_VARIETY:
                _compare(segment, number, references, pairs)
    rows = [[one, other, round(bits, 3)] for (one, other), bits in sorted(pairs.items())]
    FILE.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(rows)} pairs among {len(found)} tracks")
    return 0


def _compare(segment: np.ndarray, number: int, references: References, pairs: dict[tuple[str, str], float]) -> None:
    bits = references.equal_bits(segment, EVERY, SEGMENT_FRAMES)
    for at in np.flatnonzero((bits >= SHARED_BITS) & (references.owner[: len(bits)] != number)):
        pair = tuple(sorted((references.names[number], references.names[references.owner[at]])))
        pairs[pair] = max(pairs.get(pair, 0.0), float(bits[at]))


@cache
def families() -> dict[str, str]:
    """Track name → the name of its family's first member; tracks without relatives are not in it."""
    rows = json.loads(FILE.read_text()) if FILE.exists() else []
    leader: dict[str, str] = {}

    def first(name: str) -> str:
        while leader.get(name, name) != name:
            name = leader[name]
        return name

    for one, other, _bits in rows:
        low, high = sorted((first(one), first(other)))
        leader[low] = leader.get(low, low)
        leader[high] = low
    return {name: first(name) for name in leader}


def family(name: str) -> str:
    """The same text for relatives; a game's "_fast" and "_f" files are its tracks sped up."""
    known = families()
    if name in known:
        return known[name]
    stem = name.removesuffix(".ogg")
    plain = stem.removesuffix("_fast").removesuffix("_f") + name[len(stem) :]
    return known.get(plain, plain)


def same_recording(one: str, other: str) -> bool:
    """Whether two tracks are the same one or relatives."""
    return bool(one) and family(one) == family(other)


if __name__ == "__main__":
    sys.exit(main())
