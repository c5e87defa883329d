"""Naming every recording in a query: windows of it are asked until nothing new is believed.

The query is taken in pieces of some minutes, which bounds memory. In each piece the plain windows are asked first. Near
probes, and then all probes, follow where something sounds that is not explained yet. Each candidate is verified in a
view around its votes, which grows as long as the match reaches the view's ends.

What is not known yet comes first. Further places of a recording that is named already, where another one explains the
query, are looked at in the time that is left: thirty copies of a chorus must not keep the rest from being asked.
Experiments: docs/log/2026-11-30-naming-everything.md.
"""

from dataclasses import dataclass

import numpy as np

from catalog.engine.alignment.line import HOP_S, Line
from catalog.engine.features.query import PLAIN, Probe, Query
from catalog.engine.features.spectrogram import Floats
from catalog.engine.match import Match
from catalog.engine.search.budget import Budget
from catalog.engine.search.candidates import WINDOW_S, Candidate, candidates_of_windows
from catalog.engine.search.findings import Findings
from catalog.engine.search.questions import Questions, collect_votes, probe_grid
from catalog.engine.search.references import References
from catalog.engine.search.search import PLACE_S, Catalog
from catalog.engine.search.sound import Span
from catalog.engine.search.views import View, view_of
from catalog.engine.search.windows import Windows
from catalog.engine.verification import verify
from catalog.engine.verification.decision import Chance

PIECE_S = 300.0  # of the query, that are asked together
VIEW_S, GROWTH = 100.0, 4  # the first view of a candidate, and how many times as long the next one is …
MOST_VIEW_S = 1600.0  # … up to so much, which bounds memory
REACHES_S = 6.0  # a match that ends this near to the end of its view may go on beyond it
LEAST_OPEN_S = 3.0  # of what sounds and is not explained, to be asked about
BESIDE_S = 3.0  # that are asked with it to either side
PLAIN_STEP_S, PROBE_STEP_S = 0.5, 2.0  # from one moment that is asked to the next
NEIGHBOURS, PROBE_NEIGHBOURS = 40, 12
LIMIT = 60  # candidates of a window
LEAST_VOTES = 0.7
LEAST_VOTES_OF_ALL = 0.4  # where one probe in 134 lies near: two moments are all there may be
FILTER_SPANS_S = (16.0, 8.0)  # to either side of the votes: what is asked is often as short
NEAR_PROBES = (
    *(Probe(1.0, pitch) for pitch in (-1.0, -0.5, 0.5, 1.0)),
    *(Probe(tempo, 0.0) for tempo in (0.89, 1.12)),
    Probe(0.89, -2.0),
    Probe(1.12, 2.0),
)


@dataclass(frozen=True)
class _Place:
    """A line of one track around a moment of the whole query, and how many probes were asked for it."""

    track_id: int
    line: Line
    anchor_s: float
    probes: int

    @property
    def reference_s(self) -> float:
        """Where in the track the moment lies."""
        return self.line.reference_s(self.anchor_s)


@dataclass(frozen=True)
class _Stage:
    """One round of questions."""

    probes: tuple[Probe, ...]
    step_s: float
    neighbours: int
    least_votes: float  # in a window
    thorough: bool


_PLAIN = _Stage((PLAIN,), PLAIN_STEP_S, NEIGHBOURS, LEAST_VOTES, thorough=True)
_NEAR = _Stage(NEAR_PROBES, PROBE_STEP_S, PROBE_NEIGHBOURS, LEAST_VOTES, thorough=False)
_ALL = _Stage(tuple(probe_grid()), PROBE_STEP_S, PROBE_NEIGHBOURS, LEAST_VOTES_OF_ALL, thorough=False)


class Namer:
    """Names the recordings in one query and adds them to ``findings``. ``excluded``: ids of tracks left out."""

    def __init__(
        self, query: Query, catalog: Catalog, references: References, findings: Findings, excluded: set[int]
    ) -> None:
        self._query, self._catalog, self._references = query, catalog, references
        self._findings, self._excluded = findings, excluded
        self._total_s = catalog.index.size().seconds
        self._looked_at: set[tuple[int, int, int]] = set()
        self._windows = Windows()
        self._postponed: list[_Place] = []

    def name(self, budget: Budget) -> None:
        """Ask plainly and under all probes, until nothing new is believed or the budget is spent."""
        self._ask_pieces((_NEAR, _ALL), budget)

    def name_plain(self, budget: Budget) -> None:
        """Ask plainly only: this tells whether a long query is known, and finds no copy with altered pitch or tempo."""
        self._ask_pieces((), budget)

    def _ask_pieces(self, stages: tuple[_Stage, ...], budget: Budget) -> None:
        """The plain windows of each piece, then the further stages where something sounds that is not explained."""
        duration_s = self._query.duration_s
        for start_s in np.arange(0.0, max(duration_s, 1.0), PIECE_S).tolist():
            piece = view_of(self._query, start_s - WINDOW_S, start_s + PIECE_S + WINDOW_S)
            self._ask(piece, _PLAIN, [(piece.start_s, piece.end_s)], budget)
            for stage in stages:
                spans = _within(self._findings.open_spans(LEAST_OPEN_S), piece)
                if spans:
                    self._ask(piece, stage, spans, budget)
            budget.report(min(duration_s, start_s + PIECE_S), len(self._findings.tracks()))
            if budget.is_spent():
                return
        self._look_at_postponed(budget)

    def _ask(self, piece: View, stage: _Stage, spans: list[Span], budget: Budget) -> None:
        """One stage over some spans; found tracks are asked to stand aside until nothing new comes."""
        aside: set[int] = set()
        self._windows = Windows()
        while not budget.is_spent():
            new = self._ask_once(piece, stage, spans, aside, budget)
            if not new or stage is not _PLAIN:
                return
            aside |= new

    def _ask_once(self, piece: View, stage: _Stage, spans: list[Span], aside: set[int], budget: Budget) -> set[int]:
        """The tracks that were found now and not before in this piece."""

        def chosen(places: Floats) -> np.ndarray:
            step = max(1, round(stage.step_s / HOP_S))
            times_s = places[::step] * HOP_S + piece.start_s
            inside = np.zeros(len(times_s), bool)
            for first_s, last_s in spans:
                inside |= (times_s >= first_s - BESIDE_S) & (times_s <= last_s + BESIDE_S)
            return np.flatnonzero(inside) * step

        questions = Questions.at(piece.query, stage.probes, chosen)
        if not len(questions.values):
            return set()
        votes, tracks = collect_votes(
            questions,
            self._catalog.index,
            self._excluded | aside,
            thorough=stage.thorough,
            neighbours=stage.neighbours,
        )
        probes = list(stage.probes)
        ways = [candidates_of_windows(way, probes, LIMIT, stage.least_votes) for way in votes]
        return self._verify_all(piece, [one for way in ways for one in way], tracks, len(probes), budget)

    def _verify_all(
        self, piece: View, candidates: list[Candidate], tracks: list[int], probes: int, budget: Budget
    ) -> set[int]:
        new, named = set[int](), set(self._findings.tracks())
        ordered = sorted(candidates, key=lambda candidate: -candidate.votes)
        for one in self._references.in_turn(ordered, lambda candidate: tracks[candidate.slot]):
            if budget.is_spent():
                break
            track_id, anchor_s = tracks[one.slot], one.anchor_s + piece.start_s
            place = _Place(track_id, one.line.of_query_from(-piece.start_s), anchor_s, probes)
            if not self._windows.has_room(one.votes, anchor_s) or self._is_known(place):
                continue
            if track_id in named and self._findings.is_explained(anchor_s):
                self._postponed.append(place)
                new.add(track_id)
                continue
            match = self._verified(place)
            if match is not None:
                self._findings.add(match)
            if match is None or match.verdict == "none":
                self._windows.failed(anchor_s)
            else:
                self._windows.found(match, one.votes)
                new.add(track_id)
                named.add(track_id)
        return new

    def _look_at_postponed(self, budget: Budget) -> None:
        """Look for further places of what is named, while there is time: the answer is complete without them."""
        for one in self._references.in_turn(self._postponed, lambda place: place.track_id):
            if not budget.has_time():
                return
            match = None if self._explains(one) else self._verified(one)
            if match is not None:
                self._findings.add(match)

    def _is_known(self, one: _Place) -> bool:
        """Whether this place was looked at, or is explained by this track already."""
        place = (one.track_id, round(one.anchor_s / (WINDOW_S / 2)), round(one.reference_s))
        if place in self._looked_at or self._explains(one):
            return True
        self._looked_at.add(place)
        return False

    def _explains(self, one: _Place) -> bool:
        return self._findings.explains(one.track_id, one.anchor_s, one.reference_s)

    def _verified(self, place: _Place) -> Match | None:
        """The match in a view around the anchor, which grows while the match reaches its ends."""
        track_id, anchor_s, length_s, best = place.track_id, place.anchor_s, VIEW_S, None
        while True:
            view = view_of(self._query, anchor_s - length_s / 2, anchor_s + length_s / 2)
            case = self._references.case(view.query, track_id, self._chance(place.probes))
            found = verify.verify(case, place.line.of_query_from(view.start_s), anchor_s - view.start_s)
            match = view.in_whole(found, self._query) if found is not None else None
            if match is None or match.verdict == "none":
                return best or match
            best = match
            length_s *= GROWTH
            if not _goes_on(match, view) or length_s > MOST_VIEW_S:  # what goes on beyond has votes of its own there
                return best

    def _chance(self, probes: int) -> Chance:
        """Chance in all that is asked: places of the catalog, probes, and windows of the query."""
        windows = max(1.0, self._query.duration_s / VIEW_S)
        return Chance(self._total_s / PLACE_S * probes * windows, self._catalog.false_accept_limit, FILTER_SPANS_S)


def _goes_on(match: Match, view: View) -> bool:
    """Whether a match reaches an end of its view that is none of the query's."""
    at_start = not view.is_start and match.query_start_s - view.start_s < REACHES_S
    return at_start or (not view.is_end and view.end_s - match.query_end_s < REACHES_S)


def _within(spans: list[Span], piece: View) -> list[Span]:
    """What of the spans lies in a piece."""
    cut = [(max(first, piece.start_s), min(last, piece.end_s)) for first, last in spans]
    return [(first, last) for first, last in cut if last - first >= LEAST_OPEN_S]
