"""The order of a search: a few moments of the plain query, then all of them, then its sketch, then the altered ones.

Each step is taken only when the one before found nothing sure.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from catalog.engine import sketch, verification
from catalog.engine.alignment import HOP_S, Line, Reference
from catalog.engine.embedding import Vectors
from catalog.engine.fingerprint import Fingerprint
from catalog.engine.layout import ORIGIN_S, REFERENCE_STEP_S
from catalog.engine.query import PLAIN, Probe, Query, probe_grid
from catalog.engine.records import Match
from catalog.engine.reference_index import Neighbours, ReferenceIndex
from catalog.engine.verification import Case
from catalog.engine.voting import PLAIN_VOTE_FLOOR, VOTE_FLOOR, Candidate, Votes, candidates

NEIGHBOURS = 6
LEAST_FLOOR = 0.15  # similarity under which a neighbour is none, where votes are weighed against each other
FIRST_PLACES = 64  # of the query: enough for a plain copy
LEAST_PLACES, ALL_STEP = 256, 4  # then as many as this, and every 0.26 s of a long query
PROBE_PLACES = 24  # of the query, for each probe …
LARGE_S, LARGE_PROBE_PLACES = 4e6, 32  # … and in a catalog (s) where more neighbours by chance crowd the right ones out
PLAIN_CANDIDATES, PROBE_CANDIDATES = 6, 8
SCAN_CANDIDATES = 8
# What of a query's sketch is compared, by the length of the catalog (s): all numbers of up to 109 s of it, then half of
# the numbers of 16 s, then nothing: it would take longer than all probes.
SCANNED_WHOLE_S, SCANNED_S = 1e6, 4e6
MOST_SCANNED_COLUMNS, FEWER_SCANNED_COLUMNS = 1700, 250
NEGLIGIBLE = 0.08  # of a sure match's votes: what has fewer is chance beside it
WHOLLY = 0.9  # of the query explained: nothing else can be in it
CLEARLY = 1.0  # score by which a later probe must beat an earlier one for the same track
PLACE_S = 8 * HOP_S  # of the catalog, that could have matched by chance


@dataclass(frozen=True)
class Catalog:
    """What a search looks through: an index, and the fingerprints behind its tracks."""

    index: ReferenceIndex
    fingerprints: Callable[[Collection[int]], Mapping[int, Fingerprint]]  # of tracks; those that are gone are left out
    false_accept_limit: float


def search(fingerprint: Fingerprint, catalog: Catalog, excluded: Collection[int]) -> list[Match]:
    """Verified matches of any strength, best first. ``excluded``: tracks left out."""
    query = Query(fingerprint)
    finder = _Finder(query, catalog, excluded)
    finder.look([PLAIN], FIRST_PLACES, PLAIN_CANDIDATES, thorough=True)
    if not finder.explained():
        finder.look([PLAIN], max(LEAST_PLACES, query.columns // ALL_STEP), PLAIN_CANDIDATES, thorough=True)
    if not finder.believed():
        finder.scan()
    if not finder.sure():
        places = LARGE_PROBE_PLACES if catalog.index.size().seconds > LARGE_S else PROBE_PLACES
        finder.look(probe_grid(), places, PROBE_CANDIDATES, thorough=False)
    return finder.matches()


class _Finder:
    """One search: what has been tried, and what was found for each track."""

    def __init__(self, query: Query, catalog: Catalog, excluded: Collection[int]) -> None:
        self._query, self._catalog, self._excluded = query, catalog, list(excluded)
        self._total_s = catalog.index.size().seconds
        self._found: dict[int, Match] = {}
        self._tried: set[Probe] = set()
        self._unsteady: set[int] = set()  # tracks that the query follows at length, but not to the beat
        self._looked_at: set[tuple[int, Probe, int]] = set()
        self._known: dict[int, Fingerprint] = {}
        self._references: dict[int, Reference] = {}

    def sure(self) -> bool:
        """Whether a match explains the query well enough to try no more."""
        return any(verification.is_sure(match) for match in self._found.values())

    def believed(self) -> bool:
        """Whether anything is."""
        return any(match.verdict != "none" for match in self.matches())

    def explained(self) -> bool:
        """Whether a sure match leaves nothing of the query to be explained."""
        return any(verification.is_sure(m) and m.query_coverage >= WHOLLY for m in self._found.values())

    def matches(self) -> list[Match]:
        """Best first. What strays as a second performance does is none in a stretch too short to tell either."""
        found = [
            verification.refused(match) if match.track_id in self._unsteady and match.wobble_s is None else match
            for match in self._found.values()
        ]
        return sorted(found, key=lambda match: (-match.score, match.track_id))

    def look(self, probes: list[Probe], places: int, limit: int, *, thorough: bool) -> None:
        """Search the query under every probe, and look closely at the best candidates."""
        self._tried.update(probes)
        votes, tracks = self._votes(probes, places, thorough=thorough)
        promising = [candidate for way in votes for candidate in candidates(way, probes, limit)]
        self._fetch({tracks[candidate.slot] for candidate in promising})
        least = 0.0
        for candidate in promising:
            track_id = tracks[candidate.slot]
            place = (track_id, candidate.probe, round(candidate.offset_s))
            if candidate.votes < least or place in self._looked_at or track_id not in self._known:
                continue
            self._looked_at.add(place)
            match = self._verify(candidate, track_id)
            if match is not None and verification.is_sure(match):
                least = max(least, NEGLIGIBLE * candidate.votes)

    def scan(self) -> None:
        """Look closely at the lines on which the plain pictures agree most: what is masked everywhere has no votes."""
        small = self._total_s <= SCANNED_WHOLE_S
        most_columns = MOST_SCANNED_COLUMNS if small else FEWER_SCANNED_COLUMNS
        count = sketch.NUMBERS if small else sketch.NUMBERS // 2
        asked = sketch.asked(self._query.moved(0.0), most_columns, count) if self._total_s <= SCANNED_S else None
        if asked is None:
            return
        spots = self._catalog.index.scan(asked, SCAN_CANDIDATES + len(self._excluded))
        found = [
            (track_id, columns)
            for track_id, columns in zip(spots.track_id.tolist(), spots.offset.tolist(), strict=True)
            if track_id not in self._excluded and track_id not in self._unsteady
        ][:SCAN_CANDIDATES]
        self._fetch({track_id for track_id, _ in found})
        for track_id, columns in found:
            if track_id in self._known:
                line = Line(columns * HOP_S, 1.0, 0.0)
                self._keep(verification.verify_line(self._case(track_id), line, asked.middle_column * HOP_S))

    def _fetch(self, track_ids: set[int]) -> None:
        """Get what is not known yet in one call: behind it may be a database."""
        missing = track_ids - self._known.keys()
        if missing:
            self._known.update(self._catalog.fingerprints(missing))

    def _verify(self, candidate: Candidate, track_id: int) -> Match | None:
        match = verification.verify(self._case(track_id), candidate)
        self._keep(match)
        return match

    def _case(self, track_id: int) -> Case:
        reference = self._known[track_id]
        if track_id not in self._references:
            self._references[track_id] = Reference(reference.picture)
        return Case(
            self._query,
            self._references[track_id],
            track_id,
            reference.duration_s,
            trials=self._total_s / PLACE_S * len(self._tried),
            limit=self._catalog.false_accept_limit,
        )

    def _keep(self, match: Match | None) -> None:
        """What is found for a track, unless something as good was."""
        if match is None:
            return
        if verification.is_unsteady(match):
            self._unsteady.add(match.track_id)
        if self._is_better(match):
            self._found[match.track_id] = match

    def _is_better(self, match: Match) -> bool:
        """Than what is known of its track: believed instead of not, or clearly more sure."""
        known = self._found.get(match.track_id)
        if known is None or (match.verdict == "none") != (known.verdict == "none"):
            return known is None or match.verdict != "none"
        return match.score > known.score + CLEARLY

    def _votes(self, probes: list[Probe], places: int, *, thorough: bool) -> tuple[list[Votes], list[int]]:
        """Votes of every probe's vectors, from one call of the index; a vote's slot counts in the tracks beside it.

        A vote is worth what it is nearer than chance. Where the search is thorough it is weighed in a second way too:
        by what it is nearer than the first that does not vote, since what sounds like much else says little.
        """
        parts = [asking(self._query, number, probe, places) for number, probe in enumerate(probes)]
        values, heard, number, query_s, tempo = (np.concatenate([part[i] for part in parts]) for i in range(5))
        near = self._catalog.index.nearest(Vectors(values, query_s, heard), NEIGHBOURS + 1, thorough=thorough)
        voting, next_best = near.similarity[:, :, :-1], near.similarity[:, :, -1:]
        worths = [voting - (PLAIN_VOTE_FLOOR if thorough else VOTE_FLOOR)]
        if thorough:
            worths.append(voting - np.maximum(next_best, LEAST_FLOOR))
        track_id = near.track_id[:, :, :-1]
        tracks, slot = np.unique(track_id, return_inverse=True)
        slot = slot.reshape(track_id.shape).astype(np.int64)
        allowed = ~np.isin(track_id, self._excluded)
        asked = Origins(number, query_s, tempo)
        return [_weighed(near, slot, np.where(allowed, worth, 0.0), asked) for worth in worths], tracks.tolist()


@dataclass(frozen=True)
class Origins:
    """Of each vector that was asked, (n,): its probe's number, the query's time (s), the probe's tempo."""

    number: np.ndarray
    query_s: np.ndarray
    tempo: np.ndarray


def _weighed(near: Neighbours, slot: np.ndarray, worth: np.ndarray, asked: Origins) -> Votes:
    """The votes of neighbours that are worth something."""
    counts = worth > 0
    _, row, _ = np.nonzero(counts)
    query_s = asked.query_s[row].astype(float)
    reference_s = near.position[:, :, :-1][counts] * REFERENCE_STEP_S + ORIGIN_S
    return Votes(
        slot=slot[counts],
        probe=asked.number[row],
        query_s=query_s,
        offset_s=reference_s - query_s * asked.tempo[row],
        weight=worth[counts].astype(float),
    )


def asking(query: Query, number: int, probe: Probe, places: int) -> tuple[np.ndarray, ...]:
    """Vectors of at most ``places`` moments, with the probe's number, the moments' times (s) and the tempo."""
    vectors = query.asked(probe, places)
    count = len(vectors.places)
    return (
        vectors.values,
        vectors.heard,
        np.full(count, number, np.int64),
        vectors.places * HOP_S,
        np.full(count, probe.tempo_ratio),
    )
