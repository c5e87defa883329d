"""What a backup holds: every file with its size and SHA-256, so that what is put back is what was taken."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

NAME = "manifest.json"
FORMAT = 1


class BackupError(Exception):
    """Why a backup cannot be made or put back, in words for the operator."""


@dataclass
class Manifest:
    """`files` maps a path below the backup folder to [size in bytes, hex SHA-256]."""

    database: str
    created_at: str
    counts: dict[str, int]
    format: int = FORMAT
    without_audio: bool = False
    gone_meanwhile: list[str] = field(default_factory=list)
    files: dict[str, list[int | str]] = field(default_factory=dict)

    def add(self, folder: Path, path: Path) -> None:
        """Take a file of the backup folder up."""
        self.files[str(path.relative_to(folder))] = [path.stat().st_size, digest(path)]

    def write(self, folder: Path) -> None:
        """Write the manifest; it is the last file of a backup, so that one without it was broken off."""
        draft = folder / f".{NAME}"
        draft.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        draft.replace(folder / NAME)

    def of_kind(self, kind: str) -> list[str]:
        """Return the files below one of the backup's folders, without the folder's name."""
        return [path.removeprefix(f"{kind}/") for path in self.files if path.startswith(f"{kind}/")]


def read(folder: Path) -> Manifest:
    """Return a backup's manifest.

    Raises:
        BackupError: there is none, or it is not of a kind that this version knows.

    """
    try:
        manifest = Manifest(**json.loads((folder / NAME).read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise BackupError(f"{folder} has no complete backup: {NAME} is missing.") from error
    except (ValueError, TypeError) as error:
        raise BackupError(f"{folder / NAME} cannot be read: {error}") from error
    if manifest.format != FORMAT:
        raise BackupError(f"This backup is of format {manifest.format}; this version reads format {FORMAT}.")
    return manifest


def verify(folder: Path, manifest: Manifest) -> None:
    """Compare every file with the manifest.

    Raises:
        BackupError: one is missing, damaged, or outside of the folder.

    """
    root = folder.resolve()
    for name, (size, sha256) in manifest.files.items():
        path = (folder / name).resolve()
        if not path.is_relative_to(root):
            raise BackupError(f"The manifest names {name}, which is not below {folder}.")
        if not path.is_file() or path.stat().st_size != size or digest(path) != sha256:
            raise BackupError(f"{name} is missing or damaged: this backup cannot be restored.")


def digest(path: Path) -> str:
    """Return the hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
