"""The index of this process: opened after the fork, and caught up from the database before every search."""

import threading
from collections.abc import Iterable, Sequence

import numpy as np
import structlog
from django.conf import settings

from catalog.engine import Fingerprint as EngineFingerprint
from catalog.engine import Fingerprinter, FingerprintError, FingerprintIndex
from catalog.engine import Match as EngineMatch
from catalog.models import Fingerprint, IndexOperation
from catalog.services import index_files
from catalog.services.index_log import CURRENT_VERSION

log = structlog.get_logger(__name__)
_BATCH_OPERATIONS = 200
WARM_UP_SAMPLES = 4 * 16_000  # just over the shortest that the engine takes


class CaughtUpIndex:
    """An in-memory index that follows the database's log of operations.

    Every process that searches has one of its own: no lock between processes, no server to run, and a search sees
    every add that was committed before it began.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._index: FingerprintIndex | None = None
        self._applied_sequence = 0

    @property
    def applied_sequence(self) -> int:
        """The last operation that this index has seen."""
        return self._applied_sequence

    def search(self, fingerprint: EngineFingerprint, *, exclude: Iterable[int], limit: int) -> Sequence[EngineMatch]:
        """Catch up, then return at most `limit` matches, best first, none of them a track id in `exclude`."""
        with self._lock:
            believed = settings.FALSE_ACCEPT_LIMIT
            index = self._caught_up()
            return index.search(fingerprint, exclude=set(exclude), limit=limit, false_accept_limit=believed)

    def warm_up(self) -> None:
        """Load the libraries, the projection and the index now, so that the first task of a worker is not slow."""
        noise = np.random.default_rng(0).standard_normal(WARM_UP_SAMPLES).astype(np.float32)
        self.search(Fingerprinter.of_samples(noise), exclude=(), limit=1)

    def checkpoint(self) -> int:
        """Catch up and write the index to a new file generation; return the sequence it stands at."""
        with self._lock:
            index_files.write(index=self._caught_up(), sequence=self._applied_sequence)
            return self._applied_sequence

    def rebuild(self) -> int:
        """Forget everything, apply the whole log again and write it; return the number of tracks."""
        with self._lock:
            self._index, self._applied_sequence = FingerprintIndex(), 0
            index = self._caught_up()
            index_files.write(index=index, sequence=self._applied_sequence)
            return len(index)

    def _caught_up(self) -> FingerprintIndex:
        if self._index is None:
            self._index, self._applied_sequence = index_files.read_newest()
        while operations := self._unseen():
            self._apply(self._index, operations)
            self._applied_sequence = operations[-1].sequence
        return self._index

    def _unseen(self) -> list[IndexOperation]:
        return list(IndexOperation.objects.filter(sequence__gt=self._applied_sequence)[:_BATCH_OPERATIONS])

    def _apply(self, index: FingerprintIndex, operations: Sequence[IndexOperation]) -> None:
        """Bring each named track to its last state in `operations`. Applying twice changes nothing."""
        last = {operation.track_key: operation for operation in operations}
        added = [key for key, operation in last.items() if operation.kind == IndexOperation.Kind.ADD]
        fingerprints = _fingerprints(added)
        for key in last:
            fingerprint = fingerprints.get(key)
            if fingerprint is not None:
                index.add(key, fingerprint)
            elif key in index:
                index.remove(key)


def _fingerprints(track_ids: Sequence[int]) -> dict[int, EngineFingerprint]:
    """Return the fingerprints of the tracks that still have one; a removed track's is gone, and its removal follows."""
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
