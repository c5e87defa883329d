"""``Codec``: what is learnt of a large catalog: the lists that its vectors lie in, and the codes that stand for them.

Small catalogs are searched exactly. From ``LISTS_FROM`` vectors on there are an inverted file (Sivic and Zisserman,
2003) and product codes (Jégou, Douze and Schmid, 2011). A code stands for the vector itself, not for its distance from
the middle of its list. So codes can move to other lists as the catalog grows, with no loss and without the recordings.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from catalog.engine.features.embedding import DIMENSIONS
from catalog.engine.features.spectrogram import Floats
from catalog.engine.index.faiss_vectors import FAST_NUMBERS, Codes, Ids, Part, faiss, mapped, wide_centroids, widened

CODE = "PQ16"
LISTS_FROM = 100_000  # vectors a half; fewer are searched exactly
FEWEST_LISTS, MOST_LISTS, LISTS_STEP = 256, 65_536, 2
VECTORS_A_LIST = 1500  # beyond, more lists: a search reads fewer vectors, an add compares with more middles
LEAST_PER_LIST = 2  # vectors of a sample, or the lists are fewer; FAISS refuses fewer than one
TRAIN_PER_LIST, TRAIN_ROUNDS = 16, 3  # an eighth of the time of 48 and 8, for 2 % fewer of the nearest
TRAIN_CODES = 20_000  # vectors that the codes are learnt from: two numbers a byte ask for no more
TRAIN_CODES_ROUNDS = 5


def lists_for(count: int, sampled: float = math.inf) -> int:
    """How many inverted lists suit ``count`` vectors of one half: a power of two; 0 for an exact index.

    ``sampled``: how many vectors the lists can be learnt from, in the half that has fewer.
    """
    if count < LISTS_FROM:
        return 0
    lists = FEWEST_LISTS
    while lists < MOST_LISTS and count > lists * VECTORS_A_LIST:
        lists *= LISTS_STEP
    while lists * LEAST_PER_LIST > sampled:
        lists //= LISTS_STEP
    return lists if lists >= FEWEST_LISTS else 0


class Codec:
    """What was learnt of the catalog: the middles of the lists, and the codes.

    It is held as one empty FAISS index for each half. ``lists``: how many lists there are.
    """

    def __init__(self, empty: Sequence[Any]) -> None:
        self._empty = list(empty)
        self.lists = int(self._empty[0].nlist)
        self._quantizers = [_fast(index.pq) for index in self._empty]

    @classmethod
    def learn(cls, samples: Sequence[Floats], lists: int, *, codes_of: Self | None = None) -> Self:
        """Learn ``lists`` lists and the codes from ``samples``: (n, DIMENSIONS) vectors for each half.

        With ``codes_of`` its codes are kept, and only the lists are learnt.
        """
        library, empty = faiss(), []
        for half, sample in enumerate(samples):
            index = library.index_factory(DIMENSIONS, f"IVF{lists},{CODE}", library.METRIC_INNER_PRODUCT)
            index.by_residual = False
            index.cp.niter, index.cp.spherical = TRAIN_ROUNDS, True
            index.cp.max_points_per_centroid, index.cp.min_points_per_centroid = TRAIN_PER_LIST, 1
            index.pq.cp.niter, index.pq.cp.min_points_per_centroid = TRAIN_CODES_ROUNDS, 1
            values = np.ascontiguousarray(sample)
            index.train_q1(len(values), library.swig_ptr(values), False, index.metric_type)  # noqa: FBT003
            if codes_of is None:
                few = np.ascontiguousarray(values[:: max(1, len(values) // TRAIN_CODES)])
                index.pq.train(few)
            else:
                known = codes_of.code_centroids(half)
                library.copy_array_to_vector(known, index.pq.centroids)
            index.is_trained = True
            empty.append(index)
        return cls(empty)

    @classmethod
    def read(cls, paths: Sequence[Path]) -> Self:
        """Map the files that ``write`` wrote, one for each half, into memory that all processes share."""
        return cls([mapped(path) for path in paths])

    def write(self, paths: Sequence[Path]) -> None:
        """Write one file for each half."""
        for index, path in zip(self._empty, paths, strict=True):
            faiss().write_index(index, str(path))

    def code_centroids(self, half: int) -> Floats:
        """The vectors that the codes of one half stand for, all numbers in one row, as FAISS keeps them."""
        centroids: Floats = faiss().vector_to_array(self._empty[half].pq.centroids)
        return centroids

    def coded(self, half: int, values: Floats) -> tuple[Ids, Codes]:
        """The (n,) lists and the (n, bytes) codes of (n, DIMENSIONS) vectors of one half."""
        lists = self._empty[half].quantizer.search(np.ascontiguousarray(values), 1)[1][:, 0]
        return lists, self._quantizers[half].compute_codes(widened(values, self._empty[half].pq.dsub))

    def new_part(self) -> Part:
        """An empty part under this codec. It shares the middles of the lists, which take most of the memory."""
        library, empty = faiss(), []
        for half, known in enumerate(self._empty):
            shape = DIMENSIONS, known.nlist, known.pq.M, known.pq.nbits, library.METRIC_INNER_PRODUCT
            index = library.IndexIVFPQ(known.quantizer, *shape)
            index.by_residual = False
            library.copy_array_to_vector(self.code_centroids(half), index.pq.centroids)
            index.is_trained = True
            empty.append(index)
        return Part(empty, codec=self)

    def nearest_lists(self, queries: Floats, half: int, probes: int) -> tuple[Ids, Floats]:
        """The (n, probes) lists nearest to (n, DIMENSIONS) vectors of one half, and their similarities (cosine).

        There are fewer columns where the index has fewer lists than ``probes``.
        """
        similarity, lists = self._empty[half].quantizer.search(queries, min(probes, self.lists))
        return lists, similarity


def _fast(pq: Any) -> Any:
    """A product quantizer that gives the codes of ``pq``, for ``widened`` vectors."""
    library = faiss()
    fast = library.ProductQuantizer(pq.M * FAST_NUMBERS, pq.M, pq.nbits)
    library.copy_array_to_vector(wide_centroids(pq), fast.centroids)
    return fast
