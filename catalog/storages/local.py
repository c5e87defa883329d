"""A folder on this machine's disk, `DATA_DIR/audio`."""

import glob
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage

from catalog.storages import CHUNK_BYTES


class LocalAudioStorage(FileSystemStorage):
    """Django's file storage, in which a crash leaves a whole file or none."""

    def __init__(self) -> None:
        super().__init__(allow_overwrite=True)  # names are given once: what is there of one is what was there before

    @property
    def base_location(self) -> str:
        """The audio folder."""
        return str(settings.AUDIO_DIR)

    @property
    def location(self) -> str:
        """The audio folder, absolute."""
        return str(Path(settings.AUDIO_DIR).absolute())

    def part(self, name: str, *, first: int, count: int) -> "FilePart":
        """Open `count` bytes from `first` on."""
        return FilePart(Path(self.path(name)).open("rb"), first=first, count=count)

    def local_path(self, name: str) -> Path | None:
        """Return the file's path; `FileNotFoundError` if it is missing."""
        path = Path(self.path(name))
        path.stat()
        return path

    def signed_post(self, name: str, *, size_bytes: int, for_s: int) -> None:
        """Return None: only this service writes to this disk."""

    def names(self, folder: str) -> Iterator[str]:
        """Yield the names right below `folder`, unfinished files among them."""
        below = Path(self.path(folder))
        for path in below.iterdir() if below.is_dir() else ():
            if path.is_file():
                yield f"{folder}/{path.name}"

    def delete(self, name: str) -> None:
        """Delete a file, and the drafts of it that killed processes left."""
        path = Path(self.path(name))
        for draft in path.parent.glob(f".{glob.escape(path.name)}.*"):
            draft.unlink(missing_ok=True)
        path.unlink(missing_ok=True)

    def _save(self, name: str, content: File) -> str:
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{os.getpid()}.{time.monotonic_ns()}")
        try:
            with draft.open("xb") as writer:
                for chunk in content.chunks():
                    writer.write(chunk)
                writer.flush()
                os.fsync(writer.fileno())
            draft.chmod(settings.FILE_UPLOAD_PERMISSIONS)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(target.parent)
        return name


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class FilePart:
    """A part of an open file in chunks."""

    def __init__(self, file: BinaryIO, *, first: int, count: int) -> None:
        self._file = file
        self._first = first
        self._left = count
        self.close = file.close

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(self._first)
        while self._left > 0 and (chunk := self._file.read(min(CHUNK_BYTES, self._left))):
            self._left -= len(chunk)
            yield chunk
