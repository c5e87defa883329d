"""What every index promises, whichever one runs: random operations, restarts and compactions against brute force."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.engine.index.interface import NOTHING
from tests.engine.index_backends import EXAMPLES, FORGETS, NAMES, make_ready
from tests.engine.index_truth import Both, K, entry, first_track

pytestmark = pytest.mark.slow
TRACKS = 6
OTHERS = ["catch up", "checkpoint", "restart", "other compacts", "replay", "rebuild"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, TRACKS)),
        st.tuples(st.just("remove"), st.integers(0, TRACKS)),
        st.tuples(st.sampled_from(OTHERS), st.just(0)),
    ),
    max_size=25,
)


@pytest.mark.parametrize("make", NAMES)
def test_random_operations_agree_with_brute_force(make: str, request: pytest.FixtureRequest) -> None:
    make_ready(make, request)

    @settings(max_examples=EXAMPLES.get(make, 40), deadline=None)
    @given(steps=STEPS)
    def agree(steps: list[tuple[str, int]]) -> None:
        folder = Path(tempfile.mkdtemp())
        try:
            run(Both(make, folder), steps)
        finally:
            shutil.rmtree(folder)

    agree()


def run(both: Both, steps: list[tuple[str, int]]) -> None:
    """Walk through the steps and compare at the end."""
    for number, (step, track_id) in enumerate(steps):
        if step == "add":
            both.write(track_id - 3, seed=number)
        elif step == "remove":
            both.write(track_id - 3, seed=None)
        elif step == "catch up":
            both.catch_up(both.index)
        elif step == "replay":
            both.catch_up(both.index, again=3)
        elif step == "restart":
            both.index = both.opened()
        else:
            writer = both.opened() if step == "other compacts" else both.index
            with writer.exclusive():
                both.catch_up(writer)
                if step == "rebuild":
                    writer.rebuild(list(both.truth.values()), sequence=len(both.log), expected=len(both.truth))
                writer.checkpoint()
    both.catch_up(both.index)
    both.compare(both.index)
    fresh = both.opened()
    both.catch_up(fresh)
    both.compare(fresh)


def test_a_new_process_applies_only_what_came_after(both: Both) -> None:
    if both.make in FORGETS:
        pytest.skip("keeps nothing")
    both.write(1, seed=1)
    both.catch_up(both.index)
    both.index.checkpoint()
    both.write(2, seed=2)
    fresh = both.opened()
    fresh.refresh()
    assert fresh.applied_sequence() == 1
    both.catch_up(fresh)
    both.compare(fresh)


def test_a_replaced_track_leaves_nothing_behind(both: Both) -> None:
    """In the segment in memory, and in the next one: what it had lies before what others have."""
    for writes in ([(1, 4)], [(1, 7), (2, 5)], [(2, None), (3, 8)]):
        for track_id, seed in writes:
            both.write(track_id, seed=seed)
        both.catch_up(both.index)
        both.compare(both.index)
        both.index.checkpoint()
        both.compare(both.index)
    both.write(1, seed=2)
    both.catch_up(both.index)
    both.write(1, seed=6)
    both.catch_up(both.index)
    both.index.checkpoint()
    both.compare(both.index)


def test_twins_are_told_apart_by_nothing(both: Both) -> None:
    for track_id in (5, 3, -4):
        both.write(track_id, seed=77)
    both.catch_up(both.index)
    assert both.index.twins(entry(0, 77).digest) == [-4, 3, 5]
    both.write(3, seed=None)
    both.catch_up(both.index)
    assert both.index.twins(entry(0, 77).digest) == [-4, 5]


def test_dead_vectors_take_no_places(both: Both) -> None:
    """Twenty copies are removed; the one that stays is found behind them, in every segment."""
    for track_id in range(21):
        both.write(track_id, seed=9)
    both.catch_up(both.index)
    both.index.checkpoint()
    for track_id in range(20):
        both.write(track_id, seed=None)
    both.catch_up(both.index)
    both.compare(both.index)
    assert set(first_track(both.index, entry(0, 9)).tolist()) == {20}


def test_tracks_that_are_left_out_take_no_places(both: Both) -> None:
    """Of 21 copies the two that are wanted are found behind the nineteen that are not."""
    for track_id in range(21):
        both.write(track_id, seed=9)
    both.catch_up(both.index)
    asked = entry(0, 9).vectors
    near = both.index.nearest(asked, K, thorough=True, without=range(19))
    assert set(near.track_id[near.similarity > 0.999].tolist()) == {19, 20}
    assert not set(near.track_id[near.similarity > NOTHING].tolist()) & set(range(19))
