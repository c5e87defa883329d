"""Where uploaded bytes live: one object a content, below a folder named by the first digits of its SHA-256.

A name is given once and never again: whoever removes the last track of some bytes removes that name alone, and cannot
take away what another account stored of the same bytes at that moment.
"""

import hashlib
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, cast

import structlog
from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages
from django.utils import timezone

from catalog.models import AudioFile
from catalog.services.errors import NotReachableError, TrackGoneError
from catalog.storages import AudioPart, AudioStorage

ORPHAN_AGE = timedelta(hours=1)  # an upload places its file before its row: leave it that long
FOLDERS = tuple(f"{number:02x}" for number in range(256))
# Names that `place` gave, of files being written as well: nothing else in a shared bucket or folder is ours to remove.
_OURS = re.compile(r"[0-9a-f]{2}/\.?(?P<sha256>[0-9a-f]{64})(-[0-9a-f]{8})?(\.[a-z0-9]{1,5})?(\.\d+\.\d+)?")
_NAMES_A_QUERY = 500
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


def place(*, source: Path, sha256: str, suffix: str) -> str:
    """Store a copy of `source`, durably and whole or not at all, and return the name that it has from now on.

    `suffix` is for people who look into the store.

    Raises:
        NotReachableError: the store does not take it now.

    """
    name = f"{sha256[:2]}/{sha256}-{secrets.token_hex(4)}{suffix}"
    _save(source=source, name=name)
    return name


def restore(*, source: Path, name: str) -> None:
    """Store `source` at `name` again where the store has lost it."""
    try:
        size(name)
    except FileNotFoundError:
        _save(source=source, name=name)


def _save(*, source: Path, name: str) -> None:
    with _reached(), source.open("rb") as file:
        _storage().save(name, File(file))


def discard(name: str) -> None:
    """Remove a stored file that no row names any more. Never raises: what stays is collected as an orphan."""
    try:
        with _reached():
            _storage().delete(name)
    except NotReachableError:
        log.warning("stored_file_left_behind", name=name)


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
    """Give a path that native code can read: the stored file itself, or a copy that is gone afterwards.

    Raises:
        TrackGoneError: the file is missing, or is not what was stored; its text is for a person.
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
    digest = hashlib.sha256()
    with _reached():
        opened = _storage().part(audio_file.stored_name, first=0, count=audio_file.size_bytes)
        try:
            for chunk in opened:
                digest.update(chunk)
                copy.write(chunk)
        finally:
            opened.close()
        copy.flush()
    if digest.hexdigest() != audio_file.sha256:
        raise TrackGoneError("The stored file is damaged: upload the track again.")


def collect_orphans(folder: str) -> int:
    """Remove what has been lying in one of `FOLDERS` for long and is named by no row; return how many."""
    limit = timezone.now() - ORPHAN_AGE
    with _reached():
        names = list(_storage().names_before(limit, folder=folder))
    found = {name: match["sha256"] for name in names if (match := _OURS.fullmatch(name))}
    orphans = set(found)
    digests = sorted(set(found.values()))
    for start in range(0, len(digests), _NAMES_A_QUERY):
        rows = AudioFile.objects.filter(sha256__in=digests[start : start + _NAMES_A_QUERY])
        orphans -= set(rows.values_list("stored_name", flat=True))
    for name in orphans:
        discard(name)
    return len(orphans)


def remove_old_drafts() -> int:
    """Remove uploads and fetched copies on this machine that a killed process left; return how many."""
    limit_s = (timezone.now() - ORPHAN_AGE).timestamp()
    old = [path for path in Path(settings.UPLOAD_DIR).iterdir() if path.is_file() and path.stat().st_mtime < limit_s]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
