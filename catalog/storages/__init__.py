"""Storages of uploaded files: Django storages that can also return a part of a file and list names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from django.core.files.base import File

CHUNK_BYTES = 64 * 1024


class AudioPart(Protocol):
    """The bytes of a part of a file, in chunks. Close it, whether read or not."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes."""
        ...

    def close(self) -> None:
        """Let go of the file or the connection."""
        ...


class AudioStorage(Protocol):
    """What the catalog needs from a storage. A missing name raises `FileNotFoundError`, a silent store `OSError`."""

    def save(self, name: str, content: File) -> str:
        """Store `content` durably, whole or not at all."""
        ...

    def delete(self, name: str) -> None:
        """Delete a file, or the part of it that was written; a missing file is no error."""
        ...

    def size(self, name: str) -> int:
        """Return how many bytes a file has."""
        ...

    def part(self, name: str, *, first: int, count: int) -> AudioPart:
        """Open `count` bytes from `first` on."""
        ...

    def local_path(self, name: str) -> Path | None:
        """Return the file's path on this machine; None if it must be fetched."""
        ...

    def signed_post(self, name: str, *, size_bytes: int, for_s: int) -> tuple[str, dict[str, str]] | None:
        """Return the URL and form fields that store so many bytes at `name`; None if the store signs nothing."""
        ...

    def names(self, folder: str) -> Iterator[str]:
        """Yield the names of files right below `folder`."""
        ...
