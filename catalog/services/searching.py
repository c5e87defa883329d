"""The index of this process: opened after the fork, and caught up from the database before every search."""

import threading
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np
import structlog
from django.conf import settings

from catalog.engine import Fingerprint as EngineFingerprint
from catalog.engine import Fingerprinter, FingerprintError
from catalog.engine import Match as EngineMatch
from catalog.engine.index import find
from catalog.engine.reference_index import Entry, Operation, ReferenceIndex
from catalog.engine.search import Catalog
from catalog.models import Fingerprint, IndexOperation
from catalog.services import index_log
from catalog.services.index_backend import open_index
from catalog.services.index_log import CURRENT_VERSION

log = structlog.get_logger(__name__)
_BATCH_OPERATIONS = 200
WARM_UP_SAMPLES = 4 * 16_000  # just over the shortest that the engine takes


class CaughtUpIndex:
    """This process's index, which follows the database's log of operations.

    A search sees every add that was committed before it began, whichever process did it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._index: ReferenceIndex | None = None

    @property
    def applied_sequence(self) -> int:
        """The last operation that this index has seen."""
        return self._index.applied_sequence() if self._index else 0

    def search(self, fingerprint: EngineFingerprint, *, exclude: Iterable[int], limit: int) -> Sequence[EngineMatch]:
        """Catch up, then return at most `limit` matches, best first, none of them a track id in `exclude`."""
        with self._lock:
            catalog = Catalog(self._caught_up(), fingerprints_of, settings.FALSE_ACCEPT_LIMIT)
            return find(fingerprint, catalog, exclude=set(exclude), limit=limit)

    def warm_up(self) -> None:
        """Load the libraries, the projection and the index now, so that the first task of a worker is not slow."""
        noise = np.random.default_rng(0).standard_normal(WARM_UP_SAMPLES).astype(np.float32)
        self.search(Fingerprinter.of_samples(noise), exclude=(), limit=1)

    def checkpoint(self) -> int:
        """Catch up and write down what is only in memory; return the sequence the index stands at."""
        with self._lock:
            index = self._caught_up()
            index.checkpoint()
            return index.applied_sequence()

    def rebuild(self) -> int:
        """Make the index anew from the database's fingerprints; return the number of tracks."""
        with self._lock:
            index = self._opened()
            sequence = index_log.last_sequence()
            track_ids = index_log.tracks_at(sequence)
            index.rebuild(_entries(track_ids), sequence=sequence, expected=len(track_ids))
            index = self._caught_up()
            index.checkpoint()
            return index.size().tracks

    def _opened(self) -> ReferenceIndex:
        if self._index is None:
            self._index = open_index()
        return self._index

    def _caught_up(self) -> ReferenceIndex:
        index = self._opened()
        index.refresh()
        while rows := index_log.after(index.applied_sequence(), limit=_BATCH_OPERATIONS):
            index.apply(_operations(rows))
        return index


def _operations(rows: Sequence[IndexOperation]) -> list[Operation]:
    """Return the last word of `rows` on each track, with the track's vectors where it is in.

    A track whose fingerprint is gone is taken out: its removal follows in the log.
    """
    last = {row.track_key: row for row in rows}
    found = fingerprints_of([key for key, row in last.items() if row.kind == IndexOperation.Kind.ADD])
    operations = [
        Operation(row.sequence, key, Entry.of(key, found[key]) if key in found else None) for key, row in last.items()
    ]
    return sorted(operations, key=lambda operation: operation.sequence)


def _entries(track_ids: Sequence[int]) -> Iterator[Entry]:
    for start in range(0, len(track_ids), _BATCH_OPERATIONS):
        found = fingerprints_of(track_ids[start : start + _BATCH_OPERATIONS])
        yield from (Entry.of(track_id, fingerprint) for track_id, fingerprint in found.items())


def fingerprints_of(track_ids: Collection[int]) -> dict[int, EngineFingerprint]:
    """Return the fingerprints of the tracks that still have one of this version, in one query."""
    rows = Fingerprint.objects.filter(audio_file__tracks__in=track_ids, version=CURRENT_VERSION).values_list(
        "audio_file__tracks", "data"
    )
    wanted = set(track_ids)
    fingerprints = {}
    for track_id, data in rows:
        if track_id in wanted:
            try:
                fingerprints[track_id] = EngineFingerprint.from_bytes(bytes(data))
            except FingerprintError as error:
                log.warning("fingerprint_unreadable", track_id=track_id, reason=str(error))
    return fingerprints


# One a process: made empty at import, filled after the fork by the first search.
process_index = CaughtUpIndex()
