"""A piece on a line goes on as far as what single places say adds up."""

from dataclasses import replace

import numpy as np
import pytest

from catalog.engine.alignment import correlation
from catalog.engine.alignment.line import Line
from catalog.engine.verification.calibration import USUAL_LEVEL
from catalog.engine.verification.ends import borne_out, grown
from catalog.engine.verification.limits import LIMITS
from catalog.engine.verification.path import STANDS_OUT, Path, Stretch, along
from tests.alterations import RATE, Samples
from tests.engine.made_music import beside, pink_noise, under

PLACES = 100


def path(*stretches: tuple[int, int]) -> Path:
    """Return a path of which only the stretches count."""
    nothing = np.zeros((PLACES, 2), np.float32)
    found = tuple(Stretch(first, last, 50.0) for first, last in stretches)
    return Path(Line(0, 1, 0), np.arange(PLACES), nothing[:, 0], nothing, nothing, nothing, nothing, found)


def ends(gains: np.ndarray, *stretches: tuple[int, int]) -> list[tuple[int, int]]:
    return [(one.first, one.last) for one in grown(path(*stretches), gains.astype(np.float32)).stretches]


def gains_where(first: int, last: int, worth: float = 0.5, elsewhere: float = -0.5) -> np.ndarray:
    gains = np.full(PLACES, elsewhere)
    gains[first : last + 1] = worth
    return gains


def test_a_stretch_goes_on_as_far_as_gains_add_up() -> None:
    assert ends(gains_where(20, 80), (40, 60)) == [(20, 80)]


def test_a_stretch_stays_where_nothing_is_gained() -> None:
    assert ends(gains_where(40, 60), (40, 60)) == [(40, 60)]
    few = int(LIMITS.end_gain / 0.5) - 1
    assert ends(gains_where(40 - few, 60 + few), (40, 60)) == [(40, 60)]


def test_the_rest_of_a_recording_needs_no_more_than_it_can_give() -> None:
    assert ends(gains_where(0, 99, worth=0.6), (2, 97)) == [(0, 99)]


@pytest.mark.parametrize(("lost", "crossed"), [(0.8, True), (1.2, False)])
def test_a_gap_is_crossed_unless_too_much_is_lost_in_it(lost: float, *, crossed: bool) -> None:
    gains = gains_where(0, 99)
    gains[61:71] = -lost * LIMITS.gap_loss / 10
    found = ends(gains, (40, 60))
    assert found[0][0] == 0
    assert (found[0][1] == 99) == crossed


def test_stretches_that_meet_are_one() -> None:
    [one] = grown(path((10, 30), (50, 70)), gains_where(0, 99).astype(np.float32)).stretches
    assert (one.first, one.last, one.evidence) == (0, 99, 100.0)


def test_stretches_keep_apart_where_nothing_speaks_for_what_is_between() -> None:
    gains = gains_where(5, 75)
    gains[31:50] = -0.6
    assert ends(gains, (10, 30), (50, 70)) == [(5, 30), (50, 75)]


@pytest.mark.parametrize(
    ("evidence", "level", "worth", "stays"),
    [
        (7.0, 0.0, -0.3, False),
        (7.0, 0.0, 0.0, False),
        (7.0, 0.0, 0.3, True),  # the pictures speak for it
        (STANDS_OUT * USUAL_LEVEL + 1, 0.0, -0.3, True),  # the moments do
        (STANDS_OUT * USUAL_LEVEL + 1, 2 * USUAL_LEVEL, -0.3, False),  # which is chance here
    ],
)
def test_a_side_stretch_needs_more_than_chance(evidence: float, level: float, worth: float, *, stays: bool) -> None:
    of_one = replace(path((10, 40)), stretches=(Stretch(10, 40, 100.0), Stretch(60, 80, evidence)))
    gains = gains_where(60, 80, worth, elsewhere=-0.5).astype(np.float32)
    kept = [(one.first, one.last) for one in borne_out(of_one, gains, level).stretches]
    assert kept == ([(10, 40), (60, 80)] if stays else [(10, 40)])


@pytest.mark.slow
def test_what_lies_under_loud_noise_at_an_end_is_found_again(tune: Samples) -> None:
    """The last eight seconds are masked, and single moments say little there."""
    clear, masked = tune[: 16 * RATE], tune[16 * RATE : 24 * RATE]
    asked = np.concatenate([clear, under(masked, pink_noise(len(masked), 3), 3)])
    pair = beside(asked, tune[: 24 * RATE])
    line = Line(0.0, 1.0, 0.0)
    found = correlation.filtered(pair, line, (0.0, 24.0))
    assert found is not None
    before = along(pair, line)
    after = grown(before, correlation.gains(pair.aligned(line), before.places_s, found.deviation))
    end_s = float(before.places_s[max(one.last for one in after.stretches)])
    assert end_s > 22.0
