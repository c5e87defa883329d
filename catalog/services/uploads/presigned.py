"""Uploads that the client sends to the bucket itself, under a signed name and size; the file is checked afterwards."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from catalog.models import Upload
from catalog.services.audio import store, store_owner
from catalog.services.uploads.errors import UploadBusyError, UploadEndedError, UploadError
from catalog.services.uploads.finishing import held, make_track
from catalog.services.uploads.opening import LEASE, open_upload, refuse_without_room
from queueing.lease import kept_up

INCOMING = "incoming"  # the folder of the store that only presigned uploads write to
DELETED = "The upload was deleted."
SIGNED_FOR_S = 3600  # an upload is kept for longer: what is sent at the last moment is removed with its row


class NoBucketError(UploadError):
    """Files are stored on disk, so there is nothing to sign."""


class NotThereError(UploadError):
    """The bucket does not have the file, or not all of it."""


@dataclass(frozen=True)
class Signed:
    """Where the client posts the file, and the form fields that come before it."""

    url: str
    fields: dict[str, str]


def stored_name(upload: Upload) -> str:
    """Return the name in the store under which the client puts the bytes."""
    return f"{INCOMING}/{upload.pk}"


def begin(*, owner: User, size_bytes: int, file_name: str) -> tuple[Upload, Signed]:
    """Begin an upload, and sign one POST of exactly so many bytes.

    Raises:
        NoBucketError: files are stored on disk.
        UploadRefusedError, NotReachableError: as `open_upload`.

    """
    if not store.signs():
        raise NoBucketError("This service stores files on disk: send them to /api/v1/uploads/ (tus).")
    store_owner.require()
    upload = open_upload(owner=owner, way=Upload.Way.PRESIGNED, size_bytes=size_bytes, file_name=file_name)
    url, fields = store.signed_post(stored_name(upload), size_bytes=size_bytes, for_s=SIGNED_FOR_S)
    return upload, Signed(url, fields)


def complete(*, upload: Upload) -> None:
    """Make the track of a file in the bucket; once, however often this is called.

    Raises:
        NotThereError: the file is not there yet, or has another size.
        UploadBusyError: another call is completing it.
        UploadEndedError: it was refused before.
        UploadRefusedError: it cannot become a track; the upload has ended with it.
        NotReachableError: the store does not answer now.

    """
    if upload.state == Upload.State.DONE:
        return
    _claim(upload)
    try:
        with kept_up(lambda: LEASE.renew(held(upload), upload.lease_token)):
            _check_size(upload)
            refuse_without_room(upload.size_bytes)
            with tempfile.NamedTemporaryFile(dir=settings.UPLOAD_DIR, prefix="fetched-") as copy:
                _fetch(upload, copy)
                make_track(upload, Path(copy.name))
    finally:
        held(upload).update(**LEASE.freed())


def end(*, upload: Upload) -> None:
    """Refuse the file of this upload from now on; an upload that has ended stays as it is.

    The file in the bucket is deleted with the row when that expires, and no signature can bring it back.

    Raises:
        UploadBusyError: a call is completing it.

    """
    rows = Upload.objects.filter(pk=upload.pk, state=Upload.State.OPEN)
    if not rows.filter(LEASE.free(timezone.now())).update(state=Upload.State.REFUSED, error=DELETED) and rows.exists():
        raise UploadBusyError("Another call is completing this upload.")


def _claim(upload: Upload) -> None:
    now = timezone.now()
    rows = Upload.objects.filter(pk=upload.pk, state=Upload.State.OPEN)
    token = LEASE.claim(rows.filter(LEASE.free(now)), now=now)
    upload.refresh_from_db()
    if token is not None:
        upload.lease_token = token
    elif upload.state == Upload.State.REFUSED:
        raise UploadEndedError(upload.error)
    elif upload.state == Upload.State.OPEN:
        raise UploadBusyError("Another call is completing this upload.")


def _check_size(upload: Upload) -> None:
    try:
        size_bytes = store.size(stored_name(upload))
    except FileNotFoundError as error:
        raise NotThereError("The file has not arrived in the bucket.") from error
    if size_bytes != upload.size_bytes:
        raise NotThereError(f"The file in the bucket has {size_bytes} bytes, and not {upload.size_bytes}.")


def _fetch(upload: Upload, copy: IO[bytes]) -> None:
    """Copy what is in the bucket, never more than was announced: the sender can write to that name again."""
    try:
        store.copy_to(stored_name(upload), copy, size_bytes=upload.size_bytes)
    except FileNotFoundError as error:
        raise NotThereError("The file has not arrived in the bucket.") from error
