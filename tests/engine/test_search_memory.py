"""How much a search holds grows with neither the square of a query nor the number of its candidates."""

import tracemalloc
from collections.abc import Collection

import numpy as np
import pytest

from catalog.engine import Fingerprint, FingerprintIndex, Match
from catalog.engine.parameters import PARAMETERS
from catalog.engine.search import references as references_module
from catalog.engine.search.find import LONG_S, Effort, find
from catalog.engine.search.references import References

MB = 1e6
COLUMNS_A_MINUTE = 60 / PARAMETERS.hop_s


def unknown(minutes: float, seed: int = 1) -> np.ndarray:
    """Levels of music that is none: smooth, and like nothing else."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(7.5, 4.0, (int(minutes * COLUMNS_A_MINUTE) // 4 + 1, PARAMETERS.rows))
    return np.clip(np.repeat(coarse, 4, axis=0), 0, 15).astype(np.uint8)


def of(levels: np.ndarray) -> Fingerprint:
    return Fingerprint(levels, len(levels) * PARAMETERS.hop_s)


def peak_mb(index: FingerprintIndex, query: Fingerprint, effort: Effort) -> tuple[float, list[Match]]:
    index.search(of(unknown(0.5, seed=9)))  # what is built once is not the search
    tracemalloc.start()
    try:
        answer = find(query, index._catalog(), effort=effort)
        return tracemalloc.get_traced_memory()[1] / MB, list(answer.matches)
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_a_long_query_that_holds_a_short_reference(fingerprints: list[Fingerprint]) -> None:
    """The other pieces of a reference were looked for in all of the query at once: with its square."""
    index = FingerprintIndex()
    for number, fingerprint in enumerate(fingerprints):
        index.add(number, fingerprint)
    peaks = []
    for minutes in (LONG_S / 60 + 2, 4 * LONG_S / 60):
        levels = unknown(minutes)
        levels[2000 : 2000 + len(fingerprints[3].levels)] = fingerprints[3].levels
        peak, matches = peak_mb(index, of(levels), "known")
        assert [match.track_id for match in matches] == [3]
        assert matches[0].query_start_s == pytest.approx(2000 * PARAMETERS.hop_s, abs=1.0)
        peaks.append(peak)
    assert peaks[1] < 100
    assert peaks[1] < 1.5 * peaks[0]


@pytest.mark.slow
def test_an_ordinary_query_of_which_a_short_reference_explains_little(fingerprints: list[Fingerprint]) -> None:
    index = FingerprintIndex()
    index.add(1, fingerprints[3])
    levels = unknown(LONG_S / 60 - 0.1)
    levels[2000 : 2000 + len(fingerprints[3].levels)] = fingerprints[3].levels
    peak, matches = peak_mb(index, of(levels), "known")
    assert [match.track_id for match in matches] == [1]
    assert peak < 150


def test_fingerprints_that_were_looked_at_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = {number: of(unknown(0.5, number)) for number in range(30)}
    held = len(stored[0].levels)
    monkeypatch.setattr(references_module, "KEPT_LEVELS", 5 * held)
    asked: list[int] = []

    def fetch(track_ids: Collection[int]) -> dict[int, Fingerprint]:
        asked.extend(track_ids)
        return {number: stored[number] for number in track_ids if number in stored}

    references = References(fetch)
    for number in range(0, 30, 3):
        references.fetch({number, number + 1, number + 2})
    assert len(references._fingerprints) == 5
    assert references.reference(0).columns == held, "what was let go is fetched again"
    assert asked.count(0) == 2
    references.fetch([77])
    references.fetch([77])
    assert not references.is_there(77)
    assert asked.count(77) == 1


def test_more_than_may_be_held_is_held_while_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = {number: of(unknown(0.5, number)) for number in range(8)}
    monkeypatch.setattr(references_module, "KEPT_LEVELS", 1)
    references = References(lambda track_ids: {number: stored[number] for number in track_ids})
    references.fetch(range(8))
    assert len(references._fingerprints) == 8


def test_tracks_that_are_looked_at_in_turn_are_fetched_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references_module, "FETCHED", 2)
    stored = {number: of(unknown(0.1, number)) for number in (1, 2, 4, 5)}
    asked: list[set[int]] = []

    def fetch(track_ids: Collection[int]) -> dict[int, Fingerprint]:
        asked.append(set(track_ids))
        return {number: stored[number] for number in track_ids if number in stored}

    turns = References(fetch).in_turn(["1", "2", "3", "4", "5"], int)
    assert [next(turns), next(turns)] == ["1", "2"]
    assert asked == [{1, 2}], "the others wait until somebody looks at them"
    assert list(turns) == ["4", "5"], "the third is gone"
    assert asked == [{1, 2}, {3, 4}, {5}]
