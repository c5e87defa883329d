"""How queries are drawn: seeded, made once, kept under ``bench/cache/naming``."""

import json
import os
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from bench.audio import write_flac
from bench.corpus import CACHE, HOLD_OUT, CorpusTrack
from bench.naming.compose import Composed, Range

FOLDER = CACHE / "naming"
SEED = 20_291


@dataclass(frozen=True)
class NamedQuery:
    """A file to ask, and what is in it."""

    name: str
    path: Path
    truth: tuple[Range, ...]

    @property
    def minutes(self) -> float:
        """Of what is known to be in it."""
        return max((one.query_end_s for one in self.truth), default=0.0) / 60


@dataclass(frozen=True)
class Draw:
    """What queries are made of: ``tracks`` of one split. Another ``seed`` draws other tracks and alterations."""

    split: str
    tracks: tuple[CorpusTrack, ...]
    seed: int = SEED

    def rng(self, name: str) -> np.random.Generator:
        """The source of what is drawn for one query."""
        return np.random.default_rng([self.seed, zlib.crc32(f"{self.split} {name}".encode())])

    def chosen(self, name: str, least_s: float, most_s: float = float("inf")) -> list[CorpusTrack]:
        """The tracks of such a length, in the order drawn for ``name``."""
        usable = [track for track in self.tracks if least_s < track.duration_s < most_s]
        return [usable[number] for number in self.rng(f"order of {name}").permutation(len(usable))]

    def kept(self, name: str, make: Callable[[np.random.Generator], Composed]) -> NamedQuery:
        """The query of that name, made now unless it is there."""
        name = f"{self.split}-{self.seed}-{self._mark()}{name}"
        path = FOLDER / f"{name.replace('/', '_')}.flac"
        told = path.with_suffix(".json")
        if not told.exists():
            FOLDER.mkdir(parents=True, exist_ok=True)
            made = make(np.random.default_rng([self.seed, zlib.crc32(name.encode())]))
            part = path.with_suffix(f".{os.getpid()}.part")
            write_flac(part, made.samples, stereo=False)
            part.replace(path)
            told.write_text(json.dumps([asdict(one) for one in made.truth]))  # last: what breaks off is made again
        return NamedQuery(name, path, tuple(Range(**row) for row in json.loads(told.read_text())))

    def _mark(self) -> str:
        """Of the tracks of the hold-out: one that was looked at leaves it, and queries that have it are not its own."""
        names = json.dumps([track.name for track in self.tracks])
        return f"{zlib.crc32(names.encode()):08x}-" if self.split == HOLD_OUT else ""
