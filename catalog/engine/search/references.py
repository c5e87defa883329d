"""The fingerprints of the tracks that a search compares, and how many of them it holds at once."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TypeVar

from catalog.engine.alignment.comparison import Comparison
from catalog.engine.alignment.line import Reference
from catalog.engine.features.fingerprint import Fingerprint
from catalog.engine.features.query import Query
from catalog.engine.search.sound import Sound
from catalog.engine.verification.decision import Chance
from catalog.engine.verification.verify import Case

KEPT_COLUMNS = 60_000  # of references whose pictures and vectors are held: an hour, some 40 MB
KEPT_LEVELS = 600_000  # columns of fingerprints that are held: ten hours, 42 MB
FETCHED = 64  # fingerprints that are fetched together, of tracks that are looked at in turn
Item = TypeVar("Item")
Fetch = Callable[[Collection[int]], Mapping[int, Fingerprint]]


class References:
    """Fingerprints by track id. They are fetched many at a time, and those used least recently are dropped.

    ``fetch``: gives the fingerprints of some ids; it leaves out tracks that are gone.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._fingerprints: OrderedDict[int, Fingerprint] = OrderedDict()
        self._columns = 0  # of these
        self._references: OrderedDict[int, Reference] = OrderedDict()
        self._sounds: dict[int, Sound] = {}
        self._gone: set[int] = set()

    def fetch(self, track_ids: Collection[int]) -> None:
        """Fetch those that are not held, in one call: it may be a query of a database."""
        missing = set(track_ids) - self._fingerprints.keys() - self._gone
        if missing:
            found = self._fetch(missing)
            self._fingerprints.update(found)
            self._columns += sum(len(one.levels) for one in found.values())
            self._gone |= missing - found.keys()
        for track_id in track_ids:
            if track_id in self._fingerprints:
                self._fingerprints.move_to_end(track_id)
        while self._columns > KEPT_LEVELS and len(self._fingerprints) > len(set(track_ids)):
            _, let_go = self._fingerprints.popitem(last=False)
            self._columns -= len(let_go.levels)

    def in_turn(self, items: Sequence[Item], track_of: Callable[[Item], int]) -> Iterator[Item]:
        """The items whose tracks exist, in order. Their fingerprints are fetched some at a time, as they are used."""
        for first in range(0, len(items), FETCHED):
            some = items[first : first + FETCHED]
            self.fetch({track_of(one) for one in some})
            yield from (one for one in some if self.is_there(track_of(one)))

    def is_there(self, track_id: int) -> bool:
        """Whether a track exists, after its fingerprint was fetched."""
        return track_id not in self._gone

    def reference(self, track_id: int) -> Reference:
        """The track as ``Reference``. ``KeyError`` where it is gone."""
        reference = self._references.pop(track_id, None) or Reference(self._fingerprint(track_id))
        self._references[track_id] = reference
        while len(self._references) > 1 and sum(one.columns for one in self._references.values()) > KEPT_COLUMNS:
            self._references.popitem(last=False)
        return reference

    def case(self, query: Query, track_id: int, chance: Chance) -> Case:
        """The query beside the track, to be verified. ``KeyError`` where the track is gone."""
        pair = Comparison(query, self.reference(track_id))
        return Case(pair, track_id, self._fingerprint(track_id).duration_s, chance)

    def sound(self, track_id: int) -> Sound:
        """Where the track sounds. ``KeyError`` where it is gone."""
        if track_id not in self._sounds:
            self._sounds[track_id] = Sound.of(self._fingerprint(track_id))
        return self._sounds[track_id]

    def _fingerprint(self, track_id: int) -> Fingerprint:
        if track_id not in self._fingerprints:
            self.fetch([track_id])
        return self._fingerprints[track_id]
