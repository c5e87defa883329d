"""What every index promises as it grows and is made anew: of lists, of codes, and of work that fails half-way."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from catalog.engine.index import codec, in_memory
from catalog.engine.index.in_memory import EmbeddedIndex
from catalog.engine.index.interface import Entry, Operation
from catalog.engine.index.segment import Delta
from tests.engine.index_backends import BACKENDS, KEEPS_NO_SKETCHES
from tests.engine.index_truth import Both, entry, first_track
from tests.some import some

pytestmark = pytest.mark.slow


class BrokenError(Exception):
    """What comes out of a database in the middle of a rebuild."""


@pytest.mark.parametrize("tracks", [0, 3])
def test_a_rebuild_that_fails_leaves_what_there_was(both: Both, tracks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It must not say that it is up to date: nobody would ever apply what is missing."""
    monkeypatch.setattr(in_memory, "SAMPLED_POSITIONS", 1)
    both.write(1, seed=1)
    both.catch_up(both.index)
    both.index.checkpoint()
    both.write(2, seed=2)
    both.write(1, seed=3)

    def broken() -> Iterator[Entry]:
        yield from (entry(track_id, track_id) for track_id in range(10, 10 + tracks))
        raise BrokenError

    with both.index.exclusive(), pytest.raises(BrokenError):
        both.index.rebuild(broken(), sequence=len(both.log), expected=5)
    assert both.index.applied_sequence() == 1
    both.catch_up(both.index)
    both.compare(both.index)
    both.index.checkpoint()
    both.compare(both.index)


def test_a_growing_index_keeps_its_vectors(both: Both, small_lists: None) -> None:
    """Through codes, more lists, restarts, removals and other orders: each moment finds its own track first."""
    for round_ in range(6):
        for track_id in range(round_ * 10, round_ * 10 + 10):
            both.log.append(Operation(len(both.log) + 1, track_id, entry(track_id, track_id, count=60)))
        for track_id in range(round_ * 10, round_ * 10 + 2):
            both.log.append(Operation(len(both.log) + 1, track_id, None))
        both.catch_up(both.index)
        both.index.checkpoint()
        if round_ % 2:
            both.index = both.opened()
            both.catch_up(both.index)
    kept = [track_id for track_id in range(60) if track_id % 10 > 1]
    track_ids, counts = both.index.census()
    assert track_ids.tolist() == kept
    assert counts.tolist() == [int(entry(t, t, count=60).vectors.heard.sum()) for t in kept]
    found = [first_track(both.index, entry(t, t, count=60)) for t in range(60)]
    assert np.mean([(found[t] == t).mean() for t in kept]) > 0.95
    assert not any((found[t] == t).any() for t in some(set(range(60)) - set(kept)))


@pytest.mark.parametrize("make", [name for name in BACKENDS if name not in KEEPS_NO_SKETCHES])
@pytest.mark.parametrize("where", ["written", "learnt"])
def test_a_compaction_that_fails_leaves_what_there_was(
    make: str, where: str, tmp_path: Path, small_lists: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk, while all is coded anew for more lists."""
    both = Both(make, tmp_path)
    for track_id in range(20):
        both.log.append(Operation(len(both.log) + 1, track_id, entry(track_id, track_id, count=60)))
    both.catch_up(both.index)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(*{"written": (EmbeddedIndex, "_close_delta"), "learnt": (Delta, "take_over")}[where], full)
        with pytest.raises(OSError, match="No space"):
            both.index.checkpoint()
    assert (both.index.applied_sequence(), both.index.size().tracks) == (20, 20)
    both.index.checkpoint()
    assert both.index.census()[0].tolist() == list(range(20))
    assert all((first_track(both.index, e) == e.track_id).all() for e in some(entry(t, t, count=60) for t in range(20)))


def short_tracks(count: int) -> list[Entry]:
    """Three seconds each."""
    return [entry(track_id, track_id, count=3) for track_id in range(count)]


@pytest.mark.parametrize("sampled", [250_000, 1500])
def test_many_short_tracks_are_learnt_from_by_their_vectors(
    both: Both, monkeypatch: pytest.MonkeyPatch, sampled: int
) -> None:
    """Of a thousand of them there would be fewer vectors than lists, which FAISS refuses."""
    monkeypatch.setattr(codec, "LISTS_FROM", 500)
    monkeypatch.setattr(codec, "VECTORS_A_LIST", 1)
    monkeypatch.setattr(in_memory, "SAMPLED_POSITIONS", sampled)
    entries = short_tracks(1500)
    with both.index.exclusive():
        both.index.rebuild(entries, sequence=7, expected=1_000_000)
        both.index.checkpoint()
    assert (both.index.size().tracks, both.index.applied_sequence()) == (1500, 7)
    assert np.mean([(first_track(both.index, one) == one.track_id).mean() for one in entries[::50]]) > 0.8


@pytest.mark.parametrize("how", ["rebuild", "grow"])
def test_a_catalog_of_which_one_half_is_not_heard(both: Both, small_lists: None, how: str) -> None:
    """As old telephone recordings: there is nothing to learn the lists of the other half from."""
    entries = [entry(track_id, track_id, count=60) for track_id in range(30)]
    for one in entries:
        one.vectors.heard[:, 1] = False
        one.vectors.values[:, 1] = 0
    with both.index.exclusive():
        if how == "rebuild":
            both.index.rebuild(entries, sequence=30, expected=len(entries))
        else:
            both.index.apply([Operation(one.track_id + 1, one.track_id, one) for one in entries])
        both.index.checkpoint()
        both.index.checkpoint()
    assert all((first_track(both.index, one) == one.track_id).all() for one in some(entries))
