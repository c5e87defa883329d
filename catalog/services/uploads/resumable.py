"""Uploads in parts, one after the other: after an interruption the upload goes on where it was (tus 1.0).

The row says how much has arrived, and never more than is on the disk. One call writes at a time, by a lease.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from catalog.models import Upload
from catalog.services.audio import store
from catalog.services.errors import NotReachableError, UploadRefusedError
from catalog.services.uploads.errors import (
    BrokenOffError,
    TooManyBytesError,
    UploadBusyError,
    UploadEndedError,
    WrongChecksumError,
    WrongOffsetError,
)
from catalog.services.uploads.finishing import held, make_track
from catalog.services.uploads.opening import LEASE, kept_for, open_upload, refuse_without_room
from queueing.lease import kept_up

IN_A_BUCKET = "This service stores files in a bucket: begin at /api/v1/uploads/presigned."
READ_BYTES = 64 * 1024
NOTED_EVERY_BYTES = 8 * 1024 * 1024  # what a killed web process loses of a piece, at most
ALGORITHMS = ("sha1", "sha256", "sha512")
Read = Callable[[int], bytes]
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Checksum:
    """The digest that a part must have."""

    algorithm: str  # one of `ALGORITHMS`
    digest: bytes


def is_spoken() -> bool:
    """Tell whether uploads are put together on this disk; if files are in a bucket, clients send them there."""
    return not store.signs()


def folder() -> Path:
    """Return the folder in which parts are put together."""
    return Path(settings.RESUMABLE_DIR)


def path_of(upload: Upload) -> Path:
    """Return the path of an upload's bytes."""
    return folder() / str(upload.pk)


def begin(*, owner: User, size_bytes: int, file_name: str, metadata: str) -> Upload:
    """Begin an upload. Raises as `open_upload`."""
    upload = open_upload(
        owner=owner, way=Upload.Way.RESUMABLE, size_bytes=size_bytes, file_name=file_name, metadata=metadata
    )
    path_of(upload).touch()
    return upload


def receive(*, upload: Upload, offset: int, read: Read, checksum: Checksum | None = None) -> None:
    """Receive a part that begins at `offset`; the last one makes the track. `read` returns the part's next bytes.

    `upload` is updated to what is stored, also if this raises an error.

    Raises:
        UploadError: the part, or some of it, is refused; each subclass says why.
        UploadRefusedError: all has arrived and cannot become a track; the upload has ended with it.
        NotReachableError: all has arrived and cannot be stored now; sending the last byte again tries again.

    """
    if upload.state == Upload.State.DONE and offset == upload.size_bytes:
        return
    _claim(upload, offset)
    try:
        with kept_up(lambda: LEASE.renew(held(upload), upload.lease_token)):
            _write(upload, read, checksum)
            if upload.received_bytes == upload.size_bytes - 1 and _is_whole(upload):
                _finish(upload)
    finally:
        held(upload).update(expires_at=timezone.now() + kept_for(), **LEASE.freed())


def end(*, upload: Upload) -> None:
    """Forget an upload and its bytes; its track stays.

    Raises:
        UploadBusyError: a call is sending to it.

    """
    if not Upload.objects.filter(LEASE.free(timezone.now()), pk=upload.pk).delete()[0]:
        raise UploadBusyError("Another call is sending to this upload.")
    path_of(upload).unlink(missing_ok=True)


def _claim(upload: Upload, offset: int) -> None:
    now = timezone.now()
    rows = Upload.objects.filter(pk=upload.pk, state=Upload.State.OPEN)
    token = LEASE.claim(rows.filter(LEASE.free(now), received_bytes=offset), now=now)
    upload.refresh_from_db()
    if token is not None:
        upload.lease_token = token
        return
    if upload.state != Upload.State.OPEN:
        raise UploadEndedError(upload.error or "This upload has ended.")
    if upload.received_bytes != offset:
        raise WrongOffsetError(f"The upload's offset is {upload.received_bytes}, not {offset}.")
    raise UploadBusyError("Another call is sending to this upload.")


def _write(upload: Upload, read: Read, checksum: Checksum | None) -> None:
    """Write a piece behind what is there. Without a checksum all that arrives is kept, wherever it breaks off."""
    begin_bytes = upload.received_bytes
    try:
        file = path_of(upload).open("r+b")
    except FileNotFoundError as error:
        held(upload).update(
            state=Upload.State.REFUSED, error="What was sent is lost. Begin a new upload.", **LEASE.freed()
        )
        raise UploadEndedError("What was sent is lost. Begin a new upload.") from error
    with file:
        file.seek(begin_bytes)
        file.truncate()  # what a killed process wrote, and nobody counted
        piece = _Piece(upload, file, begin_bytes)
        try:
            digest = piece.copy(read, checksum)
        except BrokenOffError:
            if checksum is None:
                piece.note()
            raise
        if checksum and digest != checksum.digest:
            raise WrongChecksumError("The piece does not match its checksum. Send it again.")
        piece.note()


class _Piece:
    """One call's bytes on their way to the file."""

    def __init__(self, upload: Upload, file: IO[bytes], at_bytes: int) -> None:
        self._upload, self._file, self._at = upload, file, at_bytes

    def copy(self, read: Read, checksum: Checksum | None) -> bytes:
        """Copy all of it and return its digest, by the checksum's algorithm."""
        hasher = hashlib.new(checksum.algorithm if checksum else ALGORITHMS[0], usedforsecurity=False)
        noted = self._at
        while chunk := _next(read, READ_BYTES):
            if self._at + len(chunk) > self._upload.size_bytes:
                raise TooManyBytesError("The piece is longer than the rest of the upload.")
            self._file.write(chunk)
            hasher.update(chunk)
            self._at += len(chunk)
            if checksum is None and self._at - noted >= NOTED_EVERY_BYTES:
                self.note()
                noted = self._at
        return hasher.digest()

    def note(self) -> None:
        """Say in the row how much is on the disk. All of it is said with the track: until then one byte is left."""
        self._file.flush()
        os.fsync(self._file.fileno())
        counted = min(self._at, self._upload.size_bytes - 1)
        if not held(self._upload).update(received_bytes=counted):
            raise UploadBusyError("Another call has taken this upload over.")
        self._upload.received_bytes = counted


def _next(read: Read, count: int) -> bytes:
    try:
        return read(count)
    except OSError as error:
        raise BrokenOffError("The piece broke off. What had arrived is kept: continue from there.") from error


def _is_whole(upload: Upload) -> bool:
    return path_of(upload).stat().st_size == upload.size_bytes


def _finish(upload: Upload) -> None:
    try:
        refuse_without_room(upload.size_bytes)  # the store gets a copy
        make_track(upload, path_of(upload))
    except (NotReachableError, UploadBusyError):
        raise
    except UploadRefusedError:
        path_of(upload).unlink(missing_ok=True)
        raise
    path_of(upload).unlink(missing_ok=True)
