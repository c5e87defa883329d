"""What every index promises, whichever one runs: random operations, restarts and compactions against brute force."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.engine.features.embedding import DIMENSIONS, Vectors
from catalog.engine.features.patches import HALVES
from catalog.engine.features.sketch import ASKED_STEP, ASKED_WAYS, BLOCK_COLUMNS, BYTES, NUMBERS, QuerySketch, decoded
from catalog.engine.index import codec, in_memory
from catalog.engine.index.in_memory import EmbeddedIndex
from catalog.engine.index.interface import NOTHING, Entry, Operation, ReferenceIndex, Spots
from catalog.engine.index.layout import REFERENCE_STEP_S
from catalog.engine.index.segment import Delta
from tests.engine.index_backends import BACKENDS, EXAMPLES, FORGETS, KEEPS_NO_SKETCHES, NAMES, make_ready
from tests.some import some

pytestmark = pytest.mark.slow
TRACKS = 6
VECTORS = 9
K = 4
WHOLE = 1e-5  # what exact indexes may differ by


def entry(track_id: int, seed: int, *, count: int = VECTORS) -> Entry:
    """A track of random directions; a few moments of it say nothing."""
    random = np.random.default_rng(seed)
    values = random.standard_normal((count, HALVES, DIMENSIONS)).astype(np.float32)
    values /= np.linalg.norm(values, axis=2, keepdims=True)
    heard = random.random((count, HALVES)) > 0.1
    values[~heard] = 0
    digest, duration_s = seed.to_bytes(16, "little"), count * REFERENCE_STEP_S
    sketch = random.integers(0, 256, (seed % count, BYTES), np.uint8)
    return Entry(track_id, duration_s, digest, Vectors(values, np.arange(count) + 0.0, heard), sketch)


def sketch_of_query(count: int) -> QuerySketch:
    """Two blocks of random numbers in every way, each compared for itself."""
    random = np.random.default_rng(1)
    return QuerySketch(random.standard_normal((ASKED_WAYS, 2, count)).astype(np.float32), 5, ((1, 2), (0, 1)))


def best_line(sketch: np.ndarray, asked: QuerySketch) -> tuple[float, int] | None:
    """The most that the products on a line add up to, and its offset: of a line whose middle is in the recording."""
    held = decoded(sketch, asked.numbers)
    lines = []
    for way in range(ASKED_WAYS):
        for first in range(-(asked.blocks // 2), len(held) - asked.blocks // 2):
            pairs = [(block, first + block) for block in range(asked.blocks) if 0 <= first + block < len(held)]
            total = sum(float(asked.values[way, block] @ held[at]) for block, at in pairs)
            lines.append((total, first * BLOCK_COLUMNS - asked.first_column - way * ASKED_STEP))
    return max(lines, default=None)


@dataclass
class Both:
    """An index, the log it follows, and the truth."""

    make: str
    folder: Path
    log: list[Operation] = field(default_factory=list)
    truth: dict[int, Entry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.index = self.opened()

    def opened(self) -> ReferenceIndex:
        """As a new process opens it."""
        return BACKENDS[self.make](self.folder)

    def write(self, track_id: int, seed: int | None) -> None:
        """One more operation in the log."""
        made = None if seed is None else entry(track_id, seed)
        self.log.append(Operation(len(self.log) + 1, track_id, made))
        if made is None:
            self.truth.pop(track_id, None)
        else:
            self.truth[track_id] = made

    def catch_up(self, index: ReferenceIndex, *, again: int = 0) -> None:
        """Apply what the index has not seen, and ``again`` so many of what it has."""
        index.refresh()
        seen = max(0, index.applied_sequence() - again)
        index.apply(self.log[seen:])

    def compare(self, index: ReferenceIndex) -> None:
        """Size, tracks, twins, and the nearest of random and of own vectors."""
        assert index.applied_sequence() == len(self.log)
        assert index.size().tracks == len(self.truth)
        assert index.size().seconds == pytest.approx(sum(e.duration_s for e in self.truth.values()), abs=1e-3)
        track_ids, counts = index.census()
        assert track_ids.tolist() == sorted(self.truth)
        assert counts.tolist() == [int(self.truth[t].vectors.heard.sum()) for t in sorted(self.truth)]
        for kept in self.truth.values():
            assert kept.track_id in index.twins(kept.digest)
        queries = entry(0, 4711).vectors
        near = index.nearest(queries, K, thorough=True)
        assert near.similarity.shape == near.track_id.shape == near.position.shape == (HALVES, len(queries.values), K)
        for half in range(HALVES):
            for row in range(len(queries.values)):
                found = near.similarity[half, row], near.track_id[half, row], near.position[half, row]
                self._same(queries, half, row, found)

        self._compare_lines(index)

    def _compare_lines(self, index: ReferenceIndex) -> None:
        """One track at a time, since what of a line lies on its track's neighbour is chance."""
        if self.make in KEEPS_NO_SKETCHES:
            assert index.scan(sketch_of_query(NUMBERS), K) == []
            return
        for count in (NUMBERS, NUMBERS // 2):
            asked = sketch_of_query(count)
            for stretch, spots in zip(asked.each(), index.scan(asked, K), strict=True):
                self._compare_spots(stretch, spots)

    def _compare_spots(self, stretch: QuerySketch, spots: Spots) -> None:
        lines = {e.track_id: best_line(e.sketch, stretch) for e in self.truth.values()}
        best = sorted(((*line, track_id) for track_id, line in lines.items() if line), reverse=True)[:K]
        assert np.allclose(spots.sums, [total for total, *_ in best], rtol=1e-4)
        assert list(zip(spots.offset.tolist(), spots.track_id.tolist(), strict=True)) == [b[1:] for b in best]

    def _same(self, queries: Vectors, half: int, row: int, found: tuple[np.ndarray, ...]) -> None:
        similarity, track_id, position = found
        everything = [
            (float(e.vectors.values[p, half] @ queries.values[row, half]), e.track_id, p)
            for e in self.truth.values()
            for p in range(len(e.vectors.values))
            if e.vectors.heard[p, half]
        ]
        best = sorted(everything, reverse=True)[:K] if queries.heard[row, half] else []
        count = len(best)
        assert (similarity[count:] == NOTHING).all()
        assert np.allclose(similarity[:count], [b[0] for b in best], atol=WHOLE)
        assert list(zip(track_id[:count].tolist(), position[:count].tolist(), strict=True)) == [b[1:] for b in best]


@pytest.fixture(params=NAMES)
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Both:
    """Each index with its truth."""
    make_ready(request.param, request)
    return Both(request.param, tmp_path)


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


@pytest.fixture
def small_lists(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lists and codes from a few hundred vectors on."""
    monkeypatch.setattr(codec, "LISTS_FROM", 500)
    monkeypatch.setattr(codec, "FEWEST_LISTS", 4)
    monkeypatch.setattr(codec, "VECTORS_A_LIST", 300)
    return None


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


def first_track(index: ReferenceIndex, asked: Entry) -> np.ndarray:
    """The track that each heard moment finds first."""
    near = index.nearest(asked.vectors, 2, thorough=True)
    return np.concatenate([near.track_id[half, asked.vectors.heard[:, half], 0] for half in range(HALVES)])


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


def test_tracks_that_are_left_out_take_no_places(both: Both) -> None:
    """Of 21 copies the two that are wanted are found behind the nineteen that are not."""
    for track_id in range(21):
        both.write(track_id, seed=9)
    both.catch_up(both.index)
    asked = entry(0, 9).vectors
    near = both.index.nearest(asked, K, thorough=True, without=range(19))
    assert set(near.track_id[near.similarity > 0.999].tolist()) == {19, 20}
    assert not set(near.track_id[near.similarity > NOTHING].tolist()) & set(range(19))
