"""The codes of vectors are those that FAISS gives, found by a faster way."""

from pathlib import Path

import numpy as np
import pytest

from catalog.engine import Fingerprint
from catalog.engine.features.embedding import DIMENSIONS
from catalog.engine.features.patches import HALVES, move_rows, unmoved_rows
from catalog.engine.index.codec import FEWEST_LISTS, Codec
from catalog.engine.index.faiss_vectors import Asked, Ids, Part, faiss

COUNT = 5_000
NEAREST = 7
MORE_LISTS = 2 * FEWEST_LISTS  # their numbers take two bytes


def unit_vectors(seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).standard_normal((COUNT, DIMENSIONS)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@pytest.fixture(scope="module", params=[FEWEST_LISTS, MORE_LISTS])
def codec(request: pytest.FixtureRequest) -> Codec:
    return Codec.learn([unit_vectors(half) for half in range(HALVES)], request.param)


def faiss_bytes(part: Part, folder: Path) -> list[bytes]:
    paths = [folder / f"{half}.faiss" for half in range(HALVES)]
    part.write(paths)
    return [path.read_bytes() for path in paths]


def test_a_part_is_filled_as_faiss_fills_it(codec: Codec, tmp_path: Path) -> None:
    ours, theirs = codec.new_part(), codec.new_part()
    for half in range(HALVES):
        values, ids = unit_vectors(7 + half), np.arange(COUNT, dtype=np.int64)[::-1] * 3
        for some in (slice(0, 10), slice(10, 10), slice(10, COUNT)):
            ours.add_values(half, values[some], ids[some])
            if len(ids[some]):
                theirs._halves[half].add_with_ids(values[some], np.ascontiguousarray(ids[some]))
    assert ours.count() == HALVES * COUNT
    assert faiss_bytes(ours, tmp_path) == faiss_bytes(theirs, tmp_path)


def found_by_faiss(part: Part, asked: Asked, half: int, without: Ids | None) -> tuple[np.ndarray, np.ndarray]:
    """What the index that holds the vectors finds when it is asked itself."""
    library, index, count = faiss(), part._halves[half], len(asked.values)
    assert asked.lists is not None
    selector = None if without is None else library.IDSelectorNot(library.IDSelectorBatch(without))
    params = library.SearchParametersIVF(sel=selector, nprobe=asked.lists.shape[1])
    similarity, ids = np.empty((count, NEAREST), np.float32), np.empty((count, NEAREST), np.int64)
    pointers = [library.swig_ptr(array) for array in (asked.lists, asked.list_similarity, similarity, ids)]
    index.search_preassigned_c(count, library.swig_ptr(asked.values), NEAREST, *pointers, False, params)
    return similarity, ids


@pytest.mark.parametrize("mapped", [False, True], ids=["memory", "mapped"])
def test_a_part_finds_what_faiss_finds(codec: Codec, tmp_path: Path, *, mapped: bool) -> None:
    """To the last bit, while it grows and where tracks are passed over."""
    part = codec.new_part()
    for half in range(HALVES):
        asked = Asked(unit_vectors(30 + half)[:200], *codec.nearest_lists(unit_vectors(30 + half)[:200], half, 4))
        for some in (slice(0, 1000), slice(1000, COUNT)):
            part.add_values(half, unit_vectors(half)[some], np.arange(COUNT, dtype=np.int64)[some])
            searched = part
            if mapped:
                part.write(paths := [tmp_path / f"{some.start}-{other}.faiss" for other in range(HALVES)])
                searched = Part.mapped(paths)
            for without in (None, np.arange(0, COUNT, 3)):
                ours = searched.search(asked, half, NEAREST, without=without)
                for one, other in zip(ours, found_by_faiss(searched, asked, half, without), strict=True):
                    assert np.array_equal(one, other)
            assert (searched.search(asked, half, NEAREST)[1] >= 0).any()


def test_a_codec_that_was_read_codes_as_before(codec: Codec, tmp_path: Path) -> None:
    paths = [tmp_path / f"{half}.faiss" for half in range(HALVES)]
    codec.write(paths)
    read = Codec.read(paths)
    for half in range(HALVES):
        for before, after in zip(codec.coded(half, unit_vectors(9)), read.coded(half, unit_vectors(9)), strict=True):
            assert np.array_equal(before, after)


def test_each_code_stands_for_the_nearest_part(codec: Codec) -> None:
    values = unit_vectors(8)
    codes = codec.coded(1, values)[1]
    parts = values.reshape(COUNT, codes.shape[1], -1).astype(np.float64)
    centroids = codec.code_centroids(1).reshape(codes.shape[1], 1 << 8, -1).astype(np.float64)
    for part in range(codes.shape[1]):
        distance = np.linalg.norm(parts[:, part, None] - centroids[part][None], axis=2)
        assert np.allclose(distance[np.arange(COUNT), codes[:, part]], distance.min(axis=1), rtol=0, atol=1e-6)


def test_what_is_not_moved_is_the_middle_of_the_picture(fingerprints: list[Fingerprint]) -> None:
    for fingerprint in fingerprints:
        assert np.array_equal(unmoved_rows(fingerprint.levels), move_rows(fingerprint.picture, 0.0))
