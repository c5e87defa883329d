"""The store of uploaded files. Each file is one object, in a folder named by the first digits of its SHA-256."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, cast

import structlog
from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone

from catalog.models import AudioFile
from catalog.services.errors import NotReachableError, TrackGoneError
from catalog.storages import AudioPart, AudioStorage

DRAFT_AGE = timedelta(hours=1)  # since it was written to, beyond the time that a task may take
SMALL_BYTES = 4096
log = structlog.get_logger(__name__)


def _storage() -> AudioStorage:
    return cast("AudioStorage", storages["audio"])


@contextmanager
def _reached() -> Iterator[None]:
    """Tell a store that is out of reach, full or refusing from a file that is not there."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        log.warning("audio_store_failed", reason=str(error))
        raise NotReachableError("The store of uploaded files cannot be reached.") from error


def sha256_of(path: Path) -> str:
    """Return the hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save(*, source: Path, name: str) -> None:
    """Store a copy of `source` under `name`, durably, as a whole or not at all.

    Raises:
        NotReachableError: the store does not take it now.

    """
    with _reached(), source.open("rb") as file:
        _storage().save(name, File(file))


def delete(name: str) -> None:
    """Delete a stored file, or the part of it that was written; a missing file is no error.

    Raises:
        NotReachableError: the store does not answer.

    """
    with _reached():
        _storage().delete(name)


def holds(name: str, *, size_bytes: int) -> bool:
    """Tell whether a file is stored with all its bytes.

    Raises:
        NotReachableError: the store does not answer.

    """
    try:
        return size(name) == size_bytes
    except FileNotFoundError:
        return False


def read_small(name: str) -> bytes | None:
    """Return the first `SMALL_BYTES` of a file; None where it is missing.

    Raises:
        NotReachableError: the store does not answer.

    """
    try:
        with _reached(), closing(_storage().part(name, first=0, count=SMALL_BYTES)) as opened:
            return b"".join(opened)
    except FileNotFoundError:
        return None


def write_small(name: str, content: bytes) -> None:
    """Store `content` under `name`, and replace what is there.

    Raises:
        NotReachableError: the store does not take it now.

    """
    with _reached():
        _storage().save(name, ContentFile(content))


def names(folder: str) -> list[str]:
    """Return the names of all files right below `folder`."""
    with _reached():
        return sorted(_storage().names(folder))


def size(name: str) -> int:
    """Return how many bytes are stored; `FileNotFoundError` where the file is missing."""
    with _reached():
        return _storage().size(name)


def part(name: str, *, first: int, count: int) -> AudioPart:
    """Open `count` bytes from `first` on; `FileNotFoundError` where the file is missing."""
    with _reached():
        return _storage().part(name, first=first, count=count)


@contextmanager
def on_this_machine(audio_file: AudioFile) -> Iterator[Path]:
    """Yield a path that native code can read: the stored file itself, or a copy that is deleted afterwards.

    Raises:
        TrackGoneError: the file is missing, or its bytes have changed; the message is for a person.
        NotReachableError: the store does not answer.

    """
    name = audio_file.stored_name
    try:
        with _reached():
            path = _storage().local_path(name)
        if path is not None:
            yield path
            return
        with tempfile.NamedTemporaryFile(dir=settings.UPLOAD_DIR, prefix="fetched-", suffix=Path(name).suffix) as copy:
            _fetch(audio_file, copy)
            yield Path(copy.name)
    except FileNotFoundError as error:
        raise TrackGoneError("The stored file is missing: upload the track again.") from error


def _fetch(audio_file: AudioFile, copy: IO[bytes]) -> None:
    """Write the stored bytes to `copy`, never more than were once uploaded, and only if they are the same."""
    if copy_to(audio_file.stored_name, copy, size_bytes=audio_file.size_bytes) != audio_file.sha256:
        raise TrackGoneError("The stored file is damaged: upload the track again.")


def copy_to(name: str, copy: IO[bytes], *, size_bytes: int) -> str:
    """Write a stored file's first `size_bytes` to `copy`, and return their hex SHA-256.

    `FileNotFoundError` where the file is missing.

    Raises:
        NotReachableError: the store does not answer.

    """
    digest = hashlib.sha256()
    with _reached():
        opened = _storage().part(name, first=0, count=size_bytes)
        try:
            for chunk in opened:
                digest.update(chunk)
                copy.write(chunk)
        finally:
            opened.close()
        copy.flush()
    return digest.hexdigest()


def signs() -> bool:
    """Tell whether clients may send files to the store itself, by `signed_post`.

    Raises:
        NotReachableError: the store signs nothing now.

    """
    with _reached():
        return _storage().signed_post("none", size_bytes=1, for_s=1) is not None


def signed_post(name: str, *, size_bytes: int, for_s: int) -> tuple[str, dict[str, str]]:
    """Return the URL and form fields with which a client may store exactly `size_bytes` at `name`, for `for_s` seconds.

    Raises:
        NotReachableError: the store signs nothing now.

    """
    with _reached():
        signed = _storage().signed_post(name, size_bytes=size_bytes, for_s=for_s)
    if signed is None:
        raise NotReachableError("The store of uploaded files accepts no direct uploads: it signs no addresses.")
    return signed


def remove_old_drafts() -> int:
    """Delete uploads and fetched copies that killed processes left on this machine; return how many.

    It deletes only what is too old to be in use, by this deployment or by another one in the same folder.
    """
    limit_s = (timezone.now() - DRAFT_AGE).timestamp() - settings.JOB_TIMEOUT_SECONDS
    old = [path for path in Path(settings.UPLOAD_DIR).iterdir() if path.is_file() and path.stat().st_mtime < limit_s]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
