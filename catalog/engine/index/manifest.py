"""Index files: numbered generations, written whole or not at all, in a folder that many processes map.

Files are written under names of their own and synced, then a manifest names them with their checksums, is synced and
takes its number. Nothing is ever changed in place: readers of an older generation keep what they have mapped.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from catalog.engine.errors import InvalidIndex
from catalog.engine.features.model import model
from catalog.engine.index.codec import CODE
from catalog.engine.index.layout import LAYOUT_VERSION, REFERENCE_STEP
from catalog.engine.parameters import PARAMETERS_VERSION

KEPT = 2
FORMAT_VERSION = 5
MANIFEST = "generation-*.json"
Seen = tuple[Path, str, int, int]  # a file, its SHA-256, size and time
_BELIEVED: set[Seen] = set()


def versions() -> dict[str, str | int]:
    """What must be equal for files to be read: what made the vectors, and how they lie."""
    return {
        "format": FORMAT_VERSION,
        "layout": LAYOUT_VERSION,
        "reference_step": REFERENCE_STEP,
        "code": CODE,
        "parameters": PARAMETERS_VERSION,
        "projection": model().digest,
    }


@dataclass(frozen=True)
class StoredFile:
    """A file as it was when its manifest was written."""

    name: str
    size: int
    mtime_ns: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Sync a finished file and note what it is."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        stat = path.stat()
        return cls(path.name, stat.st_size, stat.st_mtime_ns, digest)

    def check(self, folder: Path, *, thorough: bool = False) -> None:
        """Raise ``InvalidIndex`` where the file is not what it was.

        A file that still has its size and time is believed, unless ``thorough``: reading a large index whole takes
        longer than opening it should.
        """
        path = folder / self.name
        try:
            stat = path.stat()
            seen = (path, self.sha256, stat.st_size, stat.st_mtime_ns)
            if not thorough and (seen[2:] == (self.size, self.mtime_ns) or seen in _BELIEVED):
                return
            with path.open("rb") as file:
                same = stat.st_size == self.size and hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except OSError as error:
            raise InvalidIndex(f"{self.name} cannot be read: {error}") from error
        if not same:
            raise InvalidIndex(f"{self.name} is damaged.")
        self._believe(path, seen)

    def _believe(self, path: Path, seen: Seen) -> None:
        """Let a copy that has another time, as after a restore, be read whole once and not at every generation.

        It gets its time back, for all processes; where this account may not, this process remembers it.
        """
        try:
            os.utime(path, ns=(self.mtime_ns, self.mtime_ns))
        except OSError:
            _BELIEVED.add(seen)


@dataclass(frozen=True)
class StoredSegment:
    """One segment's files and the rows that are no longer in."""

    stem: str
    tracks: int
    vectors: int
    dead: list[int]
    files: list[StoredFile]


@dataclass(frozen=True)
class Generation:
    """What a manifest says. ``mark`` tells the log it follows from another one."""

    number: int
    sequence: int
    mark: str
    written_at: str  # ISO 8601, UTC
    tracks: int
    vectors: int
    seconds: float
    lists: int
    codec_stem: str
    codec_files: list[StoredFile]
    segments: list[StoredSegment]
    versions: dict[str, str | int] = field(default_factory=versions)

    @property
    def files(self) -> list[StoredFile]:
        """Every file it needs."""
        return [*self.codec_files, *(file for segment in self.segments for file in segment.files)]

    @property
    def size_bytes(self) -> int:
        """Bytes of its files."""
        return sum(file.size for file in self.files)

    def check(self, folder: Path, *, thorough: bool = False) -> None:
        """Raise ``InvalidIndex`` unless every file is what it was."""
        for file in self.files:
            file.check(folder, thorough=thorough)


def new_stem(kind: str) -> str:
    """A name that no file has."""
    return f"{kind}-{uuid.uuid4().hex[:16]}"


def numbers(folder: Path) -> list[int]:
    """The numbers that manifests have, newest first."""
    found = (path.stem.removeprefix("generation-") for path in folder.glob(MANIFEST))
    return sorted((int(number) for number in found if number.isdigit()), reverse=True)


def read(folder: Path, number: int) -> Generation:
    """A manifest; ``InvalidIndex`` where it is damaged, gone, or of other versions. Files are not looked at."""
    path = _manifest(folder, number)
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        body = stored["generation"]
        if stored["sha256"] != _digest(body):
            raise InvalidIndex(f"{path.name} is damaged.")
        found = _generation(body)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidIndex(f"{path.name} cannot be read: {error}") from error
    if found.versions != versions():
        raise InvalidIndex(f"{path.name} was written by another version and must be rebuilt.")
    return found


def readable(folder: Path, belongs: Callable[[Generation], bool]) -> Iterator[Generation]:
    """Generations of this log, newest first, whose manifests are whole."""
    for number in numbers(folder):
        try:
            generation = read(folder, number)
        except InvalidIndex:
            continue
        if belongs(generation):
            yield generation


def publish(folder: Path, generation: Generation) -> None:
    """Write the manifest; from here on readers find it. ``InvalidIndex`` where its number is taken."""
    sync(folder)  # the files' names
    body = asdict(generation)
    draft = folder / f".{new_stem('manifest')}.tmp"
    try:
        with draft.open("w", encoding="utf-8") as file:
            json.dump({"sha256": _digest(body), "generation": body}, file)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, _manifest(folder, generation.number))  # unlike a rename, it never replaces
    except FileExistsError as error:
        raise InvalidIndex(f"Generation {generation.number} was written by another process.") from error
    finally:
        draft.unlink(missing_ok=True)
    sync(folder)


def listed(folder: Path) -> list[Path]:
    """The files of an index that are there now, manifests first."""
    files = [path for path in folder.iterdir() if path.suffix in {".faiss", ".npy", ".json", ".tmp", ".index"}]
    return sorted(files, key=lambda path: path.suffix != ".json")


def sweep(folder: Path, kept: Iterable[Generation], *, among: Iterable[Path]) -> None:
    """Remove what no kept generation needs: older ones, those of other versions, what a killed process left.

    ``among``: what was ``listed`` while this process surely was the only writer; what came since may be another one's.
    Manifests go first: a process that is killed here must leave no manifest whose files are gone.
    """
    names = set()
    for generation in kept:
        names |= {file.name for file in generation.files} | {_manifest(folder, generation.number).name}
    for path in among:
        if path.name not in names:
            path.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Make names in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _manifest(folder: Path, number: int) -> Path:
    return folder / f"generation-{number:09d}.json"


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _generation(body: dict[str, Any]) -> Generation:
    segments = [
        StoredSegment(**(row | {"files": [StoredFile(**file) for file in row["files"]]})) for row in body["segments"]
    ]
    codec_files = [StoredFile(**file) for file in body["codec_files"]]
    return Generation(**(body | {"segments": segments, "codec_files": codec_files}))
