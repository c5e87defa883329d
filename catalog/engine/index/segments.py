"""``Segments``: the vectors of many tracks in several segments, searched as one."""

from collections.abc import Collection, Sequence

import numpy as np

from catalog.engine.features.embedding import Vectors
from catalog.engine.features.patches import HALVES
from catalog.engine.features.sketch import QuerySketch
from catalog.engine.features.spectrogram import Floats
from catalog.engine.index.codec import Codec
from catalog.engine.index.faiss_vectors import Asked, Bits
from catalog.engine.index.interface import NOTHING, Ids, Neighbours, Size, Spots
from catalog.engine.index.segment import Delta, Segment

THOROUGH_LISTS, PROBE_LISTS = 8, 4  # inverted lists read for each vector


class Segments:
    """The reading half of an index: segments that were written once, and a small one in memory that follows the log."""

    def __init__(self) -> None:
        self._codec: Codec | None = None
        self._segments: list[Segment] = []  # oldest and largest first
        self._delta = Delta(None)

    def __contains__(self, track_id: int) -> bool:
        return any(segment.row_of(track_id) >= 0 for segment in self._all())

    def nearest(self, queries: Vectors, k: int, *, thorough: bool, without: Collection[int] = ()) -> Neighbours:
        """The nearest vectors of all segments; see ``ReferenceIndex.nearest``."""
        wanted = [segment.without(without) for segment in self._all()]
        near = Neighbours.none((HALVES, len(queries.values), k))
        for half in range(HALVES):
            rows = np.flatnonzero(queries.heard[:, half])
            if len(rows):
                found = self._nearest_of_half(queries.values[rows, half], half, k, wanted, thorough=thorough)
                near.similarity[half, rows], near.track_id[half, rows], near.position[half, rows] = found
        return near

    def _nearest_of_half(
        self, values: Floats, half: int, k: int, wanted: list[Bits], *, thorough: bool
    ) -> tuple[np.ndarray, ...]:
        asked = Asked(values, None, None)
        if self._codec is not None:
            lists = self._codec.nearest_lists(values, half, THOROUGH_LISTS if thorough else PROBE_LISTS)
            asked = Asked(values, *lists)
        columns: list[tuple[np.ndarray, ...]] = []
        for segment, rows in zip(self._all(), wanted, strict=True):
            if segment.part.count(half):
                similarity, row, position = segment.nearest(asked, half, k, rows)
                missing = row < 0
                track_id = segment.table["track_id"][np.maximum(row, 0)]
                columns.append((np.where(missing, NOTHING, similarity), track_id, position))
        if not columns:
            return tuple(vars(Neighbours.none((len(values), k))).values())
        if len(columns) == 1:
            return columns[0]
        merged = [np.concatenate([column[i] for column in columns], axis=1) for i in range(3)]
        best = np.argsort(-merged[0], axis=1, kind="stable")[:, :k]
        return tuple(np.take_along_axis(column, best, axis=1) for column in merged)

    def scan(self, asked: QuerySketch, k: int) -> list[Spots]:
        """The best lines in all segments; see ``ReferenceIndex.scan``."""
        of_segments = (segment.scan(asked, k) for segment in self._all())
        return [_best_spots(found, k) for found in zip(*of_segments, strict=True)]

    def twins(self, digest: bytes) -> list[int]:
        """The ids of the tracks with exactly this fingerprint, in order."""
        return sorted(track_id for segment in self._all() for track_id in segment.twins(digest))

    def census(self) -> tuple[Ids, Ids]:
        """The (n,) ids of all tracks in order, and the (n,) numbers of their vectors."""
        parts = [segment.census() for segment in self._all()]
        track_ids, counts = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
        order = np.argsort(track_ids, kind="stable")
        return track_ids[order], counts[order]

    def size(self) -> Size:
        """How much is held. The vectors of removed tracks count until the next compaction."""
        tracks, vectors, seconds = np.sum([segment.size() for segment in self._all()], axis=0)
        return Size(int(tracks), int(vectors), float(seconds))

    def _all(self) -> list[Segment]:
        return [*self._segments, self._delta]

    def _lists(self) -> int:
        return self._codec.lists if self._codec is not None else 0

    def _kill(self, track_id: int) -> None:
        for segment in self._segments:
            row = segment.row_of(track_id)
            if row >= 0:
                segment.alive[row] = False
        self._delta.kill(track_id)


def _best_spots(found: Sequence[Spots], k: int) -> Spots:
    """Of one stretch, the best of all segments."""
    sums = np.concatenate([spots.sums for spots in found])
    best = np.argsort(-sums, kind="stable")[:k]
    track_id, offset = np.concatenate([s.track_id for s in found]), np.concatenate([s.offset for s in found])
    return Spots(sums[best], track_id[best], offset[best])
