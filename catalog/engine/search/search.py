"""The order of a search: a few moments of the plain query, then all of them, then its sketch, then the altered ones.

Each step is taken only when the one before found nothing sure.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from catalog.engine.alignment.fit import HOP_S, Line, Reference
from catalog.engine.features import sketch
from catalog.engine.features.fingerprint import Fingerprint
from catalog.engine.features.query import PLAIN, Probe, Query, probe_grid
from catalog.engine.index.interface import ReferenceIndex
from catalog.engine.match import Match
from catalog.engine.search import polling
from catalog.engine.search.candidates import Candidate, candidates
from catalog.engine.search.polling import Questions
from catalog.engine.verification import verify
from catalog.engine.verification.verify import Case

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
        return any(verify.is_sure(match) for match in self.matches())

    def believed(self) -> bool:
        """Whether anything is."""
        return any(match.verdict != "none" for match in self.matches())

    def explained(self) -> bool:
        """Whether a sure match leaves nothing of the query to be explained."""
        return any(verify.is_sure(match) and match.query_coverage >= WHOLLY for match in self.matches())

    def matches(self) -> list[Match]:
        """Best first. What strays as a second performance does is none in a stretch too short to tell either."""
        found = map(self._steady, self._found.values())
        return sorted(found, key=lambda match: (-match.score, match.track_id))

    def _steady(self, match: Match) -> Match:
        """The match, refused where its track strays from the beat elsewhere and it is too short to tell."""
        strays = match.track_id in self._unsteady and match.wobble_s is None
        return verify.refused(match) if strays else match

    def look(self, probes: list[Probe], places: int, limit: int, *, thorough: bool) -> None:
        """Search the query under every probe, and look closely at the best candidates."""
        self._tried.update(probes)
        questions = Questions.of(self._query, probes, places)
        votes, tracks = polling.votes(questions, self._catalog.index, self._excluded, thorough=thorough)
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
            if match is not None and verify.is_sure(self._steady(match)):
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
                self._keep(verify.verify_line(self._case(track_id), line, asked.middle_column * HOP_S))

    def _fetch(self, track_ids: set[int]) -> None:
        """Get what is not known yet in one call: behind it may be a database."""
        missing = track_ids - self._known.keys()
        if missing:
            self._known.update(self._catalog.fingerprints(missing))

    def _verify(self, candidate: Candidate, track_id: int) -> Match | None:
        match = verify.verify(self._case(track_id), candidate)
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
        if verify.is_unsteady(match):
            self._unsteady.add(match.track_id)
        if self._is_better(match):
            self._found[match.track_id] = match

    def _is_better(self, match: Match) -> bool:
        """Than what is known of its track: believed instead of not, or clearly more sure."""
        known = self._found.get(match.track_id)
        if known is None or (match.verdict == "none") != (known.verdict == "none"):
            return known is None or match.verdict != "none"
        return match.score > known.score + CLEARLY
