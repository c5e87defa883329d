"""``EmbeddedIndex``: the index inside this process, in FAISS."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from catalog.engine import storage
from catalog.engine.embedding import Vectors
from catalog.engine.patches import HALVES
from catalog.engine.reference_index import NOTHING, Entry, Health, Neighbours, Operation, Size
from catalog.engine.vectors import VectorStore

THOROUGH_LISTS, PROBE_LISTS = 8, 4  # inverted lists read for each vector


@dataclass(frozen=True)
class _Track:
    track_id: int
    slot: int
    duration_s: float
    digest: bytes


class EmbeddedIndex:
    """A ``ReferenceIndex`` in this process's memory. Not locked: whoever shares it between threads locks it."""

    def __init__(self) -> None:
        self._store = VectorStore()
        self._tracks: dict[int, _Track] = {}
        self._by_digest: dict[bytes, set[int]] = {}
        self._ids = np.zeros(0, np.int64)  # slot → track id
        self._next_slot = 0
        self._seconds = 0.0
        self._sequence = 0

    def __contains__(self, track_id: object) -> bool:
        return track_id in self._tracks

    def refresh(self) -> None:
        """Nothing is shared."""

    def applied_sequence(self) -> int:
        """The last operation seen."""
        return self._sequence

    def apply(self, operations: Sequence[Operation]) -> None:
        """In order; only the last word on a track counts."""
        for operation in {operation.track_id: operation for operation in operations}.values():
            self._remove(operation.track_id)
            if operation.entry is not None:
                self._add(operation.entry)
        if operations:
            self._sequence = max(self._sequence, operations[-1].sequence)

    def nearest(self, queries: Vectors, k: int, *, thorough: bool) -> Neighbours:
        """One FAISS call a half."""
        shape = (HALVES, len(queries.values), k)
        near = Neighbours(np.full(shape, NOTHING, np.float32), np.zeros(shape, np.int64), np.zeros(shape, np.int64))
        for half in range(HALVES):
            rows = np.flatnonzero(queries.heard[:, half])
            lists = THOROUGH_LISTS if thorough else PROBE_LISTS
            similarity, slot, position = self._store.nearest(queries.values[rows, half], half, k, lists)
            found = slot >= 0
            near.similarity[half, rows] = np.where(found, similarity, NOTHING)
            near.track_id[half, rows] = np.where(found, self._ids[np.where(found, slot, 0)], 0) if found.any() else 0
            near.position[half, rows] = np.where(found, position, 0)
        return near

    def twins(self, digest: bytes) -> list[int]:
        """The tracks with exactly this fingerprint."""
        return sorted(self._by_digest.get(digest, ()))

    def size(self) -> Size:
        """How much it holds."""
        return Size(len(self._tracks), self._store.count(), self._seconds)

    def rebuild(self, entries: Iterable[Entry], *, sequence: int, expected: int) -> None:  # noqa: ARG002
        """Start over."""
        self.__init__()  # type: ignore[misc]
        for entry in entries:
            self._add(entry)
        self._sequence = sequence

    def checkpoint(self) -> None:
        """Nothing is written here."""

    def health(self) -> Health:
        """Memory is always whole."""
        return Health(is_complete=True, facts={})

    def save(self, path: Path) -> None:
        """Write everything to one file, atomically: a reader sees the old one or the new one, whole."""
        storage.write(path, self._store.dump(), [storage.Row(**vars(track)) for track in self._tracks.values()])

    @classmethod
    def load(cls, path: Path, *, sequence: int) -> Self:
        """What ``save`` wrote. ``InvalidIndex`` when it is damaged or of another version."""
        arrays, rows = storage.read(path)
        index = cls()
        index._store.restore(arrays)
        for row in rows:
            index._enter(_Track(**vars(row)))
        index._sequence = sequence
        return index

    def _add(self, entry: Entry) -> None:
        track = _Track(entry.track_id, self._next_slot, entry.duration_s, entry.digest)
        self._store.add(track.slot, entry.vectors)
        self._enter(track)

    def _enter(self, track: _Track) -> None:
        self._tracks[track.track_id] = track
        self._by_digest.setdefault(track.digest, set()).add(track.track_id)
        self._seconds += track.duration_s
        if track.slot >= len(self._ids):
            self._ids = np.concatenate([self._ids, np.zeros(max(1024, track.slot + 1), np.int64)])
        self._ids[track.slot] = track.track_id
        self._next_slot = max(self._next_slot, track.slot + 1)

    def _remove(self, track_id: int) -> None:
        track = self._tracks.pop(track_id, None)
        if track is None:
            return
        self._store.remove(track.slot)
        self._by_digest[track.digest].discard(track_id)
        if not self._by_digest[track.digest]:
            del self._by_digest[track.digest]
        self._seconds -= track.duration_s
