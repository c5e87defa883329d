"""Uploads: streamed to disk up to the limit, and deleted with the request."""

import hashlib
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload, TemporaryFileUploadHandler
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from catalog.api.call import call_of
from catalog.api.form_data import FormData
from catalog.services.audio import disk_room
from catalog.services.tracks.file_names import ending_of, plain_name

FORM_ROOM_BYTES = 64 * 1024  # what a multipart body needs beside its file


def max_file_bytes() -> int:
    """Return the limit for one file."""
    return int(settings.MAX_UPLOAD_MB) * 1024 * 1024


def refuse_unread(request: Request, *, most_bytes: int, too_large: ValidationError) -> None:
    """Refuse an upload before its form is read: the disk is full, or it is `too_large`.

    Raises:
        NotReachableError: there is no room on the disk.
        ValidationError: `too_large`.

    """
    disk_room.require()
    if int(request.META.get("CONTENT_LENGTH") or 0) > most_bytes + FORM_ROOM_BYTES:
        raise too_large


class SentFile(TemporaryUploadedFile):
    """A temporary file that keeps the sender's file name; Django would shorten and change it."""

    def __init__(self, name: str, content_type: str) -> None:
        super().__init__(f"sent{ending_of(name)}", content_type, 0, None)
        self._name = name
        self.sha256 = hashlib.sha256()  # of what was written


class CappedFileUploadHandler(TemporaryFileUploadHandler):
    """Writes temporary files up to the limit for all of them together; the rest of the body is not stored.

    The limit is for all together, because only one is accepted, and because public forms such as the login read all
    that they are sent.
    """

    received_bytes = 0

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, Any],  # noqa: ARG002, N803  (Django's names)
        content_length: int,  # noqa: ARG002
        boundary: Any,  # bytes, whatever the stubs say
        encoding: str | None = None,
    ) -> tuple[QueryDict, MultiValueDict[str, Any]]:
        """Read the whole form in place of Django's parser."""
        return FormData(input_data, boundary, self, encoding or settings.DEFAULT_CHARSET).parse()

    def new_file(self, field_name: str, file_name: str, content_type: str, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        FileUploadHandler.new_file(self, field_name, file_name, content_type, *args, **kwargs)
        self.file = self.sent = SentFile(plain_name(file_name), content_type)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a chunk, or stop the upload at the limit."""
        self.received_bytes += len(raw_data)
        if self.received_bytes > max_file_bytes():
            self.file.close()  # the temporary file goes with it
            if self.request is not None:
                call_of(self.request).upload_too_large = True
            raise StopUpload(connection_reset=True)
        self.sent.sha256.update(raw_data)
        super().receive_data_chunk(raw_data, start)
