"""``FingerprintIndex``: tracks in, matches out. Derived data: it can always be rebuilt from the fingerprints."""

import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from catalog.engine import storage
from catalog.engine.embedding import embed
from catalog.engine.errors import InvalidFingerprint
from catalog.engine.fingerprint import Fingerprint
from catalog.engine.params import PARAMETERS, PARAMETERS_VERSION
from catalog.engine.patches import centres, cut, move_rows
from catalog.engine.records import Match
from catalog.engine.search import Catalog, search
from catalog.engine.twins import twin_match
from catalog.engine.vectors import VectorStore
from catalog.engine.verification import FALSE_ACCEPT_LIMIT

MAX_TRACK_ID = (1 << 63) - 1


@dataclass(frozen=True)
class Entry:
    """One track of the index: ``stored`` is its fingerprint's bytes."""

    track_id: int
    slot: int
    duration_s: float
    digest: bytes
    stored: bytes


class FingerprintIndex:
    """Holds fingerprints in memory and finds recordings in them. Safe to use from several threads.

    Open it after a fork, not before. One FAISS thread is used.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._store = VectorStore()
        self._by_id: dict[int, Entry] = {}
        self._by_slot: dict[int, Entry] = {}
        self._by_digest: dict[bytes, set[int]] = {}  # fingerprint → track ids
        self._next_slot = 0
        self._total_s = 0.0

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, track_id: object) -> bool:
        return track_id in self._by_id

    def add(self, track_id: int, fingerprint: Fingerprint) -> None:
        """Add a track, or replace it; ``track_id`` is any signed 64-bit number.

        ``InvalidFingerprint`` for another version's fingerprint.
        """
        if not -MAX_TRACK_ID - 1 <= int(track_id) <= MAX_TRACK_ID:
            raise ValueError("A track id is a signed 64-bit number.")
        if fingerprint.parameters_version != PARAMETERS_VERSION:
            raise InvalidFingerprint("This fingerprint was made with other parameters.")
        places = centres(len(fingerprint.levels), PARAMETERS.reference_step)
        vectors = embed(cut(move_rows(fingerprint.picture, 0.0), places), places)
        stored = fingerprint.to_bytes()
        with self._lock:
            self.remove(track_id)
            entry = Entry(int(track_id), self._next_slot, fingerprint.duration_s, fingerprint.digest, stored)
            self._next_slot += 1
            self._store.add(entry.slot, vectors)
            self._enter(entry)

    def remove(self, track_id: int) -> None:
        """Take a track out; nothing happens when it is not in."""
        with self._lock:
            entry = self._by_id.pop(track_id, None)
            if entry is not None:
                del self._by_slot[entry.slot]
                self._by_digest[entry.digest].discard(entry.track_id)
                if not self._by_digest[entry.digest]:
                    del self._by_digest[entry.digest]
                self._store.remove(entry.slot)
                self._total_s -= entry.duration_s

    def search(
        self,
        fingerprint: Fingerprint,
        *,
        exclude: Collection[int] = (),
        limit: int = 10,
        include_weak: bool = False,
        false_accept_limit: float = FALSE_ACCEPT_LIMIT,
    ) -> list[Match]:
        """Tracks that share a recording with the query, best first.

        ``exclude``: track ids that do not count. ``include_weak``: also what was looked at and not believed (verdict
        "none"). ``false_accept_limit``: a match is believed when chance would give it less often than this a search.
        ``InvalidFingerprint`` for another version's fingerprint.
        """
        if fingerprint.parameters_version != PARAMETERS_VERSION:
            raise InvalidFingerprint("This fingerprint was made with other parameters.")
        with self._lock:
            excluded = {self._by_id[track_id].slot for track_id in exclude if track_id in self._by_id}
            catalog = self._catalog(false_accept_limit)
            found = {match.track_id: match for match in search(fingerprint, catalog, excluded)}
            for twin in self._by_digest.get(fingerprint.digest, set()).difference(exclude):
                found[twin] = twin_match(twin, fingerprint.duration_s)
        matches = [match for match in found.values() if include_weak or match.verdict != "none"]
        return sorted(matches, key=lambda match: (-match.score, match.track_id))[:limit]

    def save(self, path: str | Path) -> None:
        """Write everything to one file, atomically: a reader sees the old one or the new one, whole."""
        with self._lock:
            storage.write(Path(path), self._store.dump(), [storage.Row(**vars(e)) for e in self._by_id.values()])

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """What ``save`` wrote. ``InvalidIndex`` when it is damaged or of another version."""
        arrays, rows = storage.read(Path(path))
        index = cls()
        index._store.restore(arrays)
        for row in rows:
            index._enter(Entry(**vars(row)))
        index._next_slot = 1 + max((row.slot for row in rows), default=-1)
        return index

    def _enter(self, entry: Entry) -> None:
        self._by_id[entry.track_id] = entry
        self._by_slot[entry.slot] = entry
        self._by_digest.setdefault(entry.digest, set()).add(entry.track_id)
        self._total_s += entry.duration_s

    def _catalog(self, false_accept_limit: float) -> Catalog:
        return Catalog(
            store=self._store,
            picture=lambda slot: Fingerprint.from_bytes(self._by_slot[slot].stored).picture,
            duration_s=lambda slot: self._by_slot[slot].duration_s,
            track_id=lambda slot: self._by_slot[slot].track_id,
            total_s=self._total_s,
            false_accept_limit=false_accept_limit,
        )
