"""What wrong places of a reference reach, against plain definitions of each step."""

import numpy as np
import pytest

from catalog.engine.alignment.line import HOP_S, STEP_S, Line
from catalog.engine.features.spectrogram import Floats
from catalog.engine.verification.calibration import FEWEST_DIAGONALS, LEVEL_QUANTILE, USUAL_LEVEL, level_of
from catalog.engine.verification.path import (
    CHANCE_REACH_S,
    along,
    best_stretches,
    diagonals,
    elsewhere,
    parallel_gains,
)
from tests.alterations import AUDIO, RATE, Samples, sound
from tests.engine.made_music import beside, pink_noise, under


def slipped(gains: Floats) -> Floats:
    """Return diagonals as columns, one number after the other."""
    rows, columns = gains.shape
    found = np.zeros_like(gains)
    for row in range(rows):
        for column in range(columns):
            if row + column < columns:
                found[row, column] = gains[row, row + column]
    return found


def best_sum(column: Floats) -> float:
    """Return the best sum of consecutive rows, of all there are."""
    rows = len(column)
    return max(float(column[first:end].sum()) for first in range(rows) for end in range(first + 1, rows + 1))


def quantile(values: Floats, share: float) -> float:
    """Return the value that so many are under, between the two nearest where none is."""
    ordered = sorted(values.tolist())
    place = share * (len(ordered) - 1)
    lower = int(place)
    upper = min(lower + 1, len(ordered) - 1)
    return ordered[lower] + (place - lower) * (ordered[upper] - ordered[lower])


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 1), (3, 8), (8, 3), (6, 6)])
def test_diagonals_become_columns(shape: tuple[int, int]) -> None:
    gains = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    assert np.array_equal(diagonals(gains), slipped(gains))


@pytest.mark.parametrize("rows", [1, 2, 9, 20])
def test_best_stretches_are_the_best_of_all(rows: int) -> None:
    columns = np.random.default_rng(rows).standard_normal((rows, 30)).astype(np.float32)
    columns[:, 0] = -np.abs(columns[:, 0])  # where all is lost, the least is
    expected = [best_sum(column) for column in columns.T]
    assert best_stretches(columns) == pytest.approx(expected, abs=1e-5)
    assert expected[0] < 0


def test_level_is_what_nine_wrong_places_in_ten_stay_under() -> None:
    for count in (FEWEST_DIAGONALS, 101, 250):
        best = np.random.default_rng(count).exponential(4.0, count).astype(np.float32)
        assert level_of(best) == pytest.approx(quantile(best, LEVEL_QUANTILE), rel=1e-5)


def test_level_of_too_few_places_is_the_usual_one() -> None:
    assert level_of(np.full(FEWEST_DIAGONALS - 1, 50.0, np.float32)) == USUAL_LEVEL
    assert level_of(np.zeros(0, np.float32)) == USUAL_LEVEL


START_S, LENGTH_S = 16.0, 8.0


@pytest.fixture(scope="module")
def excerpt(tune: Samples) -> Samples:
    return tune[int(START_S * RATE) : int((START_S + LENGTH_S) * RATE)]


@pytest.mark.slow
def test_elsewhere_leaves_out_what_is_near_to_the_line(tune: Samples, excerpt: Samples) -> None:
    """The level is what every line further away reaches, each looked at by itself."""
    pair, line = beside(excerpt, tune), Line(START_S, 1.0, 0.0)
    path = along(pair, line)
    first_s = START_S + float(path.best_places_s[0])
    start_s = first_s % STEP_S
    gains = slipped(parallel_gains(pair, line, path.best_places_s / np.float32(HOP_S), start_s))
    reaches = {start_s + number * STEP_S: best_sum(column) for number, column in enumerate(gains.T)}
    near = round(CHANCE_REACH_S / STEP_S)
    wrong = [best for time_s, best in reaches.items() if round(abs(time_s - first_s) / STEP_S) > near]
    assert len(wrong) >= FEWEST_DIAGONALS
    found = elsewhere(pair, path)
    assert found.level == pytest.approx(quantile(np.array(wrong), LEVEL_QUANTILE), rel=1e-4)
    assert found.level < max(reaches.values()) / 10
    assert found.better_offset_s is None


@pytest.mark.slow
def test_elsewhere_names_the_line_that_agrees_more() -> None:
    """One copy in the reference is masked, another is clean: asked about the masked one, the clean one is named."""
    mountain, palace = sound(AUDIO / "mountain.mp3"), sound(AUDIO / "palace.mp3")
    length = int(LENGTH_S * RATE)
    asked = mountain[2 * length : 3 * length]
    masked = under(asked, pink_noise(length, 4), 10.0)
    pair = beside(asked, np.concatenate([masked, palace[:length], asked, palace[length : 2 * length]]))
    clean_s = 2 * LENGTH_S
    from_masked = elsewhere(pair, along(pair, Line(0.0, 1.0, 0.0)))
    assert from_masked.better_offset_s == pytest.approx(clean_s, abs=STEP_S)
    assert elsewhere(pair, along(pair, Line(clean_s, 1.0, 0.0))).better_offset_s is None
