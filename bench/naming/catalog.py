"""The references of a run: an index, and the names of what is in it."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.corpus import CorpusTrack
from bench.naming.drawing import NamedQuery
from bench.naming.judge import Told
from bench.prints import make_prints, print_of
from catalog.engine import Fingerprint, FingerprintIndex, Match
from catalog.engine.search.find import Effort


@dataclass(frozen=True)
class Heard:
    """One answer: every match with the name of its reference, the closest first; CPU seconds of the search."""

    matches: tuple[tuple[str, Match], ...] = ()
    is_complete: bool = True
    cpu_s: float = 0.0

    @property
    def told(self) -> list[Told]:
        """Every segment that is claimed to be a copy: what is only related is not."""
        return [
            Told(name, one.query_start_s, one.query_end_s, one.reference_start_s, one.reference_end_s)
            for name, match in self.matches
            if match.verdict != "none"
            for one in match.segments
        ]

    @property
    def copies(self) -> list[tuple[str, Match]]:
        """The matches that are claimed to be copies of some part."""
        return [(name, match) for name, match in self.matches if match.verdict != "none"]


@dataclass
class Catalog:
    """Tracks by name in an index of this process."""

    index: FingerprintIndex = field(default_factory=FingerprintIndex)
    names: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, tracks: Iterable[CorpusTrack], workers: int) -> "Catalog":
        """These tracks."""
        tracks = list(tracks)
        make_prints([track.path for track in tracks], workers)
        made = cls()
        for track in tracks:
            made.add(track.name, print_of(track.path).fingerprint)
        return made

    def add(self, name: str, fingerprint: Fingerprint | None) -> int:
        """Put one in, unless the engine refused its audio; its number."""
        number = max(self.names, default=0) + 1
        if fingerprint is not None:
            self.names[number] = name
            self.index.add(number, fingerprint)
        return number

    @contextmanager
    def holding(self, paths: Mapping[str, Path]) -> Iterator[None]:
        """These files too, by name, for a while."""
        numbers = [self.add(name, print_of(path).fingerprint) for name, path in paths.items()]
        try:
            yield
        finally:
            for number in numbers:
                self.index.remove(number)
                self.names.pop(number, None)

    def ask(self, query: NamedQuery | Fingerprint, effort: Effort = "auto") -> Heard:
        """What is in a query, as an ordinary check or by another effort; nothing where the engine refuses it."""
        printed = query if isinstance(query, Fingerprint) else print_of(query.path).fingerprint
        if printed is None:
            return Heard()
        began = time.process_time()
        answer = self.index.find(printed, effort=effort)
        cpu_s = time.process_time() - began
        found = tuple((self.names[match.track_id], match) for match in answer.matches)
        return Heard(found, answer.is_complete, cpu_s)
