"""What a nat of evidence counts, by how closely its moments agree."""

import numpy as np
import pytest

from catalog.engine.alignment.comparison import Comparison
from catalog.engine.alignment.line import Line
from catalog.engine.features.patches import HALVES
from catalog.engine.features.spectrogram import Floats
from catalog.engine.verification.path import Path, Proof
from catalog.engine.verification.similarity import MOST_WORTH, USUAL, of_similarity, worth
from tests.alterations import RATE, Samples
from tests.engine.made_music import beside, pink_noise, under

PLACES = 24


@pytest.fixture(scope="module")
def same(tune: Samples) -> Comparison:
    """Ten seconds beside themselves: the query has lost no contrast."""
    return beside(tune[: 10 * RATE], tune[: 10 * RATE])


def path_of(cosine: Floats) -> Path:
    """A path whose moments agree as the test says; NaN where nothing is heard."""
    nothing = np.zeros((len(cosine), HALVES), np.float32)
    vectors = np.zeros((len(cosine), HALVES, 1), np.float32)
    similarity = np.nan_to_num(cosine).mean(axis=1)
    places_s = (2.0 + 0.256 * np.arange(len(cosine))).astype(np.float32)
    return Path(Line(0.0, 1.0, 0.0), places_s, similarity, cosine, nothing, vectors, vectors, ())


def proof_of(rows: range) -> Proof:
    return Proof(np.array(rows, np.int64), 50.0)


def cosines(low: float, high: float) -> Floats:
    return np.random.default_rng(3).uniform(low, high, (PLACES, HALVES)).astype(np.float32)


@pytest.mark.parametrize(("low", "high"), [(0.3, 0.6), (0.5, 0.8), (0.2, 0.9)])
def test_worth_is_that_of_the_typical_similarity(same: Comparison, low: float, high: float) -> None:
    """Half of it the mean, half of it what the best quarter of what is heard reaches; rows of the proof alone."""
    cosine = cosines(low, high)
    cosine[3, 0] = cosine[5, 1] = np.nan
    rows = range(2, 18)
    heard = sorted(value for row in rows for value in cosine[row].tolist() if value == value)  # noqa: PLR0124  (no NaN)
    place = 0.75 * (len(heard) - 1)
    upper = heard[int(place)] + (place % 1) * (heard[int(place) + 1] - heard[int(place)])
    mean = sum((0.0 if value != value else value) for row in rows for value in cosine[row].tolist()) / (  # noqa: PLR0124
        len(rows) * HALVES
    )
    expected = of_similarity((mean + upper) / 2)
    assert worth(same, path_of(cosine), proof_of(rows)) == pytest.approx(expected, rel=1e-4)
    cosine[20:] = 0.99  # no row of the proof
    assert worth(same, path_of(cosine), proof_of(rows)) == pytest.approx(expected, rel=1e-4)


def test_worth_grows_with_similarity_up_to_the_most(same: Comparison) -> None:
    found = [
        worth(same, path_of(np.full((PLACES, HALVES), value, np.float32)), proof_of(range(PLACES)))
        for value in (0.2, 0.45, 0.6, USUAL, 0.99)
    ]
    assert found[0] == 0.0
    assert found == sorted(set(found))
    assert found[3] == pytest.approx(1.0, rel=1e-4)
    assert found[4] == pytest.approx(MOST_WORTH)


def test_what_is_heard_nowhere_is_worth_nothing(same: Comparison) -> None:
    assert worth(same, path_of(np.full((PLACES, HALVES), np.nan, np.float32)), proof_of(range(PLACES))) == 0.0


def test_what_noise_has_filled_is_worth_more_at_the_same_similarity(same: Comparison, tune: Samples) -> None:
    """A masked copy agrees less closely than a clean one: a reference with more contrast allows for that."""
    piece = tune[: 10 * RATE]
    masked = beside(under(piece, pink_noise(len(piece), 6), 6.0), piece)
    path, proof = path_of(cosines(0.5, 0.7)), proof_of(range(PLACES))
    assert worth(masked, path, proof) > 1.2 * worth(same, path, proof) > 0.0
