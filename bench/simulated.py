"""Simulated tracks: real music cut up and put together anew, so that an index can hold more than there is on disk.

A simulated track is a sequence of 2 to 8 s pieces of the training split's fingerprints, each moved by up to four
semitones. It sounds like music to the engine in every short stretch, and is no recording over a longer one. Pieces
begin on a grid of a quarter second, so that the vectors of all material can be computed and coded once: a million
tracks are then gathered, not analysed. A patch that spans two pieces is taken as if the first one went on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from bench.corpus import tracks
from bench.prints import print_of
from catalog.engine import Fingerprint
from catalog.engine.features.patches import HALVES, move_rows
from catalog.engine.features.sketch import BLOCK_COLUMNS, blocks_of, coded
from catalog.engine.features.whitening import whitened
from catalog.engine.index.codec import Codec
from catalog.engine.index.faiss_vectors import ids_of
from catalog.engine.index.interface import Entry
from catalog.engine.index.layout import REFERENCE_STEP, reference_vectors
from catalog.engine.index.segment import ROW, Segment
from catalog.engine.parameters import PARAMETERS

FIRST_ID = 1_000_000
SEED = 77
UNIT = 4  # hops of the grid: 0.256 s
SHORTEST, LONGEST = 8, 31  # pieces, in units
SHIFTS = np.arange(-4, 5, 2)
DIGEST_WORDS = 2


@cache
def _material() -> list[np.ndarray]:
    prints = (print_of(track.path).fingerprint for track in tracks("training")[::3])
    return [p.levels for p in prints if p is not None and len(p.levels) > 4 * LONGEST * UNIT]


@cache
def _lengths() -> np.ndarray:
    return np.array([len(levels) // UNIT for levels in _material()])


@dataclass(frozen=True)
class Pieces:
    """(n,) each: where a piece begins in its track (units), its source, where it begins there (units), its shift."""

    begin: np.ndarray
    source: np.ndarray
    start: np.ndarray
    shift: np.ndarray


def pieces(number: int, units: int) -> Pieces:
    """What simulated track ``number`` is made of."""
    rng = np.random.default_rng([SEED, number])
    count = units // SHORTEST + 1
    lengths = rng.integers(SHORTEST, LONGEST + 1, count)
    begin = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    source = rng.integers(0, len(_material()), count)
    room = _lengths()[source] - 2 * LONGEST
    start = (rng.random(count) * room).astype(np.int64)
    shift = rng.integers(0, len(SHIFTS), count)
    kept = begin < units
    return Pieces(begin[kept], source[kept], start[kept], shift[kept])


def simulated_print(number: int, duration_s: float) -> Fingerprint:
    """The fingerprint of simulated track ``number``."""
    columns = round(duration_s / PARAMETERS.hop_s)
    made = pieces(number, -(-columns // UNIT))
    ends = [*made.begin[1:].tolist(), -(-columns // UNIT)]
    parts = []
    for begin, end, source, start, shift in zip(made.begin, ends, made.source, made.start, made.shift, strict=True):
        piece = _material()[source][start * UNIT : (start + end - begin) * UNIT]
        parts.append(np.roll(piece, int(SHIFTS[shift]), axis=1))
    return Fingerprint(np.ascontiguousarray(np.concatenate(parts)[:columns]), duration_s)


def simulated_tracks(count: int, duration_s: float, *, first: int = 0) -> Iterator[tuple[int, Fingerprint]]:
    """(track id, fingerprint) number ``first`` and on; the same ones for the same numbers."""
    for number in range(first, first + count):
        yield FIRST_ID + number, simulated_print(number, duration_s)


def simulated_entries(count: int, duration_s: float, *, first: int = 0) -> Iterator[Entry]:
    """The same as an index takes them."""
    for track_id, fingerprint in simulated_tracks(count, duration_s, first=first):
        yield Entry.of(track_id, fingerprint)


class CodedMaterial:
    """All material at all shifts, on the grid, coded once under ``codec``."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self.base, self.sketch_base = (np.zeros((len(_material()), len(SHIFTS)), np.int64) for _ in range(2))
        lists: list[list[np.ndarray]] = [[] for _ in range(HALVES)]
        codes: list[list[np.ndarray]] = [[] for _ in range(HALVES)]
        heard: list[np.ndarray] = []
        sketches: list[np.ndarray] = []
        have = sketched = 0
        for source, levels in enumerate(_material()):
            for number, shift in enumerate(SHIFTS.tolist()):
                moved = Fingerprint(np.roll(levels, shift, axis=1), len(levels) * PARAMETERS.hop_s)
                picture = move_rows(moved.picture, 0.0)
                vectors = reference_vectors(picture, UNIT)
                self.base[source, number], self.sketch_base[source, number] = have, sketched
                have += len(vectors.values)
                sketches.append(coded(blocks_of(whitened(picture), UNIT)))
                sketched += len(sketches[-1])
                heard.append(vectors.heard)
                for half in range(HALVES):
                    near, code = codec.coded(half, vectors.values[:, half])
                    lists[half].append(near.astype(np.int32))
                    codes[half].append(code)
        self.lists = [np.concatenate(one) for one in lists]
        self.codes = [np.concatenate(one) for one in codes]
        self.heard, self.sketches = np.concatenate(heard), np.concatenate(sketches)

    def segment(self, first: int, count: int, duration_s: float) -> Segment:
        """Simulated tracks ``first`` and on as a segment."""
        columns = round(duration_s / PARAMETERS.hop_s)
        positions = len(reference_vectors(move_rows(simulated_print(first, duration_s).picture, 0.0)).values)
        blocks = columns // BLOCK_COLUMNS
        rows, sketched = np.empty((count, positions), np.int64), np.empty((count, blocks), np.int64)
        for row in range(count):
            made = pieces(first + row, -(-columns // UNIT))
            rows[row] = _at(made, self.base, np.arange(positions) * (REFERENCE_STEP // UNIT))
            sketched[row] = _at(made, self.sketch_base, np.arange(blocks) * (BLOCK_COLUMNS // UNIT))
        part = self._codec.new_part()
        ids = ids_of(np.arange(count)[:, None], np.arange(positions)[None, :])
        for half in range(HALVES):
            heard = self.heard[rows, half]
            taken = rows[heard]
            part.add_coded(half, self.lists[half][taken], self.codes[half][taken], ids[heard])
        table = np.zeros(count, ROW)
        table["track_id"] = FIRST_ID + first + np.arange(count)
        table["duration_s"], table["blocks"] = duration_s, blocks
        table["digest"] = np.random.default_rng([SEED, first]).integers(0, 1 << 63, (count, DIGEST_WORDS))
        sketches = self.sketches[sketched.reshape(-1)]
        return Segment(part, table, np.ones(count, bool), sketches, np.arange(count))


def _at(made: Pieces, base: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Which of all material lies at these units of a track; ``base``: where each source at each shift begins."""
    piece = np.searchsorted(made.begin, units, side="right") - 1
    at: np.ndarray = base[made.source, made.shift][piece] + (made.start - made.begin)[piece] + units
    return at
