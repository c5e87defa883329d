"""Index files: numbered generations, written whole or not at all, in a folder that many processes map.

The files are written under new names and synced. Then a manifest lists them with their checksums, is synced, and takes
its number. Nothing is changed in place, so readers of an older generation keep what they have mapped.
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
    """What must be equal for files to be read: the versions of all that made the vectors and laid them out."""
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
    """A file as it was when its manifest was written: size in bytes, time of change in ns, SHA-256 in hex."""

    name: str
    size: int
    mtime_ns: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Sync a finished file to disk and describe it."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        stat = path.stat()
        return cls(path.name, stat.st_size, stat.st_mtime_ns, digest)

    def check(self, folder: Path, *, thorough: bool = False) -> None:
        """Raise ``InvalidIndex`` where the file has changed or is gone.

        Unless ``thorough``, a file with its old size and time is not read: that would take too long in a large index.
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
    """The files of one segment, and its ``dead`` rows, which no longer count. ``stem`` begins the files' names."""

    stem: str
    tracks: int
    vectors: int
    dead: list[int]
    files: list[StoredFile]


@dataclass(frozen=True)
class Generation:
    """What a manifest holds: the files of the log's state at ``sequence``. ``mark`` tells this log from another one."""

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
        """Every file of the generation."""
        return [*self.codec_files, *(file for segment in self.segments for file in segment.files)]

    @property
    def size_bytes(self) -> int:
        """How many bytes its files have together."""
        return sum(file.size for file in self.files)

    def check(self, folder: Path, *, thorough: bool = False) -> None:
        """Raise ``InvalidIndex`` where a file has changed or is gone; see ``StoredFile.check``."""
        for file in self.files:
            file.check(folder, thorough=thorough)


def new_stem(kind: str) -> str:
    """The beginning of new files' names, with a random part that no other file has."""
    return f"{kind}-{uuid.uuid4().hex[:16]}"


def numbers(folder: Path) -> list[int]:
    """The numbers of the manifests in ``folder``, newest first."""
    found = (path.stem.removeprefix("generation-") for path in folder.glob(MANIFEST))
    return sorted((int(number) for number in found if number.isdigit()), reverse=True)


def read(folder: Path, number: int) -> Generation:
    """Read a manifest, not its files. ``InvalidIndex`` where it is damaged, gone, or of other versions."""
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
    """The generations with a whole manifest for which ``belongs`` is true, newest first."""
    for number in numbers(folder):
        try:
            generation = read(folder, number)
        except InvalidIndex:
            continue
        if belongs(generation):
            yield generation


def publish(folder: Path, generation: Generation) -> None:
    """Write the manifest, so that readers find the generation. ``InvalidIndex`` where its number is taken."""
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
    """The paths of all index files in ``folder``, manifests first."""
    files = [path for path in folder.iterdir() if path.suffix in {".faiss", ".npy", ".json", ".tmp", ".index"}]
    return sorted(files, key=lambda path: path.suffix != ".json")


def sweep(folder: Path, kept: Iterable[Generation], *, among: Iterable[Path]) -> None:
    """Remove the files that no ``kept`` generation needs: old ones, other versions', and a killed process's.

    ``among``: what was ``listed`` while this process certainly was the only writer. Later files may be another one's.
    Manifests go first: a process that is killed here must leave no manifest whose files are gone.
    """
    names = set()
    for generation in kept:
        names |= {file.name for file in generation.files} | {_manifest(folder, generation.number).name}
    for path in among:
        if path.name not in names:
            path.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Sync a folder, so that the names in it survive a power failure."""
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
