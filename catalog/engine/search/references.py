"""The fingerprints behind the tracks of a search, and how many pictures of them are held at once."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping

from catalog.engine.alignment.line import Reference
from catalog.engine.features.fingerprint import Fingerprint
from catalog.engine.features.sounding import sounding
from catalog.engine.search.sound import Sound

KEPT_COLUMNS = 120_000  # of references whose pictures and vectors are held: two hours, some 80 MB
Fetch = Callable[[Collection[int]], Mapping[int, Fingerprint]]


class References:
    """Tracks by id. Fingerprints are fetched many at a time, and those used least recently are let go."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._fingerprints: dict[int, Fingerprint] = {}
        self._references: OrderedDict[int, Reference] = OrderedDict()
        self._sounds: dict[int, Sound] = {}
        self._gone: set[int] = set()

    def fetch(self, track_ids: Collection[int]) -> None:
        """Get what is not known yet in one call: behind it may be a database."""
        missing = set(track_ids) - self._fingerprints.keys() - self._gone
        if missing:
            found = self._fetch(missing)
            self._fingerprints.update(found)
            self._gone |= missing - found.keys()

    def __contains__(self, track_id: object) -> bool:
        return track_id in self._fingerprints

    def reference(self, track_id: int) -> Reference:
        """The track's picture, embedded as far as it was looked at."""
        reference = self._references.pop(track_id, None) or Reference(self._fingerprints[track_id].picture)
        self._references[track_id] = reference
        while len(self._references) > 1 and sum(one.columns for one in self._references.values()) > KEPT_COLUMNS:
            self._references.popitem(last=False)
        return reference

    def duration_s(self, track_id: int) -> float:
        """The track's length."""
        return self._fingerprints[track_id].duration_s

    def sound(self, track_id: int) -> Sound:
        """Where the track sounds."""
        if track_id not in self._sounds:
            self._sounds[track_id] = Sound(sounding(self.reference(track_id).picture), self.duration_s(track_id))
        return self._sounds[track_id]
