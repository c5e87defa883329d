"""The only module that calls FAISS: vectors of many tracks, one index for each half, exact or under a ``Codec``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from catalog.engine.features.embedding import DIMENSIONS, Vectors
from catalog.engine.features.patches import HALVES
from catalog.engine.features.spectrogram import Floats

POSITION_BITS = 20  # positions of one track: twelve days
CHUNK = 100_000  # vectors taken out of an index at once
LIST_BYTES = 8  # of a list's number; FAISS takes the first few of them, as many as its lists need
FAST_NUMBERS = 4  # a part of a code: FAISS has fast code for so many. Coding takes a ninth of the time of three
Ids = NDArray[np.int64]
Bits = NDArray[np.bool_]
Codes = NDArray[np.uint8]


@cache
def faiss() -> Any:
    """The FAISS library, set to one thread: more of them before a fork hang the child, and workers share the cores."""
    import faiss as library  # noqa: PLC0415  (only where an index lives, after the fork)

    library.omp_set_num_threads(1)
    return library


def mapped(path: Path) -> Any:
    """Map a stored index into memory that all processes share. Adding to it ends the process."""
    library = faiss()
    return library.read_index(str(path), library.IO_FLAG_MMAP_IFC | library.IO_FLAG_SKIP_PRECOMPUTE_TABLE)


def widened(values: Floats, numbers: int) -> Floats:
    """(n, parts x ``numbers``) → (n, parts x FAST_NUMBERS): zeros behind each part, which change no product."""
    parts = np.zeros((len(values), values.shape[1] // numbers, FAST_NUMBERS), np.float32)
    parts[:, :, :numbers] = values.reshape(len(values), -1, numbers)
    return parts.reshape(len(values), -1)


def wide_centroids(pq: Any) -> Floats:
    """The vectors that the codes of ``pq`` stand for, ``widened``, all numbers in one row."""
    centroids = faiss().vector_to_array(pq.centroids).reshape(-1, pq.dsub)
    return widened(centroids, pq.dsub).reshape(-1)


def _wide_reader(index: Any) -> Any:
    """An index that reads the lists of ``index``, which has to outlive it, and is asked with ``widened`` vectors."""
    library, pq = faiss(), index.pq
    numbers = pq.M * FAST_NUMBERS
    middles = library.IndexFlatIP(numbers)  # stays empty: the lists to read are given
    reader = library.IndexIVFPQ(middles, numbers, index.nlist, pq.M, pq.nbits, index.metric_type)
    reader.by_residual = False
    library.copy_array_to_vector(wide_centroids(pq), reader.pq.centroids)
    reader.is_trained = True
    reader.replace_invlists(index.invlists, False)  # noqa: FBT003  (it does not own them)
    return reader


def ids_of(rows: Ids | int, positions: Ids) -> Ids:
    """The ids of vectors: the row of their track in the high bits, the position in it in the low ``POSITION_BITS``."""
    ids: Ids = (rows << POSITION_BITS) | positions
    return ids


def rows_of(ids: Ids) -> Ids:
    """The rows of the tracks that vectors with these ids are of, in the same shape; -1 for the id -1."""
    rows: Ids = ids >> POSITION_BITS
    return rows


def positions_of(ids: Ids) -> Ids:
    """The positions in their tracks of vectors with these ids, in the same shape."""
    positions: Ids = ids & ((1 << POSITION_BITS) - 1)
    return positions


@dataclass(frozen=True)
class Asked:
    """Query vectors of one half: ``values`` (n, DIMENSIONS).

    ``lists`` and ``list_similarity`` (n, probes): the inverted lists to read, where the index has lists; else None.
    """

    values: Floats
    lists: Ids | None
    list_similarity: Floats | None

    def at(self, rows: NDArray[np.int64]) -> "Asked":
        """The same for some ``rows`` (m,) of the vectors."""
        if self.lists is None or self.list_similarity is None:
            return Asked(self.values[rows], None, None)
        return Asked(self.values[rows], self.lists[rows], self.list_similarity[rows])


class Coder(Protocol):
    """What codes the vectors of a part that is not exact: ``Codec``."""

    def coded(self, half: int, values: Floats) -> tuple[Ids, Codes]:
        """The (n,) lists and the (n, bytes) codes of (n, DIMENSIONS) vectors of one half."""


class Part:
    """Vectors of some tracks, in one FAISS index for each half. Their ids are those of ``ids_of``; none is removed."""

    def __init__(self, halves: Sequence[Any], *, codec: Coder | None = None) -> None:
        self._halves = list(halves)
        self._codec = codec  # its memory is used
        self._readers: dict[int, Any] = {}  # of each half that has lists, from the first search on

    @classmethod
    def exact(cls) -> Self:
        """An empty part without codes or lists, which is searched exactly."""
        library = faiss()
        return cls([library.IndexIDMap2(library.IndexFlatIP(DIMENSIONS)) for _ in range(HALVES)])

    @classmethod
    def mapped(cls, paths: Sequence[Path]) -> Self:
        """Map the files that ``write`` wrote, one for each half, into memory that all processes share."""
        return cls([mapped(path) for path in paths])

    def write(self, paths: Sequence[Path]) -> None:
        """Write one file for each half."""
        for index, path in zip(self._halves, paths, strict=True):
            faiss().write_index(index, str(path))

    def count(self, half: int | None = None) -> int:
        """How many vectors are held, in one half or in both."""
        halves = self._halves if half is None else [self._halves[half]]
        return sum(int(index.ntotal) for index in halves)

    def add(self, first_row: int, tracks: Sequence[Vectors]) -> None:
        """Add the vectors of ``tracks``, which take the rows from ``first_row`` on. Those not heard are left out."""
        for half in range(HALVES):
            heard = [track.heard[:, half] for track in tracks]
            values = [track.values[h, half] for track, h in zip(tracks, heard, strict=True)]
            ids = [ids_of(first_row + n, np.flatnonzero(h)) for n, h in enumerate(heard)]
            self.add_values(half, np.concatenate(values), np.concatenate(ids))

    def add_values(self, half: int, values: Floats, ids: Ids) -> None:
        """Add (n, DIMENSIONS) vectors of one half under (n,) ids."""
        if not len(ids):
            return
        if self._codec is None:
            self._halves[half].add_with_ids(np.ascontiguousarray(values), np.ascontiguousarray(ids))
        else:
            self.add_coded(half, *self._codec.coded(half, values), ids)

    def add_coded(self, half: int, lists: Ids, codes: Codes, ids: Ids) -> None:
        """Add (n, bytes) codes to their (n,) lists, as ``Codec.coded`` gave them, under (n,) ids."""
        index = self._halves[half]
        numbers = lists.astype("<i8").view(np.uint8).reshape(-1, LIST_BYTES)[:, : index.coarse_code_size()]
        index.add_sa_codes(np.concatenate([numbers, codes], axis=1), ids)

    def search(self, asked: Asked, half: int, k: int, *, without: Ids | None = None) -> tuple[Floats, Ids]:
        """The (n, k) similarities (cosine) and ids of the nearest, best first; id -1 where there are fewer.

        ``without``: (m,) ids that are passed over.
        """
        index, library = self._halves[half], faiss()
        count = len(asked.values)
        if not count or not index.ntotal:
            return np.full((count, k), -1, np.float32), np.full((count, k), -1, np.int64)
        selector = library.IDSelectorNot(library.IDSelectorBatch(without)) if without is not None else None
        if asked.lists is not None:
            return self._search_lists(asked, half, k, selector)
        params = library.SearchParameters(sel=selector) if selector else None
        similarity, ids = index.search(np.ascontiguousarray(asked.values), k, params=params)
        return similarity, ids

    def _search_lists(self, asked: Asked, half: int, k: int, selector: Any) -> tuple[Floats, Ids]:
        """The same where there are lists; each row of ``asked`` names those that are read for it."""
        if half not in self._readers:
            self._readers[half] = _wide_reader(self._halves[half])
        reader, library, count = self._readers[half], faiss(), len(asked.values)
        values = widened(asked.values, self._halves[half].pq.dsub)
        lists, near = np.ascontiguousarray(asked.lists), np.ascontiguousarray(asked.list_similarity)
        similarity, ids = np.empty((count, k), np.float32), np.empty((count, k), np.int64)
        pointers = [library.swig_ptr(array) for array in (lists, near, similarity, ids)]
        params = library.SearchParametersIVF(sel=selector, nprobe=lists.shape[1])
        # The wrapper in Python takes no parameters.
        reader.search_preassigned_c(count, library.swig_ptr(values), k, *pointers, False, params)  # noqa: FBT003
        return similarity, ids

    def contents(self, half: int) -> Iterator[tuple[Floats, Ids]]:
        """All (n, DIMENSIONS) vectors with their (n,) ids, in chunks. They are approximate where they are coded."""
        index, library = self._halves[half], faiss()
        if not hasattr(index, "nlist"):
            ids = library.vector_to_array(index.id_map).astype(np.int64)
            for start in range(0, len(ids), CHUNK):
                chunk = ids[start : start + CHUNK]
                yield index.index.reconstruct_n(start, len(chunk)), chunk
            return
        held: list[tuple[Codes, Ids]] = []
        count = 0
        for number in range(index.nlist):
            held.append(self.list_of(half, number))
            count += len(held[-1][1])
            if count >= CHUNK:
                yield self._decoded(half, held)
                held, count = [], 0
        if count:
            yield self._decoded(half, held)

    def ids(self, half: int) -> Iterator[Ids]:
        """The (n,) ids of all vectors of one half, in chunks."""
        index = self._halves[half]
        if not hasattr(index, "nlist"):
            yield faiss().vector_to_array(index.id_map).astype(np.int64)
            return
        for number in range(index.nlist):
            yield self.list_of(half, number)[1]

    def take_over(self, other: "Part", half: int, new_row: Ids) -> None:
        """Copy the codes of another part under the same codec. Row r becomes ``new_row[r]``; with -1 it is left out."""
        mine, library = self._halves[half], faiss()
        for number in range(mine.nlist):
            codes, ids = other.list_of(half, number)
            rows = new_row[rows_of(ids)]
            kept = rows >= 0
            if not kept.all():
                codes, ids, rows = codes[kept], ids[kept], rows[kept]
            if len(ids):
                ids = ids_of(rows, positions_of(ids))
                codes = np.ascontiguousarray(codes)
                mine.invlists.add_entries(number, len(ids), library.swig_ptr(ids), library.swig_ptr(codes))
                mine.ntotal += len(ids)

    def list_of(self, half: int, number: int) -> tuple[Codes, Ids]:
        """The (n, bytes) codes and (n,) ids of one inverted list: views, not copies."""
        index, library = self._halves[half], faiss()
        lists, size = index.invlists, int(index.code_size)
        count = lists.list_size(number)
        if not count:
            return np.zeros((0, size), np.uint8), np.zeros(0, np.int64)
        ids = library.rev_swig_ptr(lists.get_ids(number), count)
        codes = library.rev_swig_ptr(lists.get_codes(number), count * size).reshape(count, size)
        return codes, ids

    def _decoded(self, half: int, held: list[tuple[Codes, Ids]]) -> tuple[Floats, Ids]:
        codes = np.ascontiguousarray(np.concatenate([codes for codes, _ in held]))
        return self._halves[half].pq.decode(codes), np.concatenate([ids for _, ids in held]).astype(np.int64)
