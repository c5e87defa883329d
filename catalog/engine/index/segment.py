"""Some tracks of the index: their vectors, sketches and ids. A segment is written once and then only read."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from catalog.engine.features.patches import HALVES
from catalog.engine.features.sketch import BYTES, Codes, QuerySketch
from catalog.engine.features.spectrogram import Floats
from catalog.engine.index.codec import Codec
from catalog.engine.index.faiss_vectors import Asked, Bits, Ids, Part, ids_of, positions_of, rows_of
from catalog.engine.index.interface import Entry, Spots
from catalog.engine.index.layout import REFERENCE_STEP_S
from catalog.engine.index.sketch_scan import best_of_tracks

ROW = np.dtype([("track_id", "<i8"), ("duration_s", "<f4"), ("digest", "<u8", 2), ("blocks", "<u4")])
GROWTH = 1.5  # of the table and the sketches of a segment that is being filled
Rows = NDArray[np.void]


def digest_words(digest: bytes) -> NDArray[np.uint64]:
    """A digest of 16 bytes as the two numbers that the table holds."""
    return np.frombuffer(digest, "<u8")


@dataclass(frozen=True)
class Names:
    """The names of the files of one segment."""

    stem: str

    def paths(self, folder: Path) -> list[Path]:
        """The vectors' file of each half, then the table's and the sketches'."""
        names = [*(f"{half}.faiss" for half in range(HALVES)), "tracks.npy", "sketches.npy"]
        return [folder / f"{self.stem}-{name}" for name in names]


@dataclass
class Segment:
    """``part`` holds the vectors, ``table`` (rows,) a ``ROW`` for each track, ``alive`` (rows,) whether it counts.

    A row that is no longer alive is passed over, and the next compaction removes it.
    """

    part: Part
    table: Rows
    alive: Bits
    sketches: Codes  # (blocks, BYTES): those of every row, one after the other
    order: Ids = field(default_factory=lambda: np.zeros(0, np.int64))  # rows by track id
    stem: str = ""  # of its files, where it has some

    @classmethod
    def mapped(cls, folder: Path, names: Names, dead: Collection[int]) -> Self:
        """Map files into memory that all processes share. ``dead``: the rows that no longer count.

        ``ValueError`` where the table is not of this version.
        """
        *halves, table_path, sketches_path = names.paths(folder)
        table: Rows = np.load(table_path, mmap_mode="r", allow_pickle=False)
        sketches: Codes = np.load(sketches_path, mmap_mode="r", allow_pickle=False)
        if table.dtype != ROW or sketches.shape != (int(table["blocks"].sum()), BYTES):
            raise ValueError("another table")
        alive = np.ones(len(table), bool)
        alive[list(dead)] = False
        order = np.argsort(table["track_id"], kind="stable")
        return cls(Part.mapped(halves), table, alive, sketches, order, names.stem)

    def write(self, folder: Path, names: Names) -> None:
        """Write vectors, table and sketches. ``alive`` is not written: a generation's manifest holds it."""
        *halves, table_path, sketches_path = names.paths(folder)
        self.part.write(halves)
        np.save(table_path, np.asarray(self.table), allow_pickle=False)
        np.save(sketches_path, np.asarray(self.sketches), allow_pickle=False)

    def row_of(self, track_id: int) -> int:
        """The row of a track that is alive, or -1."""
        ids = self.table["track_id"]
        at = int(np.searchsorted(ids, track_id, sorter=self.order))
        while at < len(self.order) and ids[row := int(self.order[at])] == track_id:
            if self.alive[row]:
                return row
            at += 1
        return -1

    def twins(self, digest: bytes) -> list[int]:
        """The ids of the live tracks with this digest of a fingerprint."""
        first, second = digest_words(digest)
        words = self.table["digest"]
        same = (words[:, 0] == first) & (words[:, 1] == second) & self.alive
        return [int(track_id) for track_id in self.table["track_id"][same]]

    def without(self, track_ids: Collection[int]) -> Bits:
        """(rows,) whether a row is alive and not of one of these tracks."""
        rows = [row for row in map(self.row_of, track_ids) if row >= 0]
        if not rows:
            return self.alive
        wanted = self.alive.copy()
        wanted[rows] = False
        return wanted

    def nearest(self, asked: Asked, half: int, k: int, wanted: Bits) -> tuple[Floats, Ids, Ids]:
        """(n, k) similarities (cosine), rows and positions of the nearest, best first; row -1 where there are fewer.

        ``wanted``: (rows,) which rows may be among them.
        """
        similarity, ids = self.part.search(asked, half, k)
        if not wanted.all():
            self._pass_over(~wanted, asked, half, similarity, ids)
        return similarity, rows_of(ids), positions_of(ids)

    def scan(self, asked: QuerySketch, k: int) -> Iterator[Spots]:
        """For each stretch of the sketch, the ``k`` live tracks that agree best with it on one line."""
        for sums, rows, offsets in best_of_tracks(self.sketches, self.table["blocks"], self.alive, asked, k):
            yield Spots(sums, self.table["track_id"][rows].astype(np.int64), offsets)

    def _pass_over(self, barred: Bits, asked: Asked, half: int, similarity: Floats, ids: Ids) -> None:
        """Ask again where barred rows took places: first without those that were met, then without any of them."""
        for met_only in (True, False):
            is_barred = (ids >= 0) & barred[np.maximum(rows_of(ids), 0)]
            again = np.flatnonzero(is_barred.any(axis=1))
            if not len(again):
                return
            rows = np.unique(rows_of(ids[is_barred])) if met_only else np.flatnonzero(barred)
            counts = (self.table["duration_s"][rows] / REFERENCE_STEP_S).astype(np.int64) + 2
            without = np.concatenate([ids_of(row, np.arange(n)) for row, n in zip(rows, counts, strict=True)])
            similarity[again], ids[again] = self.part.search(asked.at(again), half, k=ids.shape[1], without=without)

    def census(self) -> tuple[Ids, Ids]:
        """The (n,) ids of the live tracks, and the (n,) numbers of their vectors."""
        counts = np.zeros(len(self.alive), np.int64)
        for half in range(HALVES):
            for ids in self.part.ids(half):
                counts += np.bincount(rows_of(ids), minlength=len(counts))
        return self.table["track_id"][self.alive].astype(np.int64), counts[self.alive]

    def size(self) -> tuple[int, int, float]:
        """How many live tracks there are, how many vectors (those of dead tracks too), and seconds of live tracks."""
        return int(self.alive.sum()), self.part.count(), float(self.table["duration_s"][self.alive].sum())


class Delta(Segment):
    """A segment in memory that is being filled."""

    def __init__(self, codec: Codec | None) -> None:
        part, sketches = codec.new_part() if codec else Part.exact(), np.zeros((0, BYTES), np.uint8)
        super().__init__(part, np.zeros(0, ROW), np.zeros(0, bool), sketches)
        self._sketch_buffer = sketches
        self._buffer = np.zeros(64, ROW)
        self._alive_buffer = np.zeros(64, bool)
        self._rows: dict[int, int] = {}

    def row_of(self, track_id: int) -> int:
        """The row of a track that is alive, or -1."""
        return self._rows.get(track_id, -1)

    def kill(self, track_id: int) -> None:
        """Mark the row of a track as dead, where it has one."""
        row = self._rows.pop(track_id, -1)
        if row >= 0:
            self.alive[row] = False

    def add(self, entries: Sequence[Entry]) -> None:
        """Add tracks, none of which may have a live row here."""
        rows = self.grow(len(entries))
        for row, entry in zip(rows, entries, strict=True):
            self._buffer[row] = (entry.track_id, entry.duration_s, digest_words(entry.digest), len(entry.sketch))
            self._rows[entry.track_id] = row
        self.part.add(rows.start, [entry.vectors for entry in entries])
        self._append(np.concatenate([entry.sketch for entry in entries]))

    def grow(self, count: int) -> range:
        """Make ``count`` new live rows, still without ids or vectors, and return their numbers."""
        first, end = len(self.table), len(self.table) + count
        if end > len(self._buffer):
            more = int(end * GROWTH) - len(self._buffer)
            self._buffer = np.concatenate([self._buffer, np.zeros(more, ROW)])
            self._alive_buffer = np.concatenate([self._alive_buffer, np.zeros(more, bool)])
        self._alive_buffer[first:end] = True
        self.table, self.alive = self._buffer[:end], self._alive_buffer[:end]
        return range(first, end)

    def _append(self, sketches: Codes) -> None:
        """Those of the rows that were added last."""
        first, end = len(self.sketches), len(self.sketches) + len(sketches)
        if end > len(self._sketch_buffer):
            grown = np.empty((int(end * GROWTH), BYTES), np.uint8)
            grown[:first] = self.sketches
            self._sketch_buffer = grown
        self._sketch_buffer[first:end] = sketches
        self.sketches = self._sketch_buffer[:end]

    def take_over(self, other: Segment, *, same_codec: bool) -> None:
        """Add the live tracks of another segment. ``same_codec``: it is coded as this one is."""
        live = np.flatnonzero(other.alive)
        rows = self.grow(len(live))
        self._buffer[rows.start : rows.stop] = other.table[live]
        self._rows.update(zip(other.table["track_id"][live].tolist(), rows, strict=True))
        new_row = np.full(len(other.alive), -1, np.int64)
        new_row[live] = rows
        self._append(other.sketches[np.repeat(other.alive, other.table["blocks"])])
        for half in range(HALVES):
            if same_codec:
                self.part.take_over(other.part, half, new_row)
                continue
            for values, ids in other.part.contents(half):
                moved = new_row[rows_of(ids)]
                kept = moved >= 0
                self.part.add_values(half, values[kept], ids_of(moved[kept], positions_of(ids[kept])))
