"""By which line a copy is called that was cut, or whose tempo changes."""

import numpy as np
import pytest

from catalog.engine import Fingerprinter, FingerprintIndex, Match
from catalog.engine.verification.edits import straight_piece
from catalog.engine.verification.tempo_stability import Blocks
from tests.alterations import RATE, Samples, faster, without

START_S, HALF_S = 4.0, 15.0


def found(copy: Samples, held: Samples) -> Match:
    index = FingerprintIndex()
    index.add(1, Fingerprinter.of_samples(held))
    return index.search(Fingerprinter.of_samples(copy))[0]


@pytest.mark.parametrize(("cut_at_s", "cut_s"), [(11.0, 0.2), (13.0, 0.3), (15.0, 0.25)])
def test_a_cut_copy_is_called_by_its_longest_piece(tune: Samples, cut_at_s: float, cut_s: float) -> None:
    """And not by a line that leads over the cut at another tempo."""
    piece = tune[int(START_S * RATE) :][: int(2 * HALF_S * RATE)]
    match = found(without(piece, cut_at_s, cut_s), tune)
    assert match.tempo_ratio == pytest.approx(1.0, abs=0.003)
    assert min(abs(match.offset_s - offset_s) for offset_s in (START_S, START_S + cut_s)) < 0.05
    assert match.query_coverage > 0.9


def test_a_copy_of_two_speeds_is_called_by_the_mean(tune: Samples) -> None:
    piece = tune[int(START_S * RATE) :][: int(2 * HALF_S * RATE)]
    half = int(HALF_S * RATE)
    match = found(np.concatenate([faster(piece[:half], 1.02), piece[half:]]), tune)
    assert match.tempo_ratio == pytest.approx(1.01, abs=0.004)


def blocks(moved_s: list[float]) -> Blocks:
    count = len(moved_s)
    return Blocks(np.arange(count) * 2.0, np.array(moved_s), np.ones(count))


def test_the_straight_piece_is_the_longest_run() -> None:
    assert straight_piece(blocks([0.0] * 4 + [0.3] * 8)) == slice(4, 12)
    assert straight_piece(blocks([0.01 * n for n in range(12)])) is None, "all of it is straight"
    assert straight_piece(blocks([0.0, 0.1, 0.0, 0.2, -0.1, 0.1, 0.0, -0.2])) is None, "none of it is"
    unheard = blocks([0.0] * 12)
    unheard.weight[5] = 0.0
    assert straight_piece(unheard) == slice(6, 12)
