"""The only door to FAISS: vectors of many tracks, one index a half-band.

Exact while small; from ``IVF_FROM`` vectors on, an inverted file (Sivic and Zisserman, 2003; Jégou, Douze and Schmid,
2011) with 8-bit scalar quantisation, retrained whenever the number of lists that suits the size has grown.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.engine.embedding import DIMENSIONS, Vectors
from catalog.engine.patches import HALVES
from catalog.engine.spectrogram import Floats

POSITION_BITS = 20  # positions of one track: six days at two a second
IVF_FROM = 30_000
LISTS_STEP = 4  # a retraining whenever four times as many lists would suit
VECTORS_A_LIST = 1200  # beyond, more lists
TRAIN_PER_LIST, TRAIN_ROUNDS = 16, 3  # an eighth of the time of 48 and 8, for 2 % fewer of the nearest
BY_RESIDUAL = False  # codes of the vectors themselves: they can be read back when lists are rebuilt
Ids = NDArray[np.int64]


@cache
def faiss() -> Any:
    """FAISS with one thread: several threads before a fork hang the child, and the workers share the cores."""
    import faiss as library  # noqa: PLC0415  (only where an index lives, after the fork)

    library.omp_set_num_threads(1)
    return library


def lists_for(count: int) -> int:
    """How many inverted lists suit ``count`` vectors: a power of four, 0 for an exact index."""
    if count < IVF_FROM:
        return 0
    lists = 256
    while lists < 4096 and count > lists * VECTORS_A_LIST:
        lists *= LISTS_STEP
    return lists


class VectorStore:
    """Vectors under (slot, position). Not locked: the index around it is."""

    def __init__(self) -> None:
        self._parts = [HalfBand() for _ in range(HALVES)]

    def add(self, slot: int, vectors: Vectors) -> None:
        """``vectors`` of one track; those not heard are left out. ``slot`` must be new."""
        ids = (np.int64(slot) << POSITION_BITS) + np.arange(len(vectors.values), dtype=np.int64)
        for half, part in enumerate(self._parts):
            heard = vectors.heard[:, half]
            part.add(vectors.values[heard, half], ids[heard])

    def remove(self, slot: int) -> None:
        """Take out every vector of ``slot``."""
        for part in self._parts:
            part.remove(slot << POSITION_BITS, (slot + 1) << POSITION_BITS)

    def nearest(self, queries: Floats, half: int, k: int, probes: int) -> tuple[Floats, Ids, Ids]:
        """(n, k) similarity, slot and position for (n, DIMENSIONS); slot -1 where there is none."""
        similarity, ids = self._parts[half].search(queries, k, probes)
        return similarity, ids >> POSITION_BITS, ids & ((1 << POSITION_BITS) - 1)

    def count(self) -> int:
        """Vectors held."""
        return sum(part.count() for part in self._parts)

    def dump(self) -> list[NDArray[np.uint8]]:
        """One array of bytes a half."""
        return [faiss().serialize_index(part.index) for part in self._parts]

    def restore(self, arrays: list[NDArray[np.uint8]]) -> None:
        """Take over what ``dump`` gave."""
        for part, array in zip(self._parts, arrays, strict=True):
            part.index = faiss().deserialize_index(array)


class HalfBand:
    """One FAISS index that turns from exact to inverted as it grows."""

    def __init__(self) -> None:
        self.index: Any = faiss().IndexIDMap2(faiss().IndexFlatIP(DIMENSIONS))

    def count(self) -> int:
        """Vectors held."""
        return int(self.index.ntotal)

    def add(self, values: Floats, ids: Ids) -> None:
        """(n, DIMENSIONS) under (n,) ids."""
        self.index.add_with_ids(np.ascontiguousarray(values), ids)
        wanted = lists_for(self.count())
        if wanted and wanted > self._lists():
            self._rebuild(wanted)

    def remove(self, first: int, end: int) -> None:
        """Take out ids first … end - 1."""
        self.index.remove_ids(faiss().IDSelectorRange(first, end))

    def search(self, queries: Floats, k: int, probes: int) -> tuple[Floats, Ids]:
        """(n, k) similarities and ids, -1 where there is none; ``probes`` lists are read when there are lists."""
        if not self.count() or not len(queries):
            return np.full((len(queries), k), -1, np.float32), np.full((len(queries), k), -1, np.int64)
        if self._lists():
            self.index.nprobe = min(self._lists(), probes)
        similarity, ids = self.index.search(np.ascontiguousarray(queries), k)
        return similarity, ids

    def _lists(self) -> int:
        return int(getattr(self.index, "nlist", 0))

    def _rebuild(self, lists: int) -> None:
        values, ids = self._contents()
        library = faiss()
        quantiser = library.IndexFlatIP(DIMENSIONS)
        index = library.IndexIVFScalarQuantizer(
            quantiser, DIMENSIONS, lists, library.ScalarQuantizer.QT_8bit, library.METRIC_INNER_PRODUCT, BY_RESIDUAL
        )
        index.own_fields = True
        quantiser.this.disown()
        index.cp.niter, index.cp.max_points_per_centroid, index.cp.min_points_per_centroid = (
            TRAIN_ROUNDS,
            TRAIN_PER_LIST,
            1,
        )
        index.cp.spherical = True
        index.train(values)
        index.add_with_ids(values, ids)
        self.index = index

    def _contents(self) -> tuple[Floats, Ids]:
        library = faiss()
        if not self._lists():
            ids = library.vector_to_array(self.index.id_map).astype(np.int64)
            return self.index.index.reconstruct_n(0, self.count()), ids
        inverted, size = self.index.invlists, int(self.index.code_size)
        sizes = [inverted.list_size(i) for i in range(self._lists())]
        full = [i for i, n in enumerate(sizes) if n]
        ids = np.concatenate([library.rev_swig_ptr(inverted.get_ids(i), sizes[i]) for i in full])
        codes = [library.rev_swig_ptr(inverted.get_codes(i), sizes[i] * size).reshape(-1, size) for i in full]
        quantiser = self.index.sq
        return quantiser.decode(np.ascontiguousarray(np.concatenate(codes))), ids.astype(np.int64)
