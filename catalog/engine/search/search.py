"""The order of a search: a few moments of the plain query, then more of them, then its sketch, then the probes.

Each step is taken only where the ones before found nothing sure.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from catalog.engine.alignment.line import HOP_S, Line
from catalog.engine.features import sketch
from catalog.engine.features.query import PLAIN, Probe, Query
from catalog.engine.features.sketch import WINDOW_COLUMNS, QuerySketch
from catalog.engine.index.interface import ReferenceIndex, Spots
from catalog.engine.match import Match
from catalog.engine.search import copies
from catalog.engine.search.candidates import Candidate, Votes, candidates
from catalog.engine.search.questions import NEIGHBOURS, Questions, collect_votes, probe_grid, votes_of
from catalog.engine.search.references import Fetch, References
from catalog.engine.search.relation import Shares
from catalog.engine.verification import verify
from catalog.engine.verification.decision import Chance
from catalog.engine.verification.limits import LIMITS
from catalog.engine.verification.verify import Case

LEAST_PLACES, ALL_STEP = 256, 4  # then as many as this, and every 0.26 s of a long query
PROBE_PLACES = 24  # of the query, for each probe …
LARGE_S, LARGE_PROBE_PLACES = 4e6, 32  # … and in a catalog (s) where more neighbours by chance crowd the right ones out
PLAIN_CANDIDATES, PROBE_CANDIDATES = 6, 8
SCAN_CANDIDATES = 8
# What of a query's sketch is compared, by the length of the catalog (s): all numbers of up to 109 s of it, then half of
# the numbers of 16 s, then nothing: it would take longer than all probes.
SCANNED_WHOLE_S, SCANNED_S = 1e6, 4e6
MOST_SCANNED_COLUMNS, FEWER_SCANNED_COLUMNS = 1700, 250
# A line is seen where its middle lies in a reference, which a short one may not reach. So windows are looked for as
# well: in what is compared anyway, and in as much beside it as takes less than a tenth of a second.
MORE_COLUMN_SECONDS = 1e8  # columns of a query x seconds of the catalog, by all numbers
NEGLIGIBLE = 0.08  # of a sure match's votes: what has fewer is chance beside it
WHOLLY = 0.9  # of the query explained: nothing else can be in it
CLEARLY = 1.0  # score by which what is found later must beat what was found before of the same track
PLACE_S = 8 * HOP_S  # of the catalog, that could have matched by chance


@dataclass(frozen=True)
class Catalog:
    """What a search looks through, and how it decides.

    ``fingerprints``: fetches those of some track ids; tracks that are gone are left out. ``false_accept_limit``: the
    largest probability of a match by chance at which it is believed. ``shares``: at which relations begin.
    """

    index: ReferenceIndex
    fingerprints: Fetch
    false_accept_limit: float
    shares: Shares = Shares()  # noqa: RUF009  (frozen)


def search(query: Query, catalog: Catalog, excluded: Collection[int], references: References) -> list[Match]:
    """Verified matches of any strength, one for each track, best first. ``excluded``: ids of tracks left out."""
    finder = _Finder(query, catalog, excluded, references)
    finder.look_first()
    if not finder.explained():
        finder.look([PLAIN], max(LEAST_PLACES, query.columns // ALL_STEP), PLAIN_CANDIDATES, thorough=True)
    if not finder.believed():
        finder.scan()
    if not finder.sure():
        places = LARGE_PROBE_PLACES if finder.total_s > LARGE_S else PROBE_PLACES
        finder.look(probe_grid(), places, PROBE_CANDIDATES, thorough=False)
    finder.look_for_copies()
    return finder.matches()


class _Finder:
    """One search: what has been tried, and what was found for each track."""

    def __init__(self, query: Query, catalog: Catalog, excluded: Collection[int], references: References) -> None:
        self._query, self._catalog, self._excluded = query, catalog, list(excluded)
        self._references = references
        self.total_s = catalog.index.size().seconds  # of the catalog
        self._found: dict[int, Match] = {}
        self._tried: set[Probe] = set()
        self._unsteady: set[int] = set()  # tracks that the query follows at length, but not to the beat
        self._first: copies.Asked | None = None
        self._looked_at: set[tuple[int, Probe, int]] = set()

    def sure(self) -> bool:
        """Whether a match explains the query well enough to try no more."""
        return any(verify.is_sure(match) for match in self.matches())

    def believed(self) -> list[Match]:
        """The matches that are believed."""
        return [match for match in self.matches() if match.verdict != "none"]

    def explained(self) -> bool:
        """Whether a sure match leaves nothing of the query to be explained."""
        return any(verify.is_sure(match) and match.query_coverage >= WHOLLY for match in self.matches())

    def matches(self) -> list[Match]:
        """Best first. What strays as a second performance does is none in a stretch too short to tell either."""
        found = map(self._steady, self._found.values())
        return sorted(found, key=lambda match: (-match.score, match.track_id))

    def _steady(self, match: Match) -> Match:
        """The match, refused where its track strays from the beat elsewhere and it is too short to tell."""
        strays = verify.strays_elsewhere(match, self._unsteady)
        return replace(verify.refused(match), strays=True) if strays else match

    def look(self, probes: list[Probe], places: int, limit: int, *, thorough: bool) -> None:
        """Search the query under every probe, and look closely at the best candidates."""
        self._tried.update(probes)
        asked = Questions.of(self._query, probes, places)
        votes, tracks = collect_votes(asked, self._catalog.index, self._excluded, thorough=thorough)
        self._look_at_best(votes, tracks, probes, limit)

    def look_first(self) -> None:
        """Look at a few moments of the plain query: enough for a copy as it is."""
        self._tried.add(PLAIN)
        self._first = copies.Asked.of(self._query, [PLAIN], self._catalog.index, self._excluded)
        votes, tracks = votes_of(self._first.questions, self._first.near, NEIGHBOURS, thorough=True)
        self._look_at_best(votes, tracks, [PLAIN], PLAIN_CANDIDATES)

    def _look_at_best(self, votes: list[Votes], tracks: list[int], probes: list[Probe], limit: int) -> None:
        promising = [candidate for way in votes for candidate in candidates(way, probes, limit)]
        least, fetched = 0.0, NEGLIGIBLE * max((candidate.votes for candidate in promising), default=0.0)
        self._fetch(promising, tracks, fetched)  # a sure match leaves the others out: they are fetched when needed
        for candidate in promising:
            track_id = tracks[candidate.slot]
            place = (track_id, candidate.probe, round(candidate.offset_s))
            if candidate.votes < least or place in self._looked_at:
                continue
            if candidate.votes < fetched:
                fetched = least
                self._fetch(promising, tracks, fetched)
            if not self._references.is_there(track_id):
                continue
            self._looked_at.add(place)
            match = self._verify(candidate, track_id)
            if match is not None and verify.is_sure(self._steady(match)):
                least = max(least, NEGLIGIBLE * candidate.votes)

    def _fetch(self, promising: list[Candidate], tracks: list[int], least: float) -> None:
        """The tracks of the candidates with ``least`` votes or more, in one call."""
        self._references.fetch({tracks[candidate.slot] for candidate in promising if candidate.votes >= least})

    def look_for_copies(self) -> None:
        """Look beside what is believed for more like it, until nothing new is."""
        found = {match.track_id for match in self.believed()}
        asked = self._first
        while found:
            probes = copies.probes_of(self.believed())
            if asked is None or asked.probes != probes:  # other than what was asked first
                aside = found if len(found) >= copies.CROWDED else set()
                asked = copies.Asked.of(self._query, probes, self._catalog.index, aside | set(self._excluded))
            self._verify_copies(asked.candidates(found))
            known, found = found, {match.track_id for match in self.believed()}
            if found == known or len(found) < copies.CROWDED:
                return
            asked = None

    def _verify_copies(self, promising: list[tuple[int, Candidate]]) -> None:
        self._references.fetch({track_id for track_id, _ in promising})
        failed = 0
        for track_id, one in promising:
            if failed > copies.FAILURES or not self._references.is_there(track_id):
                continue
            match = self._verify(one, track_id)
            failed = 0 if match is not None and match.verdict != "none" else failed + 1

    def scan(self) -> None:
        """Look closely at the lines on which the plain pictures agree most: what is masked everywhere has no votes."""
        asked = self._sketch()
        if asked is None:
            return
        # An index that keeps no sketches has no spots.
        spots = self._catalog.index.scan(asked, SCAN_CANDIDATES + len(self._excluded))
        found = list(zip(asked.each(), spots, strict=False))
        self._verify_lines(found[:1], LIMITS.filter_window_s)
        if not self.believed():
            self._verify_lines(found[1:], WINDOW_COLUMNS * HOP_S)

    def _sketch(self) -> QuerySketch | None:
        """What of the query the sketches of all tracks are compared with; None in a catalog that is too large."""
        if self.total_s > SCANNED_S:
            return None
        small = self.total_s <= SCANNED_WHOLE_S
        whole, count = (MOST_SCANNED_COLUMNS, sketch.NUMBERS) if small else (FEWER_SCANNED_COLUMNS, sketch.NUMBERS // 2)
        more = MORE_COLUMN_SECONDS / max(self.total_s, 1.0) * (sketch.NUMBERS / count)
        return sketch.asked(self._query.moved(0.0), int(whole + more), whole, count)

    def _verify_lines(self, found: list[tuple[QuerySketch, Spots]], scanned_s: float) -> None:
        """Verify the best lines of all the stretches, ``scanned_s`` long at most."""
        lines = self._best_lines(found)
        self._references.fetch({track_id for _, track_id, _, _ in lines})
        for _, track_id, columns, stretch in lines:
            if self._references.is_there(track_id):
                line, middle_s = Line(columns * HOP_S, 1.0, 0.0), stretch.middle_column * HOP_S
                self._keep(verify.verify_line(self._case(track_id), line, middle_s, scanned_s))

    def _best_lines(self, found: list[tuple[QuerySketch, Spots]]) -> list[tuple[float, int, int, QuerySketch]]:
        """Sums of products, tracks and offsets (columns) of the ``SCAN_CANDIDATES`` best lines, each line once."""
        best: dict[tuple[int, int], tuple[float, int, int, QuerySketch]] = {}
        for stretch, spots in found:
            for one in zip(spots.sums.tolist(), spots.track_id.tolist(), spots.offset.tolist(), strict=True):
                total, track_id, columns = one
                line = (track_id, round(columns / sketch.BLOCK_COLUMNS))
                allowed = track_id not in self._excluded and track_id not in self._unsteady
                if allowed and (line not in best or best[line][0] < total):
                    best[line] = (total, track_id, columns, stretch)
        return sorted(best.values(), key=lambda one: -one[0])[:SCAN_CANDIDATES]

    def _verify(self, candidate: Candidate, track_id: int) -> Match | None:
        match = verify.verify(self._case(track_id), candidate.line, candidate.anchor_s)
        self._keep(match)
        return match

    def _case(self, track_id: int) -> Case:
        chance = Chance(self.total_s / PLACE_S * len(self._tried), self._catalog.false_accept_limit)
        return self._references.case(self._query, track_id, chance)

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
        if match.is_another_performance != known.is_another_performance:
            return match.is_another_performance
        return match.score > known.score + CLEARLY
