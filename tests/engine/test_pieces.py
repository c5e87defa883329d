"""The other pieces of an edited copy, once one of them is sure."""

from dataclasses import replace

import numpy as np
import pytest

from catalog.engine.alignment.line import STEP_S, Line
from catalog.engine.verification import edits
from catalog.engine.verification.edits import others
from catalog.engine.verification.limits import LIMITS
from catalog.engine.verification.path import Path, along
from tests.alterations import RATE, Samples
from tests.engine.made_music import beside, pink_noise

HALF_S = 10.0


def part(samples: Samples, start_s: float, end_s: float) -> Samples:
    return samples[int(start_s * RATE) : int(end_s * RATE)]


def places(path: Path) -> set[int]:
    """Return the places of the query that a path explains."""
    return {place for one in path.stretches for place in range(one.first, one.last + 1)}


def test_swapped_halves_are_two_pieces(tune: Samples) -> None:
    asked = np.concatenate([part(tune, HALF_S, 2 * HALF_S), part(tune, 0.0, HALF_S)])
    pair = beside(asked, part(tune, 0.0, 2 * HALF_S))
    first = along(pair, Line(HALF_S, 1.0, 0.0))
    [second] = others(pair, first)
    assert second.line.offset_s == pytest.approx(-HALF_S, abs=STEP_S)
    assert places(second).isdisjoint(places(first))
    times_s = second.places_s[sorted(places(second))]
    assert times_s[0] == pytest.approx(HALF_S, abs=1.0)
    assert times_s[-1] == pytest.approx(2 * HALF_S, abs=1.5)


def test_a_part_that_is_repeated_is_found_at_its_place_again(tune: Samples) -> None:
    part_s = 12.0
    once = part(tune, 4.0, 4.0 + part_s)
    pair = beside(np.concatenate([once, once, once]), part(tune, 0.0, 20.0))
    found = others(pair, along(pair, Line(4.0, 1.0, 0.0)))
    assert sorted(round(one.line.offset_s) for one in found) == [4 - 2 * part_s, 4 - part_s]
    assert places(found[0]).isdisjoint(places(found[1]))


def test_what_the_recording_repeats_is_cut_to_what_is_open(tune: Samples) -> None:
    """Ten of the twenty seconds are played twice: the line that explains the rest explains most of them as well."""
    pair = beside(part(tune, 0.0, 20.0), np.concatenate([part(tune, 0.0, 16.0), part(tune, 6.0, 20.0)]))
    first = along(pair, Line(10.0, 1.0, 0.0))
    assert first.best_places_s[0] > 4.0
    [second] = others(pair, first)
    assert second.line.offset_s == pytest.approx(0.0, abs=1.1 * STEP_S)
    assert places(second).isdisjoint(places(first))
    assert min(places(second) | places(first)) * STEP_S < 1.0


def test_nothing_is_added_to_a_copy_that_one_line_explains(tune: Samples) -> None:
    pair = beside(part(tune, 4.0, 16.0), part(tune, 0.0, 20.0))
    assert others(pair, along(pair, Line(4.0, 1.0, 0.0))) == []


def test_what_is_not_of_the_recording_is_no_piece(tune: Samples) -> None:
    noise = pink_noise(int(8.0 * RATE), 5) * 0.1
    pair = beside(np.concatenate([part(tune, 4.0, 14.0), noise.astype(np.float32)]), part(tune, 0.0, 20.0))
    assert others(pair, along(pair, Line(4.0, 1.0, 0.0))) == []


def test_limits_are_kept(tune: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rest that is too short is not looked at, nor more pairs of places than are allowed, nor more pieces."""
    short_s = LIMITS.least_unexplained_s - 2.0
    held = part(tune, 0.0, 24.0)
    asked = np.concatenate([part(tune, 12.0, 22.0), part(tune, 0.0, short_s)])
    pair = beside(asked, held)
    assert others(pair, along(pair, Line(12.0, 1.0, 0.0))) == []
    swapped = beside(np.concatenate([part(tune, 12.0, 24.0), part(tune, 0.0, 12.0)]), held)
    first = along(swapped, Line(12.0, 1.0, 0.0))
    assert len(others(swapped, first)) == 1
    monkeypatch.setattr(edits, "LIMITS", replace(LIMITS, least_unexplained_s=15.0))
    assert others(swapped, first) == []
    monkeypatch.undo()
    monkeypatch.setattr(edits, "MOST_PAIRS", 1000)
    assert others(swapped, first) == []
    monkeypatch.undo()
    assert LIMITS.most_pieces > 1
    monkeypatch.setattr(edits, "LIMITS", replace(LIMITS, most_pieces=0))
    assert others(swapped, first) == []
