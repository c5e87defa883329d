"""What one account finds: all that everybody finds, and its own unconfirmed fingerprints.

Unconfirmed fingerprints are in no shared index: a false one could crowd right answers out of it, for everybody. They
are few (`ACCOUNT_MAX_UNCONFIRMED_HOURS`), so each worker holds those of the accounts that it served last in small
indexes of their own.
"""

import threading
from collections import OrderedDict
from collections.abc import Collection

from django.conf import settings

from catalog.engine import Answer, Wanted
from catalog.engine import Fingerprint as EngineFingerprint
from catalog.engine.index.in_memory import EmbeddedIndex
from catalog.engine.index.interface import Operation, entries_of
from catalog.engine.search.budget import Progress
from catalog.engine.search.find import MOST_MATCHES, find
from catalog.engine.search.relation import closeness
from catalog.models import ClientFingerprint
from catalog.services.index import log
from catalog.services.index.searching import catalog_of, process_index, read_all

ACCOUNTS_HELD = 4  # indexes in one worker's memory
_BATCH = 50
_held: "OrderedDict[int, _OwnIndex]" = OrderedDict()
_lock = threading.Lock()


def find_for(
    owner_id: int,
    fingerprint: EngineFingerprint,
    *,
    exclude: Collection[int] = (),
    wanted: Wanted | None = None,
    progress: Progress | None = None,
) -> Answer:
    """Return what is in a query for one account, the closest first; see `find` of the engine.

    Raises:
        IndexUnavailable: the shared index does not answer.

    """
    shared = process_index.find(fingerprint, exclude=exclude, wanted=wanted, progress=progress)
    places = _places_of(owner_id)
    if not places:
        _held.pop(owner_id, None)
        return shared
    with _lock:
        own = _index_of(owner_id).find(fingerprint, places, exclude=exclude, wanted=wanted)
    limit = wanted.limit if wanted else MOST_MATCHES
    matches = sorted((*shared.matches, *own.matches), key=closeness)[:limit]
    return Answer(tuple(matches), shared.is_complete and own.is_complete, shared.effort)


def _places_of(owner_id: int) -> dict[int, int]:
    """Return the account's unconfirmed tracks that were added, and under which number of the log."""
    mine = ClientFingerprint.objects.filter(
        track__owner=owner_id, track__removed_at=None, confirmed_at=None, version=log.CURRENT_VERSION
    )
    return log.places_of(list(mine.values_list("track_id", flat=True)))


def _index_of(owner_id: int) -> "_OwnIndex":
    index = _held.setdefault(owner_id, _OwnIndex())
    _held.move_to_end(owner_id)
    while len(_held) > ACCOUNTS_HELD:
        _held.popitem(last=False)
    return index


class _OwnIndex:
    """One account's unconfirmed tracks."""

    def __init__(self) -> None:
        self._index = EmbeddedIndex()
        self._places: dict[int, int] = {}

    def find(
        self,
        fingerprint: EngineFingerprint,
        places: dict[int, int],
        *,
        exclude: Collection[int],
        wanted: Wanted | None,
    ) -> Answer:
        """Catch up with `places`, then look."""
        self._follow(places)
        return find(
            fingerprint,
            catalog_of(self._index, _fingerprints_of),
            exclude=set(exclude),
            wanted=wanted,
            cpu_s_a_minute=settings.NAMING_CPU_SECONDS_PER_MINUTE,
        )

    def _follow(self, places: dict[int, int]) -> None:
        self._apply([Operation(0, track_id, None) for track_id in self._places.keys() - places.keys()])
        new = sorted(track_id for track_id, place in places.items() if self._places.get(track_id) != place)
        for at in range(0, len(new), _BATCH):
            entries = entries_of(_stored(new[at : at + _BATCH]))
            self._apply([Operation(0, entry.track_id, entry) for entry in entries])
        self._places = dict(places)

    def _apply(self, operations: list[Operation]) -> None:
        self._index.apply(operations)
        if self._index.is_due():
            self._index.compact()


def _stored(track_ids: Collection[int]) -> dict[int, bytes]:
    rows = ClientFingerprint.objects.filter(track__in=track_ids, version=log.CURRENT_VERSION)
    return {track_id: bytes(data) for track_id, data in rows.values_list("track_id", "data")}


def _fingerprints_of(track_ids: Collection[int]) -> dict[int, EngineFingerprint]:
    return read_all(_stored(track_ids))
