"""Index files: numbered generations, derived from the database, so that a new process need not start from nothing.

A generation is written under a temporary name, synced and renamed, its manifest last. Readers take the newest that
is whole; where none is, the database is the truth and the index starts empty.
"""

import fcntl
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import structlog
from django.conf import settings

from catalog.engine import FingerprintError
from catalog.engine.embedded import EmbeddedIndex
from catalog.models import IndexOperation
from catalog.services.index_log import CURRENT_VERSION

GENERATIONS_KEPT = 2
Stored = TypeVar("Stored", bound=EmbeddedIndex)
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Generation:
    """One index file of this database's log, as its manifest describes it."""

    stem: str
    sequence: int
    sha256: str

    @property
    def data_path(self) -> Path:
        """Where the index itself is."""
        return Path(settings.INDEX_DIR) / f"{self.stem}.index"


def _generations() -> list[Generation]:
    """Return what was written under these parameters from this log, newest first."""
    paths = Path(settings.INDEX_DIR).glob(f"{CURRENT_VERSION}-*.json")
    known = [generation for path in paths if (generation := _read_manifest(path))]
    return sorted(known, key=lambda generation: generation.sequence, reverse=True)


def _read_manifest(path: Path) -> Generation | None:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        generation = Generation(path.stem, int(manifest["sequence"]), str(manifest["sha256"]))
        mark = _operation_mark(generation.sequence)
        return generation if mark and manifest["last_operation"] == mark else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("index_manifest_unreadable", path=path.name, reason=str(error))
        return None


def newest_sequence() -> int:
    """Return where the newest generation stands in the log; 0 without one."""
    return max((generation.sequence for generation in _generations()), default=0)


def write(index: EmbeddedIndex) -> None:
    """Write `index` as the generation of where it stands, and drop all but the newest few. One process at a time."""
    sequence = index.applied_sequence()
    folder = Path(settings.INDEX_DIR)
    with (folder / "write.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stem = f"{CURRENT_VERSION}-{sequence:015d}"
        index.save(folder / f"{stem}.index")
        _write_manifest(folder=folder, stem=stem, sequence=sequence, tracks=index.size().tracks)
        _sync_folder(folder)
        _drop_old(folder)


def _write_manifest(*, folder: Path, stem: str, sequence: int, tracks: int) -> None:
    manifest = {
        "sequence": sequence,
        "version": CURRENT_VERSION,
        "tracks": tracks,
        "sha256": _digest(folder / f"{stem}.index"),
        "last_operation": _operation_mark(sequence),
    }
    draft = folder / f".{stem}.tmp"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(manifest, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / f"{stem}.json")


def read_newest(kind: type[Stored]) -> Stored:
    """Return the newest whole generation; an empty index where there is none."""
    for generation in _generations():
        try:
            if _digest(generation.data_path) == generation.sha256:
                return kind.load(generation.data_path, sequence=generation.sequence)
            log.warning("index_generation_damaged", path=generation.stem)
        except (OSError, FingerprintError) as error:
            log.warning("index_generation_unreadable", path=generation.stem, reason=str(error))
    return kind()


def _operation_mark(sequence: int) -> str:
    """Return what tells the operation at `sequence` from one of another database, or of a restored backup's new log."""
    operation = IndexOperation.objects.filter(pk=sequence).first()
    return f"{operation.kind} {operation.track_key} {operation.created_at.isoformat()}" if operation else ""


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _drop_old(folder: Path) -> None:
    kept = {generation.stem for generation in _generations()[:GENERATIONS_KEPT]}
    for path in folder.iterdir():
        if path.suffix in {".json", ".index"} and path.stem not in kept:
            path.unlink(missing_ok=True)
