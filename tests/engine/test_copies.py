"""An ordinary check finds every copy, and asks once more only where there may be more."""

from collections.abc import Collection

import pytest

from catalog.engine import Fingerprinter, FingerprintIndex
from catalog.engine.features.embedding import Vectors
from catalog.engine.index.interface import Neighbours
from catalog.engine.search import copies
from tests.alterations import Samples, another_tempo, noisy

MANY = copies.NEIGHBOURS + 10


@pytest.fixture(scope="module")
def crowded(sounds: list[Samples]) -> FingerprintIndex:
    """Hold more copies of one song than neighbours vote, and three other songs."""
    index = FingerprintIndex()
    for number in range(MANY):
        index.add(number, Fingerprinter.of_samples(noisy(sounds[0], 35, seed=number)))
    for number, song in enumerate(sounds[1:4]):
        index.add(MANY + number, Fingerprinter.of_samples(song))
    return index


@pytest.mark.slow
@pytest.mark.parametrize("tempo", [1.0, 1.05], ids=["plain", "faster"])
def test_an_ordinary_check_finds_every_copy(crowded: FingerprintIndex, sounds: list[Samples], tempo: float) -> None:
    query = sounds[0] if tempo == 1 else another_tempo(sounds[0], tempo)
    answer = crowded.find(Fingerprinter.of_samples(query), effort="known")
    assert sorted(match.track_id for match in answer.matches) == list(range(MANY))
    assert {match.relation for match in answer.matches} == {"same"}


@pytest.mark.slow
def test_tracks_that_are_left_out_hide_no_copies(crowded: FingerprintIndex, sounds: list[Samples]) -> None:
    left_out = range(MANY - 5)
    answer = crowded.find(Fingerprinter.of_samples(sounds[0]), effort="known", exclude=left_out)
    assert sorted(match.track_id for match in answer.matches) == list(range(MANY - 5, MANY))


def test_where_there_is_one_copy_the_index_is_asked_once(
    index: FingerprintIndex, sounds: list[Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def nearest(queries: Vectors, k: int, *, thorough: bool, without: Collection[int] = ()) -> Neighbours:
        asked.append(len(queries.values))
        return of_index(queries, k, thorough=thorough, without=without)

    of_index = index._index.nearest
    monkeypatch.setattr(index._index, "nearest", nearest)
    answer = index.find(Fingerprinter.of_samples(noisy(sounds[2], 30)))
    assert [match.track_id for match in answer.matches] == [2]
    assert len(asked) == 1
    assert asked[0] <= copies.PLACES
