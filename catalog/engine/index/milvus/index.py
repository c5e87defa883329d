"""``MilvusIndex``: the index in a Milvus cluster, shared by every process."""

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property

import numpy as np

from catalog.engine.errors import IndexUnavailable
from catalog.engine.features.embedding import Vectors
from catalog.engine.features.patches import HALVES
from catalog.engine.features.sketch import QuerySketch
from catalog.engine.index.interface import NOTHING, Entry, Health, Neighbours, Operation, Size, Spots
from catalog.engine.index.milvus import questions, writing
from catalog.engine.index.milvus.address import MilvusAddress
from catalog.engine.index.milvus.build import Build
from catalog.engine.index.milvus.canaries import refuse_part, some_canaries
from catalog.engine.index.milvus.connection import Connection, unavailable
from catalog.engine.index.milvus.rows import Ids
from catalog.engine.index.milvus.state import State, layout

CANARIES_A_NODE, FEWEST_CANARIES, MOST_CANARIES = 8, 16, 128
NO_DIGEST = b""


class MilvusIndex:
    """A ``ReferenceIndex`` in Milvus. Threads that share it must lock it. Open it after a fork.

    Every call may raise ``IndexUnavailable``. Two processes must not write at once: see ``_writing``.
    """

    def __init__(self, address: MilvusAddress, *, mark_of: Callable[[int], str] = lambda _: "") -> None:
        """``mark_of``: gives the text that tells an operation of this log from the same number in another log."""
        self._address = address
        self._mark_of = mark_of
        self._connection = Connection(address)
        self._build: Build | None = None
        self._state = State()

    def close(self) -> None:
        """Close the connection; the next call makes another."""
        self._connection.close()

    # --- reading ------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the state of the build in use. A build of another layout, or of another log, counts as none."""
        with unavailable():
            self._build, self._state = self._read()

    def applied_sequence(self) -> int:
        """The number of the last operation in Milvus, as this process last read it; 0 for none."""
        return self._state.sequence

    def size(self) -> Size:
        """How much the index holds, as this process last read it."""
        return Size(self._state.tracks, self._state.vectors, self._state.seconds)

    def nearest(self, queries: Vectors, k: int, *, thorough: bool, without: Collection[int] = ()) -> Neighbours:
        """The nearest vectors; see ``ReferenceIndex.nearest``. ``IndexUnavailable`` where a canary is not found."""
        canaries = self._some_canaries() if self._build else []
        asked = questions.asked_at_once(queries, canaries)
        keys = np.zeros((len(asked.values), k), np.int64)
        scores = np.full((len(asked.values), k), NOTHING, np.float32)
        if self._build:
            with unavailable():
                self._build.search(asked.values, keys, scores, thorough=thorough, without=without)
            refuse_part(questions.lost_canaries(asked, keys, scores))
        return questions.neighbours(asked, keys, scores, (HALVES, len(queries.values), k))

    def scan(self, asked: QuerySketch, k: int) -> list[Spots]:  # noqa: ARG002
        """An empty list: a catalog in a cluster is too large to compare every sketch."""
        return []

    def twins(self, digest: bytes) -> list[int]:
        """The ids of the tracks with exactly this fingerprint, in order."""
        if not self._build:
            return []
        with unavailable():
            return self._build.twins(digest, self._some_canaries())

    def census(self) -> tuple[Ids, Ids]:
        """The (n,) ids of all tracks, and the (n,) numbers of their vectors. Slow, for verification."""
        if not self._build:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        with unavailable():
            return self._build.census(self._state.vectors)

    def health(self) -> Health:
        """Complete where Milvus answers and finds all canaries; facts say how it is, or what the problem was."""
        facts: dict[str, str | int | float] = {"engine": "Milvus", "address": self._address.uri}
        try:
            self.refresh()
            facts["build"] = self._build.name if self._build else ""
            self.nearest(questions.NO_QUERIES, 1, thorough=False)
            self.twins(NO_DIGEST)
            facts["query nodes"] = self._nodes()
            if self._build:
                with unavailable():
                    facts["replicas"] = self._build.replicas()
                    facts["sealed vectors not coded yet"] = self._build.uncoded()
        except IndexUnavailable as error:
            return Health(is_complete=False, facts=facts | {"problem": str(error)})
        return Health(is_complete=True, facts=facts)

    # --- writing ------------------------------------------------------------------------------------------

    def apply(self, operations: Sequence[Operation]) -> None:
        """Write what is new in ``operations``, unless another process has. Writing it twice changes nothing.

        ``IndexUnavailable`` where the index in Milvus is older than the one that was read before.
        """
        if not operations:
            return
        known, last = self._state.sequence, operations[-1].sequence
        with self._writing(lambda: self._has(last)) as is_mine, unavailable():
            self._build, self._state = self._read()
            if self._state.sequence < known:
                raise IndexUnavailable("The index in Milvus was replaced by an older one.")
            if is_mine and self._state.sequence < last:
                self._write({operation.track_id: operation for operation in operations}, last)

    def rebuild(self, entries: Iterable[Entry], *, sequence: int, expected: int) -> None:
        """Fill a new build beside the old one, let the alias lead to it, and drop the old one."""
        with unavailable():
            build = Build.create(self._connection, self._address.name)
            state = writing.fill(build, entries, sequence=sequence, expected=expected)
            build.store(replace(state, mark=self._mark_of(sequence)))
        with self._writing(lambda: False), unavailable():
            self._publish(build)
            build.drop_all_others(self._address.name)
            self._build, self._state = self._read()

    def exclusive(self) -> AbstractContextManager[object]:
        """Hold no lock: only subclasses know of other processes."""
        return contextlib.nullcontext()

    def checkpoint(self) -> None:
        """Do nothing: Milvus stores what it is given."""

    @contextlib.contextmanager
    def _writing(self, is_done: Callable[[], bool]) -> Iterator[bool]:  # noqa: ARG002
        """Hold the right to write; False where another process has written it. Only subclasses know of others."""
        yield True

    def _before_publishing(self) -> None:
        """Make sure that the right to write is still held."""

    def _has(self, sequence: int) -> bool:
        self.refresh()
        return self._state.sequence >= sequence

    def _write(self, last_words: dict[int, Operation], last: int) -> None:
        if self._build is None:
            build = Build.create(self._connection, self._address.name)
            state = writing.start(build)
            self._publish(build)
            self._build, self._state = build, state
        done = writing.follow(self._build, self._state, self._some_canaries(), last_words, last)
        done = replace(done, mark=self._mark_of(last))
        self._before_publishing()
        self._build.store(done)
        self._state = done

    def _publish(self, build: Build) -> None:
        self._before_publishing()
        build.publish(self._address.name)

    # --- the cluster --------------------------------------------------------------------------------------

    def _some_canaries(self) -> list[int]:
        return some_canaries(self._state.sequence, self._canaries)

    @cached_property
    def _canaries(self) -> int:
        """How many are asked for: with so many, a lost query node almost certainly takes one of them along."""
        return min(MOST_CANARIES, max(FEWEST_CANARIES, CANARIES_A_NODE * self._nodes()))

    def _nodes(self) -> int:
        with unavailable():
            return self._connection.nodes()

    def _read(self) -> tuple[Build | None, State]:
        """The build that the alias leads to, and its state; none where it cannot be used."""
        build = Build.that_counts(self._connection, self._address.name)
        state = build.state() if build else State()
        if state.layout != layout():
            return None, State()
        if state.sequence and state.mark != self._mark_of(state.sequence):
            return None, State()
        return build, state
