"""What a search needs of an index, whichever one runs: vectors and sketches of many tracks, kept up to date from a log.

An index knows no audio and no pictures: those come from whoever holds the fingerprints.
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
from catalog.engine.features.patches import move_rows
from catalog.engine.features.sketch import Codes, QuerySketch, sketched
from catalog.engine.features.spectrogram import Floats
from catalog.engine.index.layout import reference_vectors

Ids = NDArray[np.int64]
log = logging.getLogger(__name__)
NOTHING = -1.0  # similarity where fewer than k neighbours exist


@dataclass(frozen=True)
class Entry:
    """What an index keeps of one track."""

    track_id: int  # any signed 64-bit number
    duration_s: float
    digest: bytes  # 16 bytes, equal for equal fingerprints
    vectors: Vectors  # those not heard are left out; row = position, REFERENCE_STEP_S apart
    sketch: Codes

    @classmethod
    def of(cls, track_id: int, fingerprint: Fingerprint) -> Self:
        """The entry of a fingerprint."""
        picture = move_rows(fingerprint.picture, 0.0)
        vectors, sketch = reference_vectors(picture), sketched(picture)
        return cls(track_id, fingerprint.duration_s, fingerprint.digest, vectors, sketch)


def entries_of(stored: Mapping[int, bytes]) -> list[Entry]:
    """The entries of tracks; those whose bytes are damaged are left out, and said in the log."""
    entries = []
    for track_id, data in stored.items():
        try:
            entries.append(Entry.of(track_id, Fingerprint.from_bytes(data)))
        except InvalidFingerprint as error:
            log.warning("The fingerprint of track %s is left out: %s", track_id, error)
    return entries


@dataclass(frozen=True)
class Operation:
    """Operation ``sequence`` of the log: put a track in (or replace it), or take it out where ``entry`` is None."""

    sequence: int
    track_id: int
    entry: Entry | None


@dataclass(frozen=True)
class Neighbours:
    """(HALVES, n, k) each, nearest first: cosine, track and position; ``NOTHING`` and 0 where there are fewer."""

    similarity: Floats
    track_id: Ids
    position: Ids


@dataclass(frozen=True)
class Spots:
    """(n,) each, best first: sums of products on the best line of a track, the track, and how many columns later a
    column of the query lies in the reference."""

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
    """Whether an index can be believed, and what a person may want to know of it."""

    is_complete: bool  # False: "nothing found" means nothing
    facts: dict[str, str | int | float]


class ReferenceIndex(Protocol):
    """One index. Its calls may raise ``IndexUnavailable``: nothing was found out, try later."""

    def refresh(self) -> None:
        """Take over what other processes have written since."""

    def applied_sequence(self) -> int:
        """The last operation of the log that this index has seen; 0 for none."""

    def apply(self, operations: Sequence[Operation]) -> None:
        """Bring the index up to the last of ``operations``, in order. Applying twice changes nothing."""

    def nearest(self, queries: Vectors, k: int, *, thorough: bool, without: Collection[int] = ()) -> Neighbours:
        """The ``k`` nearest vectors of each query vector that is heard, of the same half, in one call.

        ``without``: tracks that are passed over. ``thorough``: look farther where the index is approximate; few queries
        are worth it, thousands are not.
        """

    def scan(self, asked: QuerySketch, k: int) -> list[Spots]:
        """For each stretch of a query's sketch the ``k`` tracks that agree best with it on one line.

        All of the index is looked through; one that keeps no sketches returns an empty list.
        """

    def twins(self, digest: bytes) -> list[int]:
        """The tracks with exactly this fingerprint."""

    def size(self) -> Size:
        """How much it holds."""

    def census(self) -> tuple[Ids, Ids]:
        """Every track that is in (twice where it is doubled), in order, and its number of vectors. For verification."""

    def exclusive(self) -> AbstractContextManager[object]:
        """Held around ``rebuild`` and ``checkpoint``. ``IndexBusy`` where another process is at it."""

    def rebuild(self, entries: Iterable[Entry], *, sequence: int, expected: int) -> None:
        """Forget everything and hold ``entries`` (in no order, about ``expected``): the log's state at ``sequence``."""

    def checkpoint(self) -> None:
        """Write down what is only in memory, so that a new process need not apply it again."""

    def health(self) -> Health:
        """Look whether everything is there. Cheap: for pages and monitors."""
