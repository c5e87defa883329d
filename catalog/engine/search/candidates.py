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
WINDOW_BITS = 12
WHOLE = (1 << WINDOW_BITS) - 1  # the window that is the whole query

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Votes:
    """Single votes, one a row: on the reference's clock, in seconds, whatever the probe's tempo."""

    slot: Ints
    probe: Ints
    query_s: Array
    offset_s: Array  # reference time - query time x tempo ratio
    weight: Array


@dataclass(frozen=True)
class Candidate:
    """A place to look closely: ``anchor_s`` is the query's time around which the votes lie."""

    slot: int
    probe: Probe
    offset_s: float
    anchor_s: float
    votes: float

    @property
    def line(self) -> Line:
        """What the votes say, before it is fitted."""
        return Line(self.offset_s, self.probe.tempo_ratio, self.probe.pitch_semitones)


def candidates(votes: Votes, probes: list[Probe], limit: int) -> list[Candidate]:
    """The ``limit`` best supported by the whole query and the ``limit`` best in one window, best first."""
    if not len(votes.slot):
        return []
    whole = _peaks(votes, np.full(len(votes.slot), WHOLE, np.int64), limit)
    window = np.floor(votes.query_s / (WINDOW_S / 2)).astype(np.int64) % WHOLE
    twice = Votes(*(np.concatenate([column, column]) for column in vars(votes).values()))
    local = _peaks(twice, np.concatenate([window, (window - 1) % WHOLE]), limit)
    found: dict[tuple[int, int, int], Candidate] = {}
    for source, rows in [*((votes, rows) for rows in whole), *((twice, rows) for rows in local)]:
        weight = source.weight[rows]
        order = np.argsort(source.query_s[rows])
        middle = order[np.searchsorted(np.cumsum(weight[order]), weight.sum() / 2)]
        probe = int(source.probe[rows[0]])
        candidate = Candidate(
            slot=int(source.slot[rows[0]]),
            probe=probes[probe],
            offset_s=float(np.average(source.offset_s[rows], weights=weight)),
            anchor_s=float(source.query_s[rows[middle]]),
            votes=float(weight.sum()),
        )
        key = (candidate.slot, probe, round(candidate.offset_s))
        if key not in found or found[key].votes < candidate.votes:
            found[key] = candidate
    return sorted(found.values(), key=lambda candidate: -candidate.votes)


def _peaks(votes: Votes, window: Ints, limit: int) -> list[Ints]:
    """Rows of the heaviest (track, probe, window, offset) bins: one bin a track and probe."""
    bins = np.floor(votes.offset_s / (BIN_S / 2)).astype(np.int64) + (1 << (OFFSET_BITS - 1))
    group = (votes.slot << 8 | votes.probe) << WINDOW_BITS | window
    # Each vote counts in two bins, half a width apart, so that no peak is split by an edge.
    keys = np.concatenate([group << OFFSET_BITS | bins, group << OFFSET_BITS | (bins - 1)])
    rows = np.tile(np.arange(len(bins)), 2)
    order = np.argsort(keys, kind="stable")
    keys, rows = keys[order], rows[order]
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    sums = np.add.reduceat(votes.weight[rows], starts)
    best = np.argsort(-sums, kind="stable")
    owners = keys[starts[best]] >> (OFFSET_BITS + WINDOW_BITS)
    _, first = np.unique(owners, return_index=True)
    ends = np.concatenate([starts[1:], [len(keys)]])
    return [rows[starts[i] : ends[i]] for i in best[np.sort(first)[:limit]]]
