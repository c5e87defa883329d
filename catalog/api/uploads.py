"""Uploads stream to disk and stop at the limit; what was written is removed with the request."""

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler

FORM_ROOM_BYTES = 64 * 1024  # what a multipart body needs beside its file


def max_file_bytes() -> int:
    """Return the limit for one file."""
    return int(settings.MAX_UPLOAD_MB) * 1024 * 1024


class CappedFileUploadHandler(TemporaryFileUploadHandler):
    """Temporary files that together never grow over the limit; the rest of the body is not read into anything.

    Together, because only one is taken, and because forms for everybody, the login's, read what they are sent.
    """

    received_bytes = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a chunk, or stop the upload at the limit."""
        self.received_bytes += len(raw_data)
        if self.received_bytes > max_file_bytes():
            self.file.close()  # the temporary file goes with it
            if self.request is not None:
                self.request.upload_too_large = True  # type: ignore[attr-defined]
            raise StopUpload(connection_reset=True)
        super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """Return the whole file."""
        return super().file_complete(file_size)
