"""What the matched filter tells apart: masked copies and other music."""

import numpy as np
import pytest

from catalog.engine import Fingerprinter, FingerprintIndex
from catalog.engine.alignment import correlation
from catalog.engine.alignment.comparison import Comparison
from catalog.engine.alignment.correlation import Filtered, filtered
from catalog.engine.alignment.line import Line
from catalog.engine.verification.calibration import log10_probability_of_filter
from catalog.engine.verification.decision import Chance, by_filter
from tests.alterations import RATE, Samples
from tests.engine.made_music import beside, pink_noise, played, under
from tests.some import some

pytestmark = pytest.mark.slow
START_S, LENGTH_S = 8.0, 10.0
STANDS_OUT = 6.5


def excerpt(samples: Samples) -> Samples:
    return samples[int(START_S * RATE) : int((START_S + LENGTH_S) * RATE)]


@pytest.fixture(scope="module")
def masked(sounds: list[Samples]) -> list[Samples]:
    """Ten seconds of each song under pink noise 5 dB louder."""
    return [under(excerpt(song), pink_noise(int(LENGTH_S * RATE), number), 5.0) for number, song in enumerate(sounds)]


def test_a_masked_copy_stands_out_on_its_line_only(sounds: list[Samples], masked: list[Samples]) -> None:
    strength = np.zeros((len(sounds), len(sounds)))
    for asked, samples in enumerate(masked):
        for held, song in enumerate(sounds):
            found = correlation.filtered(beside(samples, song), Line(START_S, 1.0, 0.0), (0.0, LENGTH_S))
            assert found is not None
            strength[asked, held] = found.deviations
    own = np.diag(strength)
    others = strength[~np.eye(len(sounds), dtype=bool)]
    assert (own > STANDS_OUT).mean() >= 0.75
    assert others.max() < STANDS_OUT


def test_masked_copies_are_found_that_moments_alone_do_not_prove(
    index: FingerprintIndex, masked: list[Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = [Fingerprinter.of_samples(samples) for samples in masked]
    found = [[match.track_id for match in index.search(query)] for query in queries]
    assert all(ids in ([], [number]) for number, ids in enumerate(some(found)))
    monkeypatch.setattr(correlation, "filtered", lambda *_: None)
    without = [[match.track_id for match in index.search(query)] for query in queries]
    assert sum(map(len, found)) > sum(map(len, without))
    assert sum(map(len, found)) >= 0.7 * len(queries)


def test_too_short_a_reference_says_nothing(sounds: list[Samples]) -> None:
    short = sounds[0][: 5 * RATE]
    assert correlation.filtered(beside(short, short), Line(0.0, 1.0, 0.0), (0.0, 5.0)) is None


@pytest.mark.parametrize(("offset_s", "span_s"), [(0.0, (60.0, 90.0)), (900.0, (0.0, 10.0)), (-900.0, (0.0, 10.0))])
def test_beyond_either_picture_there_is_nothing_to_say(
    sounds: list[Samples], offset_s: float, span_s: tuple[float, float]
) -> None:
    pair = beside(excerpt(sounds[0]), sounds[0])
    assert correlation.filtered(pair, Line(offset_s, 1.0, 0.0), span_s) is None


def test_a_loop_stands_out_although_it_agrees_with_itself_elsewhere(versions: dict[str, Samples]) -> None:
    """The repeats of a loop are no measure of chance: a looped copy stands out as one does that never repeats."""
    once = versions["original"][: 8 * RATE]
    other = played(np.random.default_rng(9).integers(0, 30, (130, 2)), [1.0, 0.5, 0.3, 0.2], 0.3)
    looped = np.concatenate([once, other[: 8 * RATE], once, other[8 * RATE : 24 * RATE], once])
    asked = under(once, pink_noise(len(once), 5), 0.0)
    line = Line(0.0, 1.0, 0.0)
    alone = correlation.filtered(beside(asked, np.concatenate([once, other])), line, (0, 8))
    among = correlation.filtered(beside(asked, looped), line, (0, 8))
    assert alone is not None
    assert among is not None
    assert among.deviations > 0.8 * alone.deviations


def test_the_filter_believes_a_masked_copy_and_not_an_arrangement(versions: dict[str, Samples]) -> None:
    original, line = versions["original"], Line(0.0, 1.0, 0.0)
    believed = {
        name: by_filter(beside(versions[name], original), line, 20.0, None, Chance(trials=1e4))
        for name in ("mixed", "arrangement")
    }
    assert believed["mixed"] is not None
    assert believed["arrangement"] is None


@pytest.mark.parametrize(("offset_s", "spans"), [(0.0, 3), (11.0, 1)], ids=["a copy's", "a wrong one"])
def test_a_line_must_stand_out_a_little_in_the_first_short_span(
    versions: dict[str, Samples], monkeypatch: pytest.MonkeyPatch, offset_s: float, spans: int
) -> None:
    """Each span of a line is looked at once, and of most wrong lines only the first."""
    looked_at = []

    def noted(pair: Comparison, line: Line, span_s: tuple[float, float]) -> Filtered | None:
        looked_at.append(span_s)
        return filtered(pair, line, span_s)

    monkeypatch.setattr(correlation, "filtered", noted)
    pair, chance = beside(versions["mixed"], versions["original"]), Chance(trials=1e4, short_spans_s=(4.0, 2.0))
    by_filter(pair, Line(offset_s, 1.0, 0.0), 20.0, None, chance)
    assert looked_at[0] == (16.0, 24.0)
    assert len(looked_at) == len(set(looked_at)) == spans


def test_unchanged_lines_are_believed_alike_in_any_catalog() -> None:
    small, large = (log10_probability_of_filter(6.0, trials, 1.0, unchanged=True) for trials in (1e5, 1e8))
    assert small == large < -4
    assert log10_probability_of_filter(6.0, 1e5, 1.0, unchanged=False) > -4
    assert log10_probability_of_filter(6.0, 1e5, 100.0, unchanged=True) > small
