"""The order of a search: a few moments of the plain query, then all of them, then the altered ones.

Each step is taken only when the one before found nothing sure.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from catalog.engine import verification
from catalog.engine.alignment import HOP_S, Reference
from catalog.engine.fingerprint import Fingerprint
from catalog.engine.patches import HALVES, centres
from catalog.engine.query import PLAIN, Probe, Query, probe_grid
from catalog.engine.records import Match
from catalog.engine.spectrogram import Floats
from catalog.engine.vectors import VectorStore
from catalog.engine.voting import VOTE_FLOOR, Candidate, Votes, candidates

NEIGHBOURS = 6
PLAIN_LISTS, PROBE_LISTS = 8, 4  # inverted lists read for each vector
FIRST_PLACES = 64  # of the query: enough for a plain copy
PROBE_PLACES = 40  # of the query, for each probe
PLAIN_CANDIDATES, PROBE_CANDIDATES = 6, 8
NEGLIGIBLE = 0.08  # of a sure match's votes: what has fewer is chance beside it
WHOLLY = 0.9  # of the query explained: nothing else can be in it
CLEARLY = 1.0  # score by which a later probe must beat an earlier one for the same track
POSITION_S = 8 * HOP_S


@dataclass(frozen=True)
class Catalog:
    """What a search needs of the index: vectors, and the picture behind a slot."""

    store: VectorStore
    picture: Callable[[int], Floats]
    duration_s: Callable[[int], float]
    track_id: Callable[[int], int]
    total_s: float
    false_accept_limit: float


def search(fingerprint: Fingerprint, catalog: Catalog, excluded: set[int]) -> list[Match]:
    """Verified matches of any strength, best first. ``excluded``: slots left out."""
    query = Query(fingerprint)
    finder = _Finder(query, catalog, excluded)
    finder.look([PLAIN], FIRST_PLACES, PLAIN_LISTS, PLAIN_CANDIDATES)
    if not finder.explained():
        finder.look([PLAIN], query.columns, PLAIN_LISTS, PLAIN_CANDIDATES)
    if not finder.sure():
        finder.look(probe_grid(), PROBE_PLACES, PROBE_LISTS, PROBE_CANDIDATES)
    return finder.matches()


class _Finder:
    """One search: what has been tried, and what was found for each slot."""

    def __init__(self, query: Query, catalog: Catalog, excluded: set[int]) -> None:
        self._query, self._catalog, self._excluded = query, catalog, excluded
        self._found: dict[int, Match] = {}
        self._tried: set[Probe] = set()
        self._looked_at: set[tuple[int, Probe, int]] = set()

    def sure(self) -> bool:
        """Whether a match explains the query well enough to try no more."""
        return any(verification.is_sure(match) for match in self._found.values())

    def explained(self) -> bool:
        """Whether a sure match leaves nothing of the query to be explained."""
        return any(verification.is_sure(m) and m.query_coverage >= WHOLLY for m in self._found.values())

    def matches(self) -> list[Match]:
        """Best first."""
        return sorted(self._found.values(), key=lambda match: (-match.score, match.track_id))

    def look(self, probes: list[Probe], places: int, lists: int, limit: int) -> None:
        """Search the query under every probe, and look closely at the best candidates."""
        self._tried.update(probes)
        votes = self._votes(probes, places, lists)
        known: dict[int, Reference] = {}
        least = 0.0
        for candidate in candidates(votes, probes, limit):
            place = (candidate.slot, candidate.probe, round(candidate.offset_s))
            if candidate.votes < least or place in self._looked_at:
                continue
            self._looked_at.add(place)
            if candidate.slot not in known:
                known[candidate.slot] = Reference(self._catalog.picture(candidate.slot))
            match = self._verify(candidate, known[candidate.slot])
            if match is not None and verification.is_sure(match):
                least = max(least, NEGLIGIBLE * candidate.votes)

    def _verify(self, candidate: Candidate, reference: Reference) -> Match | None:
        slot = candidate.slot
        trials = self._catalog.total_s / POSITION_S * len(self._tried)
        match = verification.verify(
            self._query,
            reference,
            candidate,
            trials=trials,
            track_id=self._catalog.track_id(slot),
            reference_s=self._catalog.duration_s(slot),
            limit=self._catalog.false_accept_limit,
        )
        if match is not None and (slot not in self._found or match.score > self._found[slot].score + CLEARLY):
            self._found[slot] = match
        return match

    def _votes(self, probes: list[Probe], places: int, lists: int) -> Votes:
        """Votes of every probe's vectors, from one FAISS call a half."""
        parts = [_asking(self._query, number, probe, places) for number, probe in enumerate(probes)]
        values, heard = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
        number, query_s, tempo = (np.concatenate([part[i] for part in parts]) for i in (2, 3, 4))
        found = [
            _neighbours(self._catalog.store, values, heard, half, lists, number, query_s, tempo)
            for half in range(HALVES)
        ]
        votes = Votes(*(np.concatenate([part[i] for part in found]) for i in range(5)))
        wanted = ~np.isin(votes.slot, list(self._excluded)) if self._excluded else np.ones(len(votes.slot), bool)
        return Votes(*(column[wanted] for column in vars(votes).values()))


def _asking(query: Query, number: int, probe: Probe, places: int) -> tuple[np.ndarray, ...]:
    """Vectors of at most ``places`` moments, with the probe's number, the moments' times (s) and the tempo."""
    if probe == PLAIN and places >= query.columns:
        vectors = query.plain
    else:
        at = centres(query.columns, 1.0, probe.tempo_ratio)
        spread = np.linspace(0, len(at) - 1, min(places, len(at))).astype(np.int64)
        vectors = query.at(probe, at[spread])
    count = len(vectors.places)
    return (
        vectors.values,
        vectors.heard,
        np.full(count, number, np.int64),
        vectors.places * HOP_S,
        np.full(count, probe.tempo_ratio),
    )


def _neighbours(
    store: VectorStore,
    values: Floats,
    heard: np.ndarray,
    half: int,
    lists: int,
    number: np.ndarray,
    query_s: np.ndarray,
    tempo: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """The columns of ``Votes`` for one half."""
    rows = np.flatnonzero(heard[:, half])
    similarity, slot, position = store.nearest(values[rows, half], half, NEIGHBOURS, lists)
    place, column = np.nonzero((similarity > VOTE_FLOOR) & (slot >= 0))
    row = rows[place]
    reference_s = position[place, column] * POSITION_S + store_origin_s()
    offset_s = reference_s - query_s[row] * tempo[row]
    weight = similarity[place, column] - VOTE_FLOOR
    return slot[place, column], number[row], query_s[row].astype(float), offset_s, weight.astype(float)


def store_origin_s() -> float:
    """Where a reference's first indexed position lies (s)."""
    return float(centres(10_000, 1.0)[0]) * HOP_S
