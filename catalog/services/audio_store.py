"""Where uploaded bytes live: one file per content, named by its SHA-256."""

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ORPHAN_AGE_S = 3600  # an upload places its file before its row: leave it that long
_CHUNK_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    """Return the hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stored_name(*, sha256: str, suffix: str) -> str:
    """Return the path below the audio folder for this content; `suffix` is for people who look into the folder."""
    return f"{sha256[:2]}/{sha256}{suffix}"


def place(*, source: Path, name: str) -> None:
    """Put a copy of `source` at `name` in the store, durably and whole or not at all; a file already there stays."""
    target = Path(settings.AUDIO_DIR) / name
    if target.exists():
        os.utime(target)  # young again, so that the orphan collector leaves it
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}.{time.monotonic_ns()}")
    try:
        _copy_durably(source=source, target=draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _copy_durably(*, source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("xb") as writer:
        while chunk := reader.read(_CHUNK_BYTES):
            writer.write(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    target.chmod(settings.FILE_UPLOAD_PERMISSIONS)


def discard(*, name: str) -> None:
    """Remove a stored file; one that is gone already is fine."""
    (Path(settings.AUDIO_DIR) / name).unlink(missing_ok=True)


def aged_files(*, now_s: float | None = None) -> Iterator[Path]:
    """Yield stored files and unfinished uploads old enough to be orphans."""
    limit_s = (time.time() if now_s is None else now_s) - ORPHAN_AGE_S
    for folder in (Path(settings.AUDIO_DIR), Path(settings.UPLOAD_DIR)):
        for path in folder.rglob("*"):
            if path.is_file() and path.stat().st_mtime < limit_s:
                yield path
