"""Sketches: what is masked everywhere is found by looking through all of them."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pytest

from catalog.engine import Fingerprint, Fingerprinter, FingerprintIndex
from catalog.engine.features import sketch
from catalog.engine.features.embedding import Vectors
from catalog.engine.features.model import model
from catalog.engine.features.patches import move_rows
from catalog.engine.features.whitening import running_mean, whitened
from catalog.engine.index import sketch_scan
from catalog.engine.index.in_memory import EmbeddedIndex
from catalog.engine.index.interface import NOTHING, Neighbours
from catalog.engine.search import search as steps
from catalog.engine.verification import decision
from catalog.engine.verification.calibration import log10_probability_of_filter
from catalog.engine.verification.limits import LIMITS
from tests.alterations import RATE, Samples
from tests.engine.made_music import pink_noise, under
from tests.some import some

pytestmark = pytest.mark.slow
START_S, LENGTH_S = 8.0, 12.0


def picture_of(samples: Samples) -> np.ndarray:
    return move_rows(Fingerprinter.of_samples(samples).picture, 0.0)


@pytest.fixture(scope="module")
def masked(sounds: list[Samples]) -> list[Fingerprint]:
    """Twelve seconds of each song under pink noise as loud."""
    size = int(LENGTH_S * RATE)
    excerpts = [song[int(START_S * RATE) :][:size] for song in sounds]
    noisy = [under(excerpt, pink_noise(size, number), 0.0) for number, excerpt in enumerate(excerpts)]
    return [Fingerprinter.of_samples(samples) for samples in noisy]


@pytest.fixture
def without_votes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is near to anything."""

    def nothing(
        _: EmbeddedIndex, queries: Vectors, k: int, *, thorough: bool, without: Collection[int] = ()
    ) -> Neighbours:
        shape = (2, len(queries.values), k)
        return Neighbours(np.full(shape, NOTHING, np.float32), np.zeros(shape, np.int64), np.zeros(shape, np.int64))

    monkeypatch.setattr(EmbeddedIndex, "nearest", nothing)


def test_whitening_takes_off_what_neighbours_tell(sounds: list[Samples]) -> None:
    """Against the plain definition: means of nine cells, row by row and column by column."""
    picture = picture_of(sounds[0])
    expected = picture - running_mean(picture.T, 9).T
    expected = expected - running_mean(expected, 9)
    power = running_mean((expected**2).reshape(len(picture), 2, -1).mean(axis=2), 33)
    expected = expected / np.repeat(np.sqrt(np.maximum(power, 1.0)), 28, axis=1)
    assert np.allclose(whitened(picture), expected, atol=1e-4)


def test_a_sketch_keeps_most_of_what_the_directions_hold(sounds: list[Samples]) -> None:
    white = whitened(picture_of(sounds[0]))
    blocks = len(white) // sketch.BLOCK_COLUMNS
    numbers = white[: blocks * sketch.BLOCK_COLUMNS].reshape(blocks, sketch.BLOCK_SIZE) @ model().sketch_basis
    codes = sketch.sketched(picture_of(sounds[0]))
    assert codes.shape == (blocks, sketch.BYTES)
    assert np.corrcoef((sketch.decoded(codes) * model().sketch_spread).ravel(), numbers.ravel())[0, 1] > 0.9
    assert (sketch.decoded(codes, 32) == sketch.decoded(codes)[:, :32]).all()


def test_directions_are_perpendicular_and_sorted() -> None:
    assert np.allclose(model().sketch_basis.T @ model().sketch_basis, np.eye(sketch.NUMBERS), atol=5e-3)
    assert (np.diff(model().sketch_spread) <= 0).all()


def test_a_query_is_cut_where_it_says(sounds: list[Samples]) -> None:
    """Block b of way w is the block of the whitened picture that begins there."""
    picture = picture_of(sounds[1])
    asked = sketch.asked(picture, 250, 250)
    assert asked is not None
    white = whitened(picture)
    for way, block in ((0, 0), (3, 2), (7, asked.blocks - 1)):
        first = asked.first_column + way * sketch.ASKED_STEP + block * sketch.BLOCK_COLUMNS
        cells = white[first : first + sketch.BLOCK_COLUMNS].reshape(-1)
        numbers = cells @ model().sketch_basis * model().sketch_spread
        assert np.allclose(asked.values[way, block], numbers, rtol=1e-3, atol=1e-2)
    assert abs(asked.middle_column - len(picture) / 2) < sketch.BLOCK_COLUMNS
    assert sketch.asked(picture[:20], 250, 250) is None


def test_masked_copies_are_found_without_any_vote(
    index: FingerprintIndex, masked: list[Fingerprint], without_votes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [index.search(query) for query in masked]
    assert all([match.track_id for match in matches] in ([], [number]) for number, matches in enumerate(some(found)))
    assert sum(map(len, found)) >= 0.7 * len(masked)
    assert all(abs(matches[0].offset_s - START_S) < 0.1 for matches in some(filter(None, found)))
    monkeypatch.setattr(steps, "SCANNED_S", 0.0)  # of a catalog that is too large
    assert not any(index.search(query) for query in some(masked))


@pytest.mark.parametrize("place_s", [3.0, 60.0, 110.0])
@pytest.mark.parametrize("reference_s", [LENGTH_S, 30.0])
def test_a_masked_jingle_is_found_wherever_it_lies_in_a_long_query(
    sounds: list[Samples], without_votes: None, place_s: float, reference_s: float
) -> None:
    """Of minutes: not only in the middle, and where the middle of the query lies beyond a reference that is short."""
    found, wrong = 0, 0
    for number in range(5):
        start, size = int(START_S * RATE), int(LENGTH_S * RATE)
        index = FingerprintIndex()
        for track_id in (number, number + 1):
            song = sounds[track_id][start:] if reference_s == LENGTH_S else sounds[track_id]
            index.add(track_id, Fingerprinter.of_samples(song[: int(reference_s * RATE)]))
        jingle = under(sounds[number][start:][:size], pink_noise(size, number), 0.0)
        others = np.concatenate([song * (jingle.std() / song.std()) for song in sounds[7:]])
        place = int(place_s * RATE)
        query = np.concatenate([others[:place], jingle, others[place : 125 * RATE]]).astype(np.float32)
        ids = [match.track_id for match in index.search(Fingerprinter.of_samples(query))]
        found, wrong = found + (number in ids), wrong + (number + 1 in ids)
    assert (found >= 3, wrong) == (True, 0), found


@pytest.mark.parametrize(
    ("columns", "most", "first_column", "firsts"),
    [
        (100, 900, 0, []),
        (300, 900, 0, []),
        (330, 900, 0, [0, 5]),
        (900, 900, 0, [0, 7, 14, 21, 28, 35, 41]),
        (900, 340, 280, [0, 6]),
        (900, 250, 325, []),
    ],
)
def test_windows_lie_all_over_what_is_asked(
    sounds: list[Samples], columns: int, most: int, first_column: int, firsts: list[int]
) -> None:
    """The middle comes first; what is hardly longer than a window has none."""
    asked = sketch.asked(np.resize(picture_of(sounds[0]), (columns, 56)), most, 250, 32)
    assert asked is not None
    (begin, end), *windows = asked.stretches
    assert (asked.first_column, asked.numbers, end - begin) == (first_column, 32, min(14, asked.blocks))
    assert abs(begin - (asked.blocks - end)) <= 1
    assert windows == [(first, first + 14) for first in firsts]


def test_each_stretch_lies_where_it_says(sounds: list[Samples]) -> None:
    asked = sketch.asked(picture_of(sounds[0]), 600, 250)
    assert asked is not None
    for (begin, end), stretch in zip(asked.stretches, some(list(asked.each())), strict=True):
        assert np.array_equal(stretch.values, asked.values[:, begin:end])
        assert (stretch.first_column - asked.first_column, stretch.stretches) == (16 * begin, ((0, end - begin),))


@pytest.mark.parametrize(("witness", "limit"), [("scanned_sound", 0.0), ("least_similarity", 9.0)])
def test_a_line_that_was_chosen_needs_witnesses(
    index: FingerprintIndex,
    masked: list[Fingerprint],
    without_votes: None,
    monkeypatch: pytest.MonkeyPatch,
    witness: str,
    limit: float,
) -> None:
    """The sound of the whole picture, and single moments."""
    monkeypatch.setattr(decision, "LIMITS", replace(LIMITS, **{witness: limit}))
    assert not any(index.search(query) for query in some(masked))


def test_the_track_itself_is_passed_over(
    index: FingerprintIndex, masked: list[Fingerprint], without_votes: None
) -> None:
    assert not any(index.search(query, exclude=[number]) for number, query in enumerate(some(masked)))


def test_of_a_large_catalog_less_is_compared(
    index: FingerprintIndex, masked: list[Fingerprint], without_votes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "SCANNED_WHOLE_S", 0.0)
    found = [[match.track_id for match in index.search(query)] for query in masked]
    assert all(ids in ([], [number]) for number, ids in enumerate(some(found)))
    assert sum(map(len, found)) >= 0.6 * len(masked)


def test_a_line_that_was_chosen_needs_to_stand_out_more() -> None:
    """It is the best of all places, not one of a few that something else pointed to."""
    at = [log10_probability_of_filter(6.0, 1e5, 1.0, unchanged=True, scanned=scanned) for scanned in (False, True)]
    assert at[0] < at[1] - 2


@pytest.mark.parametrize("blocks", [1, 2, 5, 30])
def test_every_line_of_every_stretch_is_summed(blocks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In chunks of any size, beyond both ends, against the plain sum; the best whose middle lies in each track."""
    monkeypatch.setattr(sketch_scan, "CHUNK", 7)
    random = np.random.default_rng(blocks)
    codes = random.integers(0, 256, (23, sketch.BYTES), np.uint8)
    values = random.standard_normal((sketch.ASKED_WAYS, blocks, sketch.NUMBERS)).astype(np.float32)
    asked = sketch.QuerySketch(values, 0, ((0, blocks), (blocks // 3, blocks), (0, blocks // 2 + 1)))
    starts, ends = np.array([0, 1, 9, 15]), np.array([1, 9, 15, 23])
    best = sketch_scan.best_sums(codes, starts, ends, asked)
    held = np.pad(sketch.decoded(codes), ((40, 40), (0, 0)))
    for number, stretch in enumerate(asked.each()):
        firsts = 40 + np.arange(23) - stretch.blocks // 2
        of_lines = [held[first : first + stretch.blocks] for first in firsts]
        sums = np.einsum("wbn,mbn->wm", stretch.values, np.stack(of_lines))
        assert np.allclose(sketch_scan.line_sums(codes, stretch, 0, 23), sums, rtol=1e-3, atol=1e-3)
        most = [sums[:, start:end].max() for start, end in zip(starts, ends, strict=True)]
        assert np.allclose(best[number], most, rtol=1e-4)
