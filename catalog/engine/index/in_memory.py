"""``EmbeddedIndex``: the index inside this process, in FAISS.

A log-structured index (O'Neil et al., 1996): segments that are written once, and a small one in memory that follows the
log. Compaction turns the small one into a segment and merges segments of like size. So there are few segments, and each
track is seldom written again. ``on_disk`` writes them as files that all processes map.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice

import numpy as np

from catalog.engine.features.patches import HALVES
from catalog.engine.features.spectrogram import Floats
from catalog.engine.index.codec import TRAIN_CODES, TRAIN_PER_LIST, Codec, lists_for
from catalog.engine.index.interface import Entry, Health, Operation
from catalog.engine.index.segment import Delta, Segment
from catalog.engine.index.segments import Segments

MERGE_RATIO = 4  # a segment is merged with the newer ones when it is not so many times as large as they are
LARGEST_MERGED = 50_000  # tracks: a larger segment stays as it is until much of it is dead
DEAD_SHARE = 0.2  # of a segment, that makes it worth writing again
FEWEST_DEAD = 50  # tracks, under which it never is
SAMPLED_POSITIONS = 250_000  # of a rebuild, kept in memory to learn from: of a thousand tracks of four minutes
BATCH = 100  # tracks added at once


class EmbeddedIndex(Segments):
    """A ``ReferenceIndex`` in the memory of this process. Threads that share it must lock it."""

    def __init__(self) -> None:
        super().__init__()
        self._sequence = 0

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold no lock: no other process writes here."""
        return nullcontext()

    def refresh(self) -> None:
        """Do nothing: no other process writes here."""

    def applied_sequence(self) -> int:
        """The number of the last operation of the log that was applied; 0 for none."""
        return self._sequence

    def apply(self, operations: Sequence[Operation]) -> None:
        """Apply ``operations``, which are in order. Of several for one track only the last has an effect."""
        last = {operation.track_id: operation for operation in operations}
        for track_id in last:
            self._kill(track_id)
        entries = [operation.entry for operation in last.values() if operation.entry is not None]
        if entries:
            self._delta.add(entries)
        if operations:
            self._sequence = max(self._sequence, operations[-1].sequence)

    def rebuild(self, entries: Iterable[Entry], *, sequence: int, expected: int) -> None:
        """Replace everything by ``entries``, about ``expected`` of them. An error leaves what there was.

        The lists and codes are learnt from the first tracks, so the order should be random.
        """
        with self._as_before_on_error():
            self._fill(iter(entries), expected)
            self._sequence = sequence

    def _fill(self, source: Iterator[Entry], expected: int) -> None:
        first = _sampled(source)
        heard = np.array([entry.vectors.heard.sum(axis=0) for entry in first]).reshape(-1, HALVES).sum(axis=0)
        whole = max(expected, len(first)) / max(1, len(first))
        lists = lists_for(int(heard.max() * whole), int(heard.min()))
        self._segments = []
        self._codec = Codec.learn([_of_half(first, half) for half in range(HALVES)], lists) if lists else None
        self._delta = Delta(self._codec)
        for batch in _batches(first, source):
            self._delta.add(batch)
            if len(self._delta.table) >= LARGEST_MERGED:
                self._close_delta()

    @contextmanager
    def _as_before_on_error(self) -> Iterator[None]:
        """Half an index must not pass for a whole one: what there was is put back where the work ends in an error."""
        before = self._codec, list(self._segments), self._delta, self._sequence
        try:
            yield
        except BaseException:
            self._codec, self._segments, self._delta, self._sequence = before
            raise

    @property
    def codec(self) -> Codec | None:
        """The lists and codes that were learnt; None while the index is exact."""
        return self._codec

    def take(self, segment: Segment) -> None:
        """Add a segment that was coded elsewhere under ``codec``. None of its tracks may be in the index yet."""
        self._segments.append(self._kept(segment))
        self._segments.sort(key=lambda one: -len(one.table))

    def is_due(self) -> bool:
        """Whether compaction would make searches faster: more lists are wanted, or many rows are dead."""
        rows, live = (sum(values) for values in zip(*((len(s.alive), s.alive.sum()) for s in self._all()), strict=True))
        return self._wanted_lists() > self._lists() or rows - live > max(FEWEST_DEAD, DEAD_SHARE * rows)

    def compact(self) -> None:
        """Turn what is in memory into a segment, merge segments of like size, grow the lists with the catalog.

        An error leaves what there was.
        """
        with self._as_before_on_error():
            self._compact()

    def _compact(self) -> None:
        if self._wanted_lists() > self._lists():
            self._grow_lists(self._wanted_lists())
            return
        merging = self._worth_merging()
        if merging or not self._delta.alive.all():
            merged = Delta(self._codec)
            for segment in (*merging, self._delta):
                merged.take_over(segment, same_codec=self._codec is not None)
            self._segments = [segment for segment in self._segments if segment not in merging]
            self._delta = merged
        self._close_delta()

    def checkpoint(self) -> None:
        """Compact; nothing is written."""
        self.compact()

    def health(self) -> Health:
        """Always complete, with ``facts``: memory loses nothing."""
        return Health(is_complete=True, facts=self.facts())

    def facts(self) -> dict[str, str | int | float]:
        """Counts for pages and monitors: lists, segments, tracks in memory, dead rows."""
        return {
            "lists": self._lists(),
            "segments": len(self._segments),
            "tracks in memory": int(self._delta.alive.sum()),
            "dead rows": int(sum((~segment.alive).sum() for segment in self._all())),
        }

    def _wanted_lists(self) -> int:
        live = [self._live_vectors(half) for half in range(HALVES)]
        return lists_for(max(live), min(live))

    def _close_delta(self) -> None:
        """What is in memory becomes a segment."""
        filled = self._delta
        if filled.alive.any():
            order = np.argsort(filled.table["track_id"], kind="stable")
            whole = Segment(filled.part, filled.table, filled.alive, filled.sketches, order)
            self._segments.append(self._kept(whole))
            self._segments.sort(key=lambda segment: -len(segment.table))
        self._delta = Delta(self._codec)

    def _kept(self, segment: Segment) -> Segment:
        """Where a new segment stays: here in memory."""
        return segment

    def _live_vectors(self, half: int) -> int:
        """About how many a compaction leaves."""
        return round(sum(s.part.count(half) * float(s.alive.mean()) for s in self._all() if len(s.alive)))

    def _worth_merging(self) -> list[Segment]:
        worn = [s for s in self._segments if s.alive.mean() < 1 - DEAD_SHARE]
        size = int(self._delta.alive.sum()) + sum(int(s.alive.sum()) for s in worn)
        merging = list(worn)
        for segment in reversed(self._segments):
            live = int(segment.alive.sum())
            if segment in worn or live > LARGEST_MERGED:
                continue
            if not size or live > MERGE_RATIO * size:
                break
            merging.append(segment)
            size += live
        return merging

    def _grow_lists(self, lists: int) -> None:
        """Learn more lists from what is there and write everything anew, a large segment at a time."""
        samples = [self._sample(half, max(TRAIN_PER_LIST * lists, TRAIN_CODES)) for half in range(HALVES)]
        old, small = self._codec, []
        self._codec = Codec.learn(samples, lists, codes_of=old)
        segments, self._segments = self._all(), []
        self._delta = Delta(self._codec)
        for segment in segments:
            if int(segment.alive.sum()) > LARGEST_MERGED // 2:
                self._delta.take_over(segment, same_codec=False)
                self._close_delta()
            else:
                small.append(segment)
        for segment in small:
            self._delta.take_over(segment, same_codec=False)
            if len(self._delta.table) >= LARGEST_MERGED:
                self._close_delta()
        self._close_delta()

    def _sample(self, half: int, count: int) -> Floats:
        every = max(1, self._live_vectors(half) // count)
        chunks = [values[::every] for s in self._all() if s.part.count(half) for values, _ in s.part.contents(half)]
        return np.concatenate(chunks)


def _sampled(source: Iterator[Entry]) -> list[Entry]:
    """As many tracks as hold ``SAMPLED_POSITIONS``, however short or long they are; all where there are fewer."""
    first: list[Entry] = []
    positions = 0
    while positions < SAMPLED_POSITIONS and (entry := next(source, None)) is not None:
        first.append(entry)
        positions += len(entry.vectors.values)
    return first


def _of_half(entries: Sequence[Entry], half: int) -> Floats:
    return np.concatenate([entry.vectors.values[entry.vectors.heard[:, half], half] for entry in entries])


def _batches(first: list[Entry], rest: Iterator[Entry]) -> Iterator[list[Entry]]:
    """``first``, which is emptied on the way so that memory does not hold it to the end, and then the ``rest``."""
    while first:
        yield first[:BATCH]
        del first[:BATCH]
    while batch := list(islice(rest, BATCH)):
        yield batch
