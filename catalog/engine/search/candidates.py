"""Nearest vectors → candidates: votes for (track, offset), over the whole query and in windows of it.

The Hough transform over offsets (Wang, 2003), with windows so that ten seconds inside an hour still stand out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.engine.alignment.line import Line
from catalog.engine.features.query import Probe

VOTE_FLOOR = 0.45  # similarity under which a neighbour is chance …
PLAIN_VOTE_FLOOR = 0.3  # … and where no probe has made it the best of many: masked moments are no nearer
BIN_S = 1.0  # width of an offset bin; bins overlap by half
WINDOW_S = 12.0  # length of a window of the query; windows overlap by half
OFFSET_BITS = 19  # of bins, half a width apart, to both sides: so far apart are two of the longest at any tempo
PROBE_BITS = 8
WINDOW_BITS = 12
WHOLE = (1 << WINDOW_BITS) - 1  # the window that is the whole query

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Votes:
    """Votes, (n,) each; ``slot`` and ``probe``: numbers of the track and of the probe, in lists beside the votes."""

    slot: Ints
    probe: Ints
    query_s: Array
    offset_s: Array  # reference time - query time x tempo ratio
    weight: Array


@dataclass(frozen=True)
class Candidate:
    """A line that is worth a close look: the query, moved by ``probe``, on track ``slot`` at ``offset_s``.

    ``anchor_s``: the time in the query around which the votes lie; ``votes``: their sum.
    """

    slot: int
    probe: Probe
    offset_s: float
    anchor_s: float
    votes: float

    @property
    def line(self) -> Line:
        """The line that the votes point to, before it is fitted."""
        return Line(self.offset_s, self.probe.tempo_ratio, self.probe.pitch_semitones)


def candidates(votes: Votes, probes: list[Probe], limit: int) -> list[Candidate]:
    """The ``limit`` candidates with most votes in all of the query, and the same for single windows, best first.

    Each is the best of its track and probe. ``probes``: those that the votes' numbers stand for.
    """
    if not len(votes.slot):
        return []
    whole = _Bins(votes, np.full(len(votes.slot), WHOLE, np.int64))
    local = _Bins(*_in_windows(votes))
    found: dict[tuple[int, Probe, int], Candidate] = {}
    for bins in (whole, local):
        for candidate in (bins.candidate(one, probes) for one in bins.best_of_tracks(limit)):
            key = (candidate.slot, candidate.probe, round(candidate.offset_s))
            if key not in found or found[key].votes < candidate.votes:
                found[key] = candidate
    return sorted(found.values(), key=lambda candidate: -candidate.votes)


def candidates_of_whole(votes: Votes, probes: list[Probe], limit: int, least: float) -> list[Candidate]:
    """The ``limit`` candidates with most votes in the whole query, and at least ``least``, best first."""
    if not len(votes.slot):
        return []
    bins = _Bins(votes, np.full(len(votes.slot), WHOLE, np.int64))
    found = (bins.candidate(one, probes) for one in bins.best_of_tracks(limit))
    return [candidate for candidate in found if candidate.votes >= least]


def candidates_of_windows(votes: Votes, probes: list[Probe], limit: int, least: float) -> list[Candidate]:
    """The ``limit`` candidates with most votes in each window, and at least ``least`` there, best first."""
    if not len(votes.slot):
        return []
    bins = _Bins(*_in_windows(votes))
    return [bins.candidate(one, probes) for one in bins.best_of_windows(limit, least)]


def _in_windows(votes: Votes) -> tuple[Votes, Ints]:
    """Each vote twice, with the two windows it lies in."""
    window = np.floor(votes.query_s / (WINDOW_S / 2)).astype(np.int64) % WHOLE
    twice = Votes(*(np.concatenate([column, column]) for column in vars(votes).values()))
    return twice, np.concatenate([window, (window - 1) % WHOLE])


class _Bins:
    """Votes summed in bins of (track, probe, window, offset), the heaviest first."""

    def __init__(self, votes: Votes, window: Ints) -> None:
        self._votes = votes
        bins = np.floor(votes.offset_s / (BIN_S / 2)).astype(np.int64) + (1 << (OFFSET_BITS - 1))
        group = (votes.slot << PROBE_BITS | votes.probe) << WINDOW_BITS | window
        # Each vote counts in two bins, half a width apart, so that no peak is split by an edge.
        keys = np.concatenate([group << OFFSET_BITS | bins, group << OFFSET_BITS | (bins - 1)])
        rows = np.tile(np.arange(len(bins)), 2)
        order = np.argsort(keys, kind="stable")
        keys, self._rows = keys[order], rows[order]
        self._starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        self._ends = np.concatenate([self._starts[1:], [len(keys)]])
        self._sums = np.add.reduceat(votes.weight[self._rows], self._starts)
        self._best = np.argsort(-self._sums, kind="stable")
        self._groups = keys[self._starts[self._best]] >> OFFSET_BITS

    def best_of_tracks(self, limit: int) -> Ints:
        """The bins of the ``limit`` heaviest tracks and probes, one each."""
        _, first = np.unique(self._groups >> WINDOW_BITS, return_index=True)
        chosen: Ints = self._best[np.sort(first)[:limit]]
        return chosen

    def best_of_windows(self, limit: int, least: float) -> Ints:
        """The bins of the ``limit`` heaviest tracks of every window, one each."""
        window = self._groups & WHOLE
        slot = self._groups >> (WINDOW_BITS + PROBE_BITS)
        _, first = np.unique(slot << WINDOW_BITS | window, return_index=True)
        first = np.sort(first)
        first = first[self._sums[self._best[first]] >= least]
        by_window = np.argsort(window[first], kind="stable")
        ordered = window[first][by_window]
        rank = np.arange(len(first)) - np.searchsorted(ordered, ordered)
        chosen: Ints = self._best[np.sort(first[by_window][rank < limit])]
        return chosen

    def candidate(self, one: int, probes: list[Probe]) -> Candidate:
        """What a bin's votes say together."""
        rows, votes = self._rows[self._starts[one] : self._ends[one]], self._votes
        weight = votes.weight[rows]
        order = np.argsort(votes.query_s[rows])
        middle = order[np.searchsorted(np.cumsum(weight[order]), weight.sum() / 2)]
        return Candidate(
            slot=int(votes.slot[rows[0]]),
            probe=probes[int(votes.probe[rows[0]])],
            offset_s=float(np.average(votes.offset_s[rows], weights=weight)),
            anchor_s=float(votes.query_s[rows[middle]]),
            votes=float(weight.sum()),
        )
