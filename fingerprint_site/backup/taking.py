"""Making a backup beside a running site."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from catalog.models import AudioFile, Fingerprint, Job, Track
from catalog.services.audio import store
from fingerprint_site.backup import database
from fingerprint_site.backup.manifest import BackupError, Manifest, digest

KEYS = ("secret_key", "secrets_key")
_ROWS_AT_ONCE = 1000
_PARTS_OF_WRITING = {".lock", ".tmp"}
Progress = Callable[[int], object]


def take(folder: Path, *, without_audio: bool, overwrite: bool, progress: Progress) -> Manifest:
    """Write a backup of the whole deployment into `folder`; return what it holds.

    Files are immutable and never named twice: those that are there are copied first, then the database as it is at one
    moment, then the files that came in between. So each row of the snapshot has its file. Files that only the first
    pass met are left over, and do no harm.

    Raises:
        BackupError: with the reason; what was written so far has no manifest, and is no backup.

    """
    database.refuse_a_pool()
    _prepare(folder, overwrite=overwrite)
    manifest = Manifest(database=database.kind(), created_at=timezone.now().isoformat(), counts={})
    manifest.without_audio = without_audio
    if not without_audio:
        _copy_audio(folder / "audio", progress)
    snapshot = database.copy_to(folder)
    manifest.counts = _counts()
    if not without_audio:
        manifest.gone_meanwhile = _copy_audio(folder / "audio", progress)
    _copy_index(folder / "index")
    _copy_keys(folder / "keys")
    manifest.add(folder, snapshot)
    for kind in ("audio", "index", "keys"):
        for path in sorted((folder / kind).rglob("*")):
            if path.is_file():
                manifest.add(folder, path)
    manifest.write(folder)
    return manifest


def _prepare(folder: Path, *, overwrite: bool) -> None:
    inside = Path(settings.DATA_DIR).resolve()
    if folder.resolve().is_relative_to(inside):
        raise BackupError(f"{folder} is inside the data folder. Choose a folder on another disk.")
    for kept in (inside, Path(settings.BASE_DIR).resolve(), *database.files()):
        if kept.is_relative_to(folder.resolve()):  # overwriting it would delete what is to be kept
            raise BackupError(f"{folder} holds {kept}, which this site uses. Choose another folder.")
    if folder.exists() and any(folder.iterdir()):
        if not overwrite:
            raise BackupError(f"{folder} is not empty. Choose a new folder, or add --overwrite.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for kind in ("audio", "index", "keys"):
        (folder / kind).mkdir(mode=0o700)


def _counts() -> dict[str, int]:
    return {
        "tracks": Track.objects.present().count(),
        "audio files": AudioFile.objects.count(),
        "fingerprints": Fingerprint.objects.count(),
        "tasks": Job.objects.count(),
    }


def _copy_audio(folder: Path, progress: Progress) -> list[str]:
    """Copy the stored files that are not there yet; return the names of those that were removed meanwhile."""
    gone = []
    for name, size_bytes, sha256 in _stored():
        target = folder / name
        if target.exists():
            continue
        try:
            with closing(store.part(name, first=0, count=size_bytes)) as chunks:
                _write(target, chunks, progress)
        except FileNotFoundError:
            gone.append(name)
            continue
        if digest(target) != sha256:
            raise BackupError(f"The stored file {name} is not what was uploaded: its SHA-256 differs.")
    return gone


def _stored() -> Iterator[tuple[str, int, str]]:
    """Read name, size and digest of each stored file, some at a time: copying takes long for a cursor."""
    files = AudioFile.objects.order_by("pk").only("stored_name", "size_bytes", "sha256")
    last = 0
    while some := list(files.filter(pk__gt=last)[:_ROWS_AT_ONCE]):
        yield from ((file.stored_name, file.size_bytes, file.sha256) for file in some)
        last = some[-1].pk


def _write(target: Path, chunks: Iterable[bytes], progress: Progress) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}")
    with draft.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            progress(len(chunk))
    draft.replace(target)


def _copy_index(folder: Path) -> None:
    """Copy the index's files: they save time at the next start; one that is replaced meanwhile is made again."""
    source = Path(settings.INDEX_DIR)
    for path in sorted(source.rglob("*")):
        if path.is_file() and path.suffix not in _PARTS_OF_WRITING:
            target = folder / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copy2(path, target)  # with its time, or every process reads it whole
            except FileNotFoundError:
                continue


def _copy_keys(folder: Path) -> None:
    """Copy the keys that this deployment made for itself; those from the environment are the operator's to keep."""
    for name in KEYS:
        path = Path(settings.DATA_DIR) / name
        if path.exists():
            shutil.copyfile(path, folder / name)
            (folder / name).chmod(0o600)
