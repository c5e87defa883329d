"""The index as a container: ids, replacing, removing, and the same answers as brute force."""

import pytest

from catalog.engine import Fingerprint, FingerprintIndex
from catalog.engine.index.codec import lists_for


@pytest.mark.parametrize("track_id", [1, 0, -7, 1 << 41, (1 << 63) - 1, -(1 << 63)])
def test_any_64_bit_id_comes_back(fingerprints: list[Fingerprint], track_id: int) -> None:
    index = FingerprintIndex()
    index.add(track_id, fingerprints[0])
    assert track_id in index
    assert [match.track_id for match in index.search(fingerprints[0])] == [track_id]


def test_larger_ids_are_refused(fingerprints: list[Fingerprint]) -> None:
    with pytest.raises(ValueError, match="64-bit"):
        FingerprintIndex().add(1 << 63, fingerprints[0])


def test_adding_again_replaces(fingerprints: list[Fingerprint]) -> None:
    index = FingerprintIndex()
    index.add(1, fingerprints[0])
    index.add(1, fingerprints[1])
    assert len(index) == 1
    assert index.search(fingerprints[0]) == []
    assert index.search(fingerprints[1])[0].track_id == 1


@pytest.mark.slow
def test_removed_and_excluded_tracks_are_not_found(index: FingerprintIndex, fingerprints: list[Fingerprint]) -> None:
    assert index.search(fingerprints[0])[0].track_id == 0
    assert 0 not in {match.track_id for match in index.search(fingerprints[0], exclude={0})}
    index.remove(0)
    index.remove(12345)
    assert 0 not in index
    assert 0 not in {match.track_id for match in index.search(fingerprints[0])}


def test_limit_and_order(index: FingerprintIndex, fingerprints: list[Fingerprint]) -> None:
    index.add(100, fingerprints[0])
    matches = index.search(fingerprints[0])
    assert {0, 100} <= {match.track_id for match in matches}
    assert [match.score for match in matches] == sorted((match.score for match in matches), reverse=True)
    assert len(index.search(fingerprints[0], limit=1)) == 1


def test_empty_index_finds_nothing(fingerprints: list[Fingerprint]) -> None:
    assert FingerprintIndex().search(fingerprints[0]) == []


def test_lists_grow_with_the_catalog() -> None:
    lists = {99_999: 0, 100_000: 256, 1_100_000: 1024, 30_000_000: 32_768, 300_000_000: 65_536}
    assert {count: lists_for(count) for count in lists} == lists
