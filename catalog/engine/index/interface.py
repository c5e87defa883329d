"""What a search needs of any index: vectors and sketches of many tracks, kept up to date from a log.

An index holds no audio and no spectrograms: those come from the fingerprints, which are stored elsewhere.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from catalog.engine.errors import InvalidFingerprint
from catalog.engine.features.embedding import Vectors
from catalog.engine.features.fingerprint import Fingerprint
from catalog.engine.features.patches import unmoved_rows
from catalog.engine.features.sketch import Codes, QuerySketch, sketched
from catalog.engine.features.spectrogram import Floats
from catalog.engine.index.layout import reference_vectors

Ids = NDArray[np.int64]
log = logging.getLogger(__name__)
NOTHING = -1.0  # similarity where fewer than k neighbours exist


@dataclass(frozen=True)
class Entry:
    """What an index keeps of one track: ``sketch`` (blocks, BYTES), as ``sketch.sketched`` gives it."""

    track_id: int  # any signed 64-bit number
    duration_s: float
    digest: bytes  # 16 bytes, equal for equal fingerprints
    vectors: Vectors  # those not heard are left out; row = position, REFERENCE_STEP_S apart
    sketch: Codes

    @classmethod
    def of(cls, track_id: int, fingerprint: Fingerprint) -> Self:
        """Compute the entry of a track from its fingerprint."""
        picture = unmoved_rows(fingerprint.levels)
        vectors, sketch = reference_vectors(picture), sketched(picture)
        return cls(track_id, fingerprint.duration_s, fingerprint.digest, vectors, sketch)


def entries_of(stored: Mapping[int, bytes]) -> list[Entry]:
    """The entries of stored fingerprints, by track id. One that is damaged is left out, with a warning in the log."""
    entries = []
    for track_id, data in stored.items():
        try:
            entries.append(Entry.of(track_id, Fingerprint.from_bytes(data)))
        except InvalidFingerprint as error:
            log.warning("The fingerprint of track %s is left out: %s", track_id, error)
    return entries


@dataclass(frozen=True)
class Operation:
    """Operation ``sequence`` of the log: add or replace a track, or remove it where ``entry`` is None."""

    sequence: int
    track_id: int
    entry: Entry | None


@dataclass(frozen=True)
class Neighbours:
    """(HALVES, n, k) each, the nearest first: cosine, track id, and position in the track.

    Where there are fewer than k, the similarity is ``NOTHING`` and the others are 0.
    """

    similarity: Floats
    track_id: Ids
    position: Ids

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> Self:
        """Places for neighbours, (HALVES, n, k) or any other ``shape``, none of which is found yet."""
        return cls(np.full(shape, NOTHING, np.float32), np.zeros(shape, np.int64), np.zeros(shape, np.int64))


@dataclass(frozen=True)
class Spots:
    """The best line of each of some tracks, (n,) each, best first.

    ``sums``: the sum of products on the line; ``track_id``; ``offset``: by how many columns a column of the query lies
    later in the reference.
    """

    sums: Floats
    track_id: Ids
    offset: Ids


@dataclass(frozen=True)
class Size:
    """How much an index holds."""

    tracks: int
    vectors: int
    seconds: float  # of recordings


@dataclass(frozen=True)
class Health:
    """Whether an index is whole, with facts for pages and monitors."""

    is_complete: bool  # False: "nothing found" means nothing
    facts: dict[str, str | int | float]


class ReferenceIndex(Protocol):
    """One index. Every call may raise ``IndexUnavailable``: it learnt nothing, and another try may succeed."""

    def refresh(self) -> None:
        """Read what other processes have written since the last call."""

    def applied_sequence(self) -> int:
        """The number of the last operation of the log that was applied; 0 for none."""

    def apply(self, operations: Sequence[Operation]) -> None:
        """Apply ``operations``, which are in order. Applying them twice changes nothing."""

    def nearest(self, queries: Vectors, k: int, *, thorough: bool, without: Collection[int] = ()) -> Neighbours:
        """The ``k`` nearest vectors of each query vector that is heard, among those of the same half.

        ``without``: ids of tracks that are passed over. ``thorough``: read more lists where the index is approximate,
        which is worth its time for a few queries and not for thousands.
        """

    def scan(self, asked: QuerySketch, k: int) -> list[Spots]:
        """For each stretch of a query's sketch, the ``k`` tracks that agree best with it on one line.

        Every sketch in the index is compared. An index without sketches returns an empty list.
        """

    def twins(self, digest: bytes) -> list[int]:
        """The ids of the tracks with exactly this fingerprint (``Fingerprint.digest``), in order."""

    def size(self) -> Size:
        """How much the index holds."""

    def census(self) -> tuple[Ids, Ids]:
        """The (n,) ids of all tracks in order, and the (n,) numbers of their vectors. For verification.

        A track that is held twice by mistake is listed twice.
        """

    def exclusive(self) -> AbstractContextManager[object]:
        """The lock to hold around ``rebuild`` and ``checkpoint``. ``IndexBusy`` where another process holds it."""

    def rebuild(self, entries: Iterable[Entry], *, sequence: int, expected: int) -> None:
        """Replace everything by ``entries``, the state of the log at ``sequence``.

        ``entries``: in random order, about ``expected`` of them.
        """

    def checkpoint(self) -> None:
        """Store what is only in memory, so that a new process need not apply it again."""

    def health(self) -> Health:
        """Whether the index is whole. It is cheap: pages and monitors call it often."""
