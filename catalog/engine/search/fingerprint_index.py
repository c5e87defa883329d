"""``FingerprintIndex``: tracks in, matches out, all in memory."""

import threading
from collections.abc import Collection

from catalog.engine.features.fingerprint import Fingerprint
from catalog.engine.index.in_memory import EmbeddedIndex
from catalog.engine.index.interface import Entry, Operation
from catalog.engine.match import Match
from catalog.engine.search.find import Answer, Effort, Wanted, find, refuse_other_version
from catalog.engine.search.search import Catalog
from catalog.engine.verification.limits import LIMITS

MAX_TRACK_ID = (1 << 63) - 1


class FingerprintIndex:
    """Holds fingerprints in memory and finds recordings in them. Safe to use from several threads.

    Open it after a fork, not before. FAISS uses one thread.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._index = EmbeddedIndex()
        self._stored: dict[int, bytes] = {}  # a fingerprint's bytes are a tenth of its picture

    def __len__(self) -> int:
        return len(self._stored)

    def __contains__(self, track_id: object) -> bool:
        return track_id in self._stored

    def add(self, track_id: int, fingerprint: Fingerprint) -> None:
        """Add a track, or replace it. ``track_id`` is any signed 64-bit number, else ``ValueError``.

        ``InvalidFingerprint`` for a fingerprint of another version.
        """
        if not -MAX_TRACK_ID - 1 <= int(track_id) <= MAX_TRACK_ID:
            raise ValueError("A track id is a signed 64-bit number.")
        refuse_other_version(fingerprint)
        entry, stored = Entry.of(int(track_id), fingerprint), fingerprint.to_bytes()
        with self._lock:
            self._write(entry.track_id, entry)
            self._stored[entry.track_id] = stored

    def remove(self, track_id: int) -> None:
        """Remove a track; an unknown id does nothing."""
        with self._lock:
            if self._stored.pop(track_id, None) is not None:
                self._write(track_id, None)

    def search(
        self,
        fingerprint: Fingerprint,
        *,
        exclude: Collection[int] = (),
        limit: int = 10,
        include_weak: bool = False,
        false_accept_limit: float = LIMITS.false_accept,
    ) -> list[Match]:
        """Tracks that share a recording with the query, the closest first, at most ``limit``.

        ``exclude``: ids of tracks that are left out. ``include_weak``: also what was not believed (verdict "none").
        ``false_accept_limit``: the largest probability of a match by chance, in one search, at which it is believed.
        ``InvalidFingerprint`` for a fingerprint of another version.
        """
        wanted = Wanted(limit, weak=include_weak)
        answer = self.find(fingerprint, exclude=exclude, wanted=wanted, false_accept_limit=false_accept_limit)
        return list(answer.matches)

    def find(
        self,
        fingerprint: Fingerprint,
        *,
        exclude: Collection[int] = (),
        effort: Effort = "auto",
        wanted: Wanted | None = None,
        false_accept_limit: float = LIMITS.false_accept,
    ) -> Answer:
        """The same with all that ``find.find`` offers; see there."""
        with self._lock:
            catalog = self._catalog(false_accept_limit)
            return find(fingerprint, catalog, exclude=exclude, effort=effort, wanted=wanted)

    def _catalog(self, false_accept_limit: float = LIMITS.false_accept) -> Catalog:
        return Catalog(self._index, self._fingerprints, false_accept_limit)

    def _write(self, track_id: int, entry: Entry | None) -> None:
        self._index.apply([Operation(self._index.applied_sequence() + 1, track_id, entry)])
        if self._index.is_due():
            self._index.compact()

    def _fingerprints(self, track_ids: Collection[int]) -> dict[int, Fingerprint]:
        return {track_id: Fingerprint.from_bytes(self._stored[track_id]) for track_id in track_ids}
