"""``MappedIndex``: an ``EmbeddedIndex`` whose segments are files that all processes of a host share.

A process keeps in its own memory only what the log has brought since the generation that it reads.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from catalog.engine.errors import InvalidIndex
from catalog.engine.features.patches import HALVES
from catalog.engine.index import manifest
from catalog.engine.index.codec import Codec
from catalog.engine.index.in_memory import EmbeddedIndex
from catalog.engine.index.interface import Entry, Health, Operation
from catalog.engine.index.manifest import Generation, StoredFile, StoredSegment
from catalog.engine.index.segment import Delta, Names, Segment


def no_mark(sequence: int) -> str:
    """The mark of an operation where there is only one log: its number."""
    return str(sequence)


class MappedIndex(EmbeddedIndex):
    """A ``ReferenceIndex`` in ``folder``. It opens the newest generation that is whole; without one it is empty.

    ``mark_of``: gives the text that tells operation ``sequence`` of this log from the same number in another log, or ""
    where this log has no such operation.
    """

    def __init__(self, folder: Path, *, mark_of: Callable[[int], str] = no_mark) -> None:
        super().__init__()
        self._folder, self._mark_of = folder, mark_of
        self._generation: Generation | None = None
        self._mapped_codec: Codec | None = None
        self._stored: dict[str, StoredSegment] = {}  # by stem
        self._mark = ""  # of the last operation that was applied
        self._seen_ns = 0
        self._problems: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)
        self.refresh()

    @property
    def generation(self) -> Generation | None:
        """The generation that is mapped; None where there is none yet."""
        return self._generation

    def refresh(self) -> None:
        """Map the newest whole generation, if it is newer than this one. Forget everything if the log is another."""
        if self._sequence and self._mark_of(self._sequence) != self._mark:
            self._forget()
        changed_ns = self._folder.stat().st_mtime_ns
        if changed_ns == self._seen_ns:
            return
        known = self._generation.number if self._generation else 0
        self._problems = []
        for number in manifest.numbers(self._folder):
            if number <= known:
                break
            try:
                generation = manifest.read(self._folder, number)
                if not self._belongs(generation):
                    continue
                generation.check(self._folder)
                self._map(generation)
                break
            except (InvalidIndex, OSError, ValueError, RuntimeError) as error:  # FAISS raises RuntimeError
                self._problems.append(f"generation {number}: {error}")
        self._seen_ns = changed_ns

    def _forget(self) -> None:
        """Hold nothing, as a new process: the database was replaced."""
        self._codec = self._mapped_codec = None
        self._segments, self._delta, self._stored = [], Delta(None), {}
        self._sequence, self._mark, self._generation, self._seen_ns = 0, "", None, 0

    def apply(self, operations: Sequence[Operation]) -> None:
        """Apply ``operations``, which are in order, and note which log they are of."""
        super().apply(operations)
        self._mark = self._mark_of(self._sequence)

    def rebuild(self, entries: Iterable[Entry], *, sequence: int, expected: int) -> None:
        """Write ``entries`` to new files, which the next ``checkpoint`` publishes. An error leaves what there was."""
        super().rebuild(entries, sequence=sequence, expected=expected)
        self._mark = self._mark_of(sequence)

    def checkpoint(self) -> None:
        """Compact, publish a generation, map it, and remove old files. Only one process may do so (``exclusive``).

        ``InvalidIndex`` where another process has published this generation.
        """
        self.compact()
        codec_stem, codec_files = self._written_codec()
        size = self.size()
        generation = Generation(
            number=max([self._generation.number if self._generation else 0, *manifest.numbers(self._folder)]) + 1,
            sequence=self._sequence,
            mark=self._mark_of(self._sequence),
            written_at=datetime.now(tz=UTC).isoformat(timespec="seconds"),
            tracks=size.tracks,
            vectors=size.vectors,
            seconds=size.seconds,
            lists=self._codec.lists if self._codec else 0,
            codec_stem=codec_stem,
            codec_files=codec_files,
            segments=[self._described(segment) for segment in self._segments],
        )
        there = manifest.listed(self._folder)  # before the last look whether nobody else writes here
        self._before_publishing()
        manifest.publish(self._folder, generation)
        self._map(generation)
        kept = [generation, *self._whole_before(generation)][: manifest.KEPT]
        manifest.sweep(self._folder, kept, among=there)

    def health(self) -> Health:
        """Always complete, with facts about the generation and the newer ones that could not be read."""
        facts = self.facts()
        if self._generation is not None:
            facts |= {
                "generation": self._generation.number,
                "written": self._generation.written_at,
                "bytes": self._generation.size_bytes,
            }
        if self._problems:
            facts["problems"] = "; ".join(self._problems)
        return Health(is_complete=True, facts=facts)

    def _before_publishing(self) -> None:
        """A last look whether this process may."""

    def _whole_before(self, generation: Generation) -> Iterator[Generation]:
        """Older generations that could be fallen back to."""
        for older in manifest.readable(self._folder, self._belongs):
            if older.number < generation.number:
                with suppress(InvalidIndex):
                    older.check(self._folder)
                    yield older

    def _belongs(self, generation: Generation) -> bool:
        """Whether it follows this log: not another database's, nor what a restored backup no longer knows."""
        mark = self._mark_of(generation.sequence)
        return bool(mark) and generation.mark == mark

    def _map(self, generation: Generation) -> None:
        codec = Codec.read(self._codec_paths(generation.codec_stem)) if generation.codec_stem else None
        segments = [Segment.mapped(self._folder, Names(one.stem), one.dead) for one in generation.segments]
        self._codec = self._mapped_codec = codec
        self._segments, self._delta = segments, Delta(codec)
        self._stored = {one.stem: one for one in generation.segments}
        self._sequence, self._mark, self._generation = generation.sequence, generation.mark, generation

    def _kept(self, segment: Segment) -> Segment:
        """A new segment is written at once and mapped, so that memory holds one of them at a time."""
        names = Names(manifest.new_stem("segment"))
        segment.write(self._folder, names)
        files = [StoredFile.of(path) for path in names.paths(self._folder)]
        dead = (~segment.alive).nonzero()[0].tolist()
        self._stored[names.stem] = StoredSegment(names.stem, len(segment.table), segment.part.count(), dead, files)
        return Segment.mapped(self._folder, names, dead)

    def _described(self, segment: Segment) -> StoredSegment:
        """A segment as it is now: its files do not change, its dead rows do."""
        return replace(self._stored[segment.stem], dead=(~segment.alive).nonzero()[0].tolist())

    def _codec_paths(self, stem: str) -> list[Path]:
        return [self._folder / f"{stem}-{half}.faiss" for half in range(HALVES)]

    def _written_codec(self) -> tuple[str, list[StoredFile]]:
        """The codec's files: those of the last generation where it is still the same one."""
        if self._codec is None:
            return "", []
        last = self._generation
        if last is not None and last.codec_stem and self._codec is self._mapped_codec:
            return last.codec_stem, last.codec_files
        stem = manifest.new_stem("codec")
        self._codec.write(self._codec_paths(stem))
        return stem, [StoredFile.of(path) for path in self._codec_paths(stem)]
