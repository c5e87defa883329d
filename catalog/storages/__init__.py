"""Where uploaded bytes may live: Django storages that can also give a part of a file and name what is there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from django.core.files.base import File

CHUNK_BYTES = 64 * 1024


class AudioPart(Protocol):
    """Bytes of a stored file in chunks. Close it, read or not."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes."""
        ...

    def close(self) -> None:
        """Let go of the file or the connection."""
        ...


class AudioStorage(Protocol):
    """What the catalog asks of a storage. A name that is not there: `FileNotFoundError`; out of reach: `OSError`."""

    def save(self, name: str, content: File) -> str:
        """Store `content` durably, whole or not at all."""
        ...

    def delete(self, name: str) -> None:
        """Remove a file, and what was written of it; one that is gone already is fine."""
        ...

    def size(self, name: str) -> int:
        """Return how many bytes a file has."""
        ...

    def part(self, name: str, *, first: int, count: int) -> AudioPart:
        """Open `count` bytes from `first` on."""
        ...

    def local_path(self, name: str) -> Path | None:
        """Return where the file is on this machine; None where it must be fetched."""
        ...

    def signed_post(self, name: str, *, size_bytes: int, for_s: int) -> tuple[str, dict[str, str]] | None:
        """Return the URL and the fields of a form that stores so many bytes at `name`; None where there is no such."""
        ...

    def names(self, folder: str) -> Iterator[str]:
        """Yield the names of files right below `folder`."""
        ...
