"""``FingerprintIndex``: tracks in, matches out, all in memory; and the search over any ``ReferenceIndex``."""

import threading
from collections.abc import Collection
from dataclasses import replace

from catalog.engine.errors import InvalidFingerprint
from catalog.engine.features.fingerprint import Fingerprint
from catalog.engine.index.in_memory import EmbeddedIndex
from catalog.engine.index.interface import Entry, Operation
from catalog.engine.match import Match, twin_match
from catalog.engine.parameters import PARAMETERS_VERSION
from catalog.engine.search.budget import Progress
from catalog.engine.search.naming import CPU_S_A_MINUTE, Answer, name_everything
from catalog.engine.search.relation import closeness
from catalog.engine.search.search import Catalog, search
from catalog.engine.verification.limits import LIMITS

MAX_TRACK_ID = (1 << 63) - 1


def find(
    fingerprint: Fingerprint,
    catalog: Catalog,
    *,
    exclude: Collection[int] = (),
    limit: int = 10,
    include_weak: bool = False,
) -> list[Match]:
    """Tracks of ``catalog`` that share a recording with the query, best first.

    ``exclude``: track ids that do not count. ``include_weak``: also what was looked at and not believed (verdict
    "none"). A blank fingerprint matches nothing: another one like it is equal to it whatever it is of.
    ``InvalidFingerprint`` for another version's fingerprint, ``IndexUnavailable`` where the index is.
    """
    _refuse_other_version(fingerprint)
    if fingerprint.is_blank:
        return []
    found = {match.track_id: match for match in search(fingerprint, catalog, exclude)}
    for twin in set(catalog.index.twins(fingerprint.digest)).difference(exclude):
        found[twin] = twin_match(twin, fingerprint.duration_s)
    matches = [match for match in found.values() if include_weak or match.verdict != "none"]
    return sorted(matches, key=lambda match: (-match.score, match.track_id))[:limit]


def name_all(
    fingerprint: Fingerprint,
    catalog: Catalog,
    *,
    exclude: Collection[int] = (),
    cpu_s_a_minute: float = CPU_S_A_MINUTE,
    progress: Progress | None = None,
) -> Answer:
    """Every recording that is in the query, with its relation, the closest first; see ``name_everything``.

    ``InvalidFingerprint`` for another version's fingerprint, ``IndexUnavailable`` where the index is.
    """
    _refuse_other_version(fingerprint)
    if fingerprint.is_blank:
        return Answer((), is_complete=True)
    answer = name_everything(fingerprint, catalog, exclude, cpu_s_a_minute=cpu_s_a_minute, progress=progress)
    found = {match.track_id: match for match in answer.matches}
    for twin in set(catalog.index.twins(fingerprint.digest)).difference(exclude):
        found[twin] = twin_match(twin, fingerprint.duration_s)
    return replace(answer, matches=tuple(sorted(found.values(), key=closeness)))


def _refuse_other_version(fingerprint: Fingerprint) -> None:
    if fingerprint.parameters_version != PARAMETERS_VERSION:
        raise InvalidFingerprint("This fingerprint was made with other parameters.")


class FingerprintIndex:
    """Holds fingerprints in memory and finds recordings in them. Safe to use from several threads.

    Open it after a fork, not before. One FAISS thread is used.
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
        """Add a track, or replace it; ``track_id`` is any signed 64-bit number.

        ``InvalidFingerprint`` for another version's fingerprint.
        """
        if not -MAX_TRACK_ID - 1 <= int(track_id) <= MAX_TRACK_ID:
            raise ValueError("A track id is a signed 64-bit number.")
        _refuse_other_version(fingerprint)
        entry, stored = Entry.of(int(track_id), fingerprint), fingerprint.to_bytes()
        with self._lock:
            self._write(entry.track_id, entry)
            self._stored[entry.track_id] = stored

    def remove(self, track_id: int) -> None:
        """Take a track out; nothing happens when it is not in."""
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
        """Tracks that share a recording with the query, best first: ``find`` in what this index holds.

        ``false_accept_limit``: a match is believed when chance would give it less often than this a search.
        """
        with self._lock:
            catalog = self._catalog(false_accept_limit)
            return find(fingerprint, catalog, exclude=exclude, limit=limit, include_weak=include_weak)

    def name_everything(self, fingerprint: Fingerprint, *, exclude: Collection[int] = ()) -> Answer:
        """Every recording that is in the query, the closest first: ``name_all`` in what this index holds."""
        with self._lock:
            return name_all(fingerprint, self._catalog(), exclude=exclude)

    def _catalog(self, false_accept_limit: float = LIMITS.false_accept) -> Catalog:
        return Catalog(self._index, self._fingerprints, false_accept_limit)

    def _write(self, track_id: int, entry: Entry | None) -> None:
        self._index.apply([Operation(self._index.applied_sequence() + 1, track_id, entry)])
        if self._index.is_due():
            self._index.compact()

    def _fingerprints(self, track_ids: Collection[int]) -> dict[int, Fingerprint]:
        return {track_id: Fingerprint.from_bytes(self._stored[track_id]) for track_id in track_ids}
