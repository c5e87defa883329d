"""The index of this process: opened after the fork, and brought up to date from the database before every search."""

import os
import random
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import structlog
from django.conf import settings

from catalog.engine import Answer, Fingerprinter, FingerprintError, IndexUnavailable, Wanted
from catalog.engine import Fingerprint as EngineFingerprint
from catalog.engine import Match as EngineMatch
from catalog.engine.audio.sandbox import die_with_parent
from catalog.engine.index.interface import Entry, Operation, ReferenceIndex, Size, entries_of
from catalog.engine.search.budget import Progress as NamingProgress
from catalog.engine.search.find import Effort, find
from catalog.engine.search.references import Fetch
from catalog.engine.search.relation import Shares
from catalog.engine.search.search import Catalog
from catalog.models import ClientFingerprint, Fingerprint, IndexOperation
from catalog.services.index import log as index_log
from catalog.services.index import status
from catalog.services.index.backend import open_index
from catalog.services.index.log import CURRENT_VERSION

log = structlog.get_logger(__name__)
_BATCH_OPERATIONS = 200
PARALLEL_FROM = 500  # tracks, from which the processes are worth their start
REBUILD_FROM = 1000  # operations behind, from which the index is made anew rather than caught up
Progress = Callable[[Iterable[Entry], int], Iterable[Entry]]  # (what comes, how many) → the same, shown
WARM_UP_SAMPLES = 4 * 16_000  # just over the shortest that the engine takes


def _plain(entries: Iterable[Entry], count: int) -> Iterable[Entry]:  # noqa: ARG001
    return entries


def catalog_of(index: ReferenceIndex, fingerprints: Fetch) -> Catalog:
    """Return what a search looks through, with the limits that the settings say."""
    shares = Shares(settings.WHOLE_SHARE, settings.JOINED_SHARE)
    return Catalog(index, fingerprints, settings.FALSE_ACCEPT_LIMIT, shares)


class CaughtUpIndex:
    """The index of one process, which follows the database's log of operations.

    A search sees every add that was committed before it began, whichever process did it.
    """

    def __init__(self, *, most_behind: int | None = None) -> None:
        """Apply at most `most_behind` operations before a search; if more are missing, wait for a new generation."""
        self._lock = threading.Lock()
        self._index: ReferenceIndex | None = None
        self._most_behind = most_behind

    @property
    def applied_sequence(self) -> int:
        """The last operation that this index has seen."""
        return self._index.applied_sequence() if self._index else 0

    def search(self, fingerprint: EngineFingerprint, *, exclude: Iterable[int], limit: int) -> Sequence[EngineMatch]:
        """Catch up, then return at most `limit` matches, the closest first, none of them a track id in `exclude`."""
        return self.find(fingerprint, exclude=exclude, wanted=Wanted(limit)).matches

    def find(
        self,
        fingerprint: EngineFingerprint,
        *,
        exclude: Iterable[int] = (),
        effort: Effort = "auto",
        wanted: Wanted | None = None,
        progress: NamingProgress | None = None,
    ) -> Answer:
        """Catch up, then return what is in a query, the closest first; see `find` of the engine."""
        with self._lock:
            return find(
                fingerprint,
                catalog_of(self._caught_up(), fingerprints_of),
                exclude=set(exclude),
                effort=effort,
                wanted=wanted,
                cpu_s_a_minute=settings.NAMING_CPU_SECONDS_PER_MINUTE,
                progress=progress,
            )

    def warm_up(self) -> None:
        """Load the libraries, the projection and the index now, so that the first task of a worker is not slow."""
        noise = np.random.default_rng(0).standard_normal(WARM_UP_SAMPLES).astype(np.float32)
        self.search(Fingerprinter.of_samples(noise), exclude=(), limit=1)

    def compact(self) -> Size:
        """Catch up and write what is only in memory to files; if most of the index is missing, write all of it anew.

        Raises:
            IndexBusy: another process is at it.

        """
        with self._lock, self._opened().exclusive():
            index = self._opened()
            index.refresh()
            behind = index_log.count_after(index.applied_sequence())
            if behind > max(REBUILD_FROM, index.size().tracks):
                self._rebuild(index, _plain)
            self._catch_up(index)
            index.checkpoint()
            return index.size()

    def rebuild(self, progress: Progress = _plain) -> Size:
        """Make the index again from the database's fingerprints. Searches go on meanwhile, in the old one.

        Raises:
            IndexBusy: another process is at it.

        """
        with self._lock, self._opened().exclusive():
            index = self._opened()
            self._rebuild(index, progress)
            self._catch_up(index)
            index.checkpoint()
            return index.size()

    def opened(self) -> ReferenceIndex:
        """Return the index, up to date, for a look."""
        with self._lock:
            return self._caught_up()

    def _opened(self) -> ReferenceIndex:
        if self._index is None:
            self._index = open_index()
        return self._index

    def _rebuild(self, index: ReferenceIndex, progress: Progress) -> None:
        sequence = index_log.last_sequence()
        track_ids = index_log.tracks_at(sequence)
        random.Random(sequence).shuffle(track_ids)  # noqa: S311  (the first ones are what the index learns from)
        index.rebuild(progress(_entries(track_ids), len(track_ids)), sequence=sequence, expected=len(track_ids))

    def _caught_up(self) -> ReferenceIndex:
        index = self._opened()
        index.refresh()
        if self._most_behind is not None and index_log.count_after(index.applied_sequence()) > self._most_behind:
            raise IndexUnavailable("The index is being rebuilt from the database.")
        self._catch_up(index)
        return index

    def _catch_up(self, index: ReferenceIndex) -> None:
        while rows := index_log.after(index.applied_sequence(), limit=_BATCH_OPERATIONS):
            index.apply(_operations(rows))


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
    """Read fingerprints in batches; many of them are turned into vectors in processes of their own, one a core."""
    batches = (_stored(track_ids[at : at + _BATCH_OPERATIONS]) for at in range(0, len(track_ids), _BATCH_OPERATIONS))
    if len(track_ids) < PARALLEL_FROM:
        yield from (entry for batch in batches for entry in entries_of(batch))
        return
    with worker_processes() as pool:
        waiting: deque[Future[list[Entry]]] = deque()
        for batch in batches:
            waiting.append(pool.submit(entries_of, batch))
            if len(waiting) > 2 * (os.cpu_count() or 1):
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def worker_processes() -> ProcessPoolExecutor:
    """Return a pool of one process for each core, which ends with this process, however that ends.

    They are spawned, not forked, so that no lock and no connection of this process is copied.
    """
    return ProcessPoolExecutor(
        os.cpu_count(), mp_context=get_context("spawn"), initializer=die_with_parent, initargs=(os.getpid(),)
    )


def fingerprints_of(track_ids: Collection[int]) -> dict[int, EngineFingerprint]:
    """Return the fingerprints of those tracks that have one of this version."""
    return read_all(_stored(track_ids))


def read_all(stored: Mapping[int, bytes]) -> dict[int, EngineFingerprint]:
    """Return fingerprints from their bytes; damaged ones are left out and logged."""
    fingerprints = {}
    for track_id, data in stored.items():
        try:
            fingerprints[track_id] = EngineFingerprint.from_bytes(data)
        except FingerprintError as error:
            log.warning("fingerprint_read_failed", track_id=track_id, reason=str(error))
    return fingerprints


def _stored(track_ids: Collection[int]) -> dict[int, bytes]:
    rows = Fingerprint.objects.filter(audio_file__tracks__in=track_ids, version=CURRENT_VERSION).values_list(
        "audio_file__tracks", "data"
    )
    wanted = set(track_ids)
    found = {track_id: bytes(data) for track_id, data in rows if track_id in wanted}
    # Made by clients: those that everybody may find.
    confirmed = ClientFingerprint.objects.filter(
        track__in=wanted - found.keys(), version=CURRENT_VERSION, confirmed_at__isnull=False
    )
    return found | {track_id: bytes(data) for track_id, data in confirmed.values_list("track_id", "data")}


# One a process: made empty at import, filled after the fork by the first search.
process_index = CaughtUpIndex(most_behind=status.MOST_BEHIND)
