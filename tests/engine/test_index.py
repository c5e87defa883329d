"""The index as a container: ids, replacing, removing, and the same answers as brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.engine import Fingerprint, FingerprintIndex
from catalog.engine import vectors as vectors_module
from catalog.engine.embedding import DIMENSIONS
from catalog.engine.patches import HALVES
from catalog.engine.vectors import Vectors, VectorStore, lists_for


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


def unit_vectors(count: int, seed: int) -> Vectors:
    """Random directions, all heard."""
    values = np.random.default_rng(seed).standard_normal((count, HALVES, DIMENSIONS)).astype(np.float32)
    values /= np.linalg.norm(values, axis=2, keepdims=True)
    return Vectors(values, np.arange(count, dtype=np.float32), np.ones((count, HALVES), bool))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=20), st.integers(0, 1000))
def test_any_order_of_adding_and_removing_agrees_with_brute_force(
    operations: list[tuple[bool, int]], seed: int
) -> None:
    store, held = VectorStore(), {}
    for number, (adding, slot) in enumerate(operations):
        store.remove(slot)
        held.pop(slot, None)
        if adding:
            held[slot] = unit_vectors(7, seed + number)
            store.add(slot, held[slot])
    queries = unit_vectors(4, seed + 999).values
    for half in range(HALVES):
        similarity, slots, positions = store.nearest(queries[:, half], half, 3, 8)
        everything = [(s, p, v) for s, kept in held.items() for p, v in enumerate(kept.values[:, half])]
        if not everything:
            assert (slots == -1).all()
            continue
        brute = queries[:, half] @ np.array([v for _, _, v in everything]).T
        best = np.argmax(brute, axis=1)
        assert [(int(s), int(p)) for s, p in zip(slots[:, 0], positions[:, 0], strict=True)] == [
            everything[i][:2] for i in best
        ]
        assert np.allclose(similarity[:, 0], brute.max(axis=1), atol=1e-5)


def test_a_growing_index_turns_to_lists_and_keeps_its_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors_module, "IVF_FROM", 2000)
    store = VectorStore()
    kept = {slot: unit_vectors(500, slot) for slot in range(12)}
    for slot, vectors in kept.items():
        store.add(slot, vectors)
    assert lists_for(store.count() // HALVES) == 256
    store.remove(3)
    found = [
        int(store.nearest(kept[slot].values[:50, 0], 0, 1, 32)[1][i, 0]) == slot
        for slot in kept
        if slot != 3
        for i in range(50)
    ]
    assert np.mean(found) > 0.97
    assert 3 not in store.nearest(kept[3].values[:, 0], 0, 5, 32)[1]


def test_lists_grow_with_the_catalog() -> None:
    assert [lists_for(n) for n in (100, 30_000, 200_000, 5_000_000)] == [0, 256, 256, 4096]
