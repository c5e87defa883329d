"""An index beside the truth: what it answers is compared with brute force over all that its log holds."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from catalog.engine.features.embedding import DIMENSIONS, Vectors
from catalog.engine.features.patches import HALVES
from catalog.engine.features.sketch import ASKED_STEP, ASKED_WAYS, BLOCK_COLUMNS, BYTES, NUMBERS, QuerySketch, decoded
from catalog.engine.index.interface import NOTHING, Entry, Operation, ReferenceIndex, Spots
from catalog.engine.index.layout import REFERENCE_STEP_S
from tests.engine.index_backends import BACKENDS, KEEPS_NO_SKETCHES

VECTORS = 9
K = 4
WHOLE = 1e-5  # what exact indexes may differ by


def entry(track_id: int, seed: int, *, count: int = VECTORS) -> Entry:
    """A track of random directions; a few moments of it say nothing."""
    random = np.random.default_rng(seed)
    values = random.standard_normal((count, HALVES, DIMENSIONS)).astype(np.float32)
    values /= np.linalg.norm(values, axis=2, keepdims=True)
    heard = random.random((count, HALVES)) > 0.1
    values[~heard] = 0
    digest, duration_s = seed.to_bytes(16, "little"), count * REFERENCE_STEP_S
    sketch = random.integers(0, 256, (seed % count, BYTES), np.uint8)
    return Entry(track_id, duration_s, digest, Vectors(values, np.arange(count) + 0.0, heard), sketch)


def sketch_of_query(count: int) -> QuerySketch:
    """Two blocks of random numbers in every way, each compared for itself."""
    random = np.random.default_rng(1)
    return QuerySketch(random.standard_normal((ASKED_WAYS, 2, count)).astype(np.float32), 5, ((1, 2), (0, 1)))


def best_line(sketch: np.ndarray, asked: QuerySketch) -> tuple[float, int] | None:
    """The most that the products on a line add up to, and its offset: of a line whose middle is in the recording."""
    held = decoded(sketch, asked.numbers)
    lines = []
    for way in range(ASKED_WAYS):
        for first in range(-(asked.blocks // 2), len(held) - asked.blocks // 2):
            pairs = [(block, first + block) for block in range(asked.blocks) if 0 <= first + block < len(held)]
            total = sum(float(asked.values[way, block] @ held[at]) for block, at in pairs)
            lines.append((total, first * BLOCK_COLUMNS - asked.first_column - way * ASKED_STEP))
    return max(lines, default=None)


@dataclass
class Both:
    """An index, the log it follows, and the truth."""

    make: str
    folder: Path
    log: list[Operation] = field(default_factory=list)
    truth: dict[int, Entry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.index = self.opened()

    def opened(self) -> ReferenceIndex:
        """As a new process opens it."""
        return BACKENDS[self.make](self.folder)

    def write(self, track_id: int, seed: int | None) -> None:
        """One more operation in the log."""
        made = None if seed is None else entry(track_id, seed)
        self.log.append(Operation(len(self.log) + 1, track_id, made))
        if made is None:
            self.truth.pop(track_id, None)
        else:
            self.truth[track_id] = made

    def catch_up(self, index: ReferenceIndex, *, again: int = 0) -> None:
        """Apply what the index has not seen, and ``again`` so many of what it has."""
        index.refresh()
        seen = max(0, index.applied_sequence() - again)
        index.apply(self.log[seen:])

    def compare(self, index: ReferenceIndex) -> None:
        """Size, tracks, twins, and the nearest of random and of own vectors."""
        assert index.applied_sequence() == len(self.log)
        assert index.size().tracks == len(self.truth)
        assert index.size().seconds == pytest.approx(sum(e.duration_s for e in self.truth.values()), abs=1e-3)
        track_ids, counts = index.census()
        assert track_ids.tolist() == sorted(self.truth)
        assert counts.tolist() == [int(self.truth[t].vectors.heard.sum()) for t in sorted(self.truth)]
        for kept in self.truth.values():
            assert kept.track_id in index.twins(kept.digest)
        queries = entry(0, 4711).vectors
        near = index.nearest(queries, K, thorough=True)
        assert near.similarity.shape == near.track_id.shape == near.position.shape == (HALVES, len(queries.values), K)
        for half in range(HALVES):
            for row in range(len(queries.values)):
                found = near.similarity[half, row], near.track_id[half, row], near.position[half, row]
                self._same(queries, half, row, found)

        self._compare_lines(index)

    def _compare_lines(self, index: ReferenceIndex) -> None:
        """One track at a time, since what of a line lies on its track's neighbour is chance."""
        if self.make in KEEPS_NO_SKETCHES:
            assert index.scan(sketch_of_query(NUMBERS), K) == []
            return
        for count in (NUMBERS, NUMBERS // 2):
            asked = sketch_of_query(count)
            for stretch, spots in zip(asked.each(), index.scan(asked, K), strict=True):
                self._compare_spots(stretch, spots)

    def _compare_spots(self, stretch: QuerySketch, spots: Spots) -> None:
        lines = {e.track_id: best_line(e.sketch, stretch) for e in self.truth.values()}
        best = sorted(((*line, track_id) for track_id, line in lines.items() if line), reverse=True)[:K]
        assert np.allclose(spots.sums, [total for total, *_ in best], rtol=1e-4)
        assert list(zip(spots.offset.tolist(), spots.track_id.tolist(), strict=True)) == [b[1:] for b in best]

    def _same(self, queries: Vectors, half: int, row: int, found: tuple[np.ndarray, ...]) -> None:
        similarity, track_id, position = found
        everything = [
            (float(e.vectors.values[p, half] @ queries.values[row, half]), e.track_id, p)
            for e in self.truth.values()
            for p in range(len(e.vectors.values))
            if e.vectors.heard[p, half]
        ]
        best = sorted(everything, reverse=True)[:K] if queries.heard[row, half] else []
        count = len(best)
        assert (similarity[count:] == NOTHING).all()
        assert np.allclose(similarity[:count], [b[0] for b in best], atol=WHOLE)
        assert list(zip(track_id[:count].tolist(), position[:count].tolist(), strict=True)) == [b[1:] for b in best]


def first_track(index: ReferenceIndex, asked: Entry) -> np.ndarray:
    """The track that each heard moment finds first."""
    near = index.nearest(asked.vectors, 2, thorough=True)
    return np.concatenate([near.track_id[half, asked.vectors.heard[:, half], 0] for half in range(HALVES)])
