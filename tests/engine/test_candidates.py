"""Votes become candidates: against a count of every bin, one vote after the other."""

import math
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pytest

from catalog.engine.features.query import Probe
from catalog.engine.search.candidates import BIN_S, WINDOW_S, Candidate, Votes, candidates

PROBES = [Probe(), Probe(1.06, 1.0), Probe(0.94, -1.0)]
Vote = tuple[int, int, float, float, float]  # slot, probe, query's time, offset, weight


def votes_of(rows: Iterable[Vote]) -> Votes:
    slot, probe, *times = zip(*rows, strict=True)
    query_s, offset_s, weight = (np.array(column, np.float64) for column in times)
    return Votes(np.array(slot, np.int64), np.array(probe, np.int64), query_s, offset_s, weight)


def best_bins(counted: list[tuple[object, Vote]], limit: int) -> list[list[Vote]]:
    """Return the votes of the heaviest bins, one bin a track and probe."""
    bins: dict[tuple[object, ...], list[Vote]] = defaultdict(list)
    for window, vote in counted:
        lower = math.floor(vote[3] / (BIN_S / 2))
        for number in (lower, lower - 1):  # bins overlap by half
            bins[vote[0], vote[1], window, number].append(vote)
    heaviest: dict[tuple[object, ...], list[Vote]] = {}
    for (slot, probe, *_), inside in bins.items():
        if weight(inside) > weight(heaviest.get((slot, probe), [])):
            heaviest[slot, probe] = inside
    return sorted(heaviest.values(), key=weight, reverse=True)[:limit]


def weight(votes: list[Vote]) -> float:
    return sum(vote[4] for vote in votes)


def described(votes: list[Vote]) -> tuple[int, Probe, float, float, float]:
    """Return track, probe, mean offset, the time that half of the weight lies before, and the weight."""
    total, before = weight(votes), 0.0
    for vote in sorted(votes, key=lambda one: one[2]):
        before += vote[4]
        if before >= total / 2:
            break
    return votes[0][0], PROBES[votes[0][1]], sum(one[3] * one[4] for one in votes) / total, vote[2], total


def expected(votes: list[Vote], limit: int) -> list[tuple[int, Probe, float, float, float]]:
    windows = [(math.floor(vote[2] / (WINDOW_S / 2)) - late, vote) for vote in votes for late in (0, 1)]
    places: dict[tuple[int, Probe, int], tuple[int, Probe, float, float, float]] = {}
    for found in [*best_bins([("whole", vote) for vote in votes], limit), *best_bins(list(windows), limit)]:
        one = described(found)
        key = (one[0], one[1], round(one[2]))
        if key not in places or places[key][4] < one[4]:
            places[key] = one
    return sorted(places.values(), key=lambda one: -one[4])


def told(found: list[Candidate]) -> list[tuple[int, Probe, float, float, float]]:
    return [(one.slot, one.probe, one.offset_s, one.anchor_s, one.votes) for one in found]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("limit", [1, 3, 50])
def test_candidates_are_the_heaviest_bins(seed: int, limit: int) -> None:
    chance = np.random.default_rng(seed)
    votes: list[Vote] = [
        (int(slot), int(probe), float(time_s), float(offset_s), float(amount))
        for slot, probe, time_s, offset_s, amount in zip(
            chance.integers(0, 5, 300),
            chance.integers(0, 3, 300),
            chance.uniform(0, 60, 300),
            chance.uniform(-8, 8, 300),
            chance.uniform(0.1, 1, 300),
            strict=True,
        )
    ]
    wanted = expected(votes, limit)
    found = told(candidates(votes_of(votes), PROBES, limit))
    assert len(found) == len(wanted) >= limit or limit == 50
    assert [one[:2] for one in found] == [one[:2] for one in wanted]
    assert [one[2:] for one in found] == pytest.approx(np.array([one[2:] for one in wanted]))


def test_votes_on_both_sides_of_an_edge_are_one_candidate() -> None:
    votes = [(7, 0, float(n), 4.0 + offset, 1.0) for n, offset in enumerate((-0.2, 0.2, -0.1, 0.1))]
    [one] = candidates(votes_of(votes), PROBES, 5)
    assert (one.slot, one.votes, one.anchor_s) == (7, 4.0, 1.0)
    assert one.offset_s == pytest.approx(4.0)


def test_ten_seconds_of_an_hour_stand_out_in_their_window() -> None:
    """Track 1 has more votes in the whole hour, track 2 more within ten seconds: with one each, both are found."""
    spread = [(1, 0, 300.0 * n, 5.0, 1.0) for n in range(12)]
    short = [(2, 0, 1800.0 + n, -900.0, 1.0) for n in range(9)]
    found = candidates(votes_of(spread + short), PROBES, 1)
    assert [(one.slot, one.votes) for one in found] == [(1, 12.0), (2, 9.0)]
    assert found[1].anchor_s == 1804.0


def test_no_votes_are_no_candidates() -> None:
    nothing = np.zeros(0)
    assert candidates(Votes(nothing.astype(int), nothing.astype(int), nothing, nothing, nothing), PROBES, 5) == []
