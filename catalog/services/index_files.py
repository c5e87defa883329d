"""Index files: numbered generations, derived from the database, so that a new process need not start from nothing.

A generation is written under a temporary name, synced and renamed, its manifest last. Readers take the newest that
is whole; where none is, the database is the truth and the index starts empty.
"""

import hashlib
import json
import os
from pathlib import Path

import structlog
from django.conf import settings

from catalog.engine import FingerprintError, FingerprintIndex
from catalog.models import IndexOperation
from catalog.services.index_log import CURRENT_VERSION

GENERATIONS_KEPT = 2
log = structlog.get_logger(__name__)


def _manifests() -> list[Path]:
    """Return the manifests of this parameters' version, newest first."""
    return sorted(Path(settings.INDEX_DIR).glob(f"{CURRENT_VERSION}-*.json"), reverse=True)


def newest_sequence() -> int:
    """Return where the newest generation stands in the log; 0 without one."""
    manifests = _manifests()
    return int(manifests[0].stem.rsplit("-", 1)[1]) if manifests else 0


def write(*, index: FingerprintIndex, sequence: int) -> None:
    """Write `index` as the generation at `sequence`, and drop all but the newest few."""
    stem = f"{CURRENT_VERSION}-{sequence:015d}"
    folder = Path(settings.INDEX_DIR)
    data_path = folder / f"{stem}.index"
    index.save(data_path)
    manifest = {
        "sequence": sequence,
        "version": CURRENT_VERSION,
        "tracks": len(index),
        "sha256": _digest(data_path),
        "last_operation": _operation_mark(sequence),
    }
    draft = folder / f".{stem}.{os.getpid()}.tmp"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(manifest, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / f"{stem}.json")
    _sync_folder(folder)
    _drop_old(folder)


def read_newest() -> tuple[FingerprintIndex, int]:
    """Return the newest whole generation and its sequence; an empty index and 0 where there is none."""
    for manifest_path in _manifests():
        try:
            manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
            data_path = manifest_path.with_suffix(".index")
            mark = _operation_mark(manifest["sequence"])
            if not mark or manifest["last_operation"] != mark:
                log.warning("index_generation_of_another_log", path=manifest_path.name)
                continue
            if _digest(data_path) == manifest["sha256"]:
                return FingerprintIndex.load(data_path), int(manifest["sequence"])
            log.warning("index_generation_damaged", path=data_path.name)
        except (OSError, ValueError, KeyError, FingerprintError) as error:
            log.warning("index_generation_unreadable", path=manifest_path.name, reason=str(error))
    return FingerprintIndex(), 0


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
    kept = {path.stem for path in _manifests()[:GENERATIONS_KEPT]}
    for path in folder.iterdir():
        if path.suffix in {".json", ".index"} and path.stem not in kept:
            path.unlink(missing_ok=True)
