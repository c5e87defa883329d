"""Putting a backup back."""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from catalog.services.audio import store, store_owner
from catalog.services.statistics import gather_statistics
from fingerprint_site.backup import database, manifest
from fingerprint_site.backup.manifest import BackupError, Manifest
from fingerprint_site.backup.taking import KEYS

IF_IT_IS_OVER = "If that deployment no longer exists, add --take-over."
Progress = Callable[[int], object]


def restore(folder: Path, *, overwrite: bool, take_over: bool, progress: Progress) -> Manifest:
    """Make this deployment what the backup in `folder` says: keys, database, uploaded files, index.

    All of the backup is compared with its manifest before anything is changed. An older version's database is migrated.
    Files in the store that the backup does not know stay there.

    Raises:
        BackupError: the backup is damaged or of another kind of database, this deployment is not empty and `overwrite`
            was not said, the store of uploaded files is another deployment's and `take_over` was not said, the database
            is behind a pool, or the site runs. Nothing was changed.

    """
    content = manifest.read(folder)
    manifest.verify(folder, content)
    if content.database != database.kind():
        raise BackupError(f"The backup is from {content.database}, but this deployment uses {database.kind()}.")
    with _site_stopped():
        database.refuse_a_pool()
        if not overwrite and not _is_empty():
            raise BackupError("This deployment is not empty. Restore into an empty one, or add --overwrite.")
        if not take_over and not store_owner.is_ours_or_free():
            raise BackupError(
                f"The store of uploaded files belongs to another deployment: {store_owner.read_mark()}. {IF_IT_IS_OVER}"
            )
        _put_back_keys(folder, content)
        database.put_back(folder)
        call_command("migrate", interactive=False, verbosity=0)
        gather_statistics()  # a backup of PostgreSQL has none
        store_owner.take_over()
        _put_back_audio(folder, content, progress)
        _put_back_index(folder, content)
    return content


@contextmanager
def _site_stopped() -> Iterator[None]:
    """Hold the lock that `run_site` holds while it runs."""
    with (Path(settings.DATA_DIR) / "run.lock").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError("The site is running with this data folder. Stop it first.") from error
        yield


def _is_empty() -> bool:
    folders = (Path(settings.AUDIO_DIR), Path(settings.INDEX_DIR))
    return database.is_empty() and not any(path.is_file() for folder in folders for path in folder.rglob("*"))


def _put_back_keys(folder: Path, content: Manifest) -> None:
    """Put the keys back where they come from files; SECRETS_KEY from the environment stays as it is.

    A key that another one takes the place of stays beside it: without it, what it encrypted is lost.
    """
    for name in sorted(set(KEYS) & set(content.of_kind("keys"))):
        path, stored = Path(settings.DATA_DIR) / name, folder / "keys" / name
        if path.exists() and path.read_bytes() != stored.read_bytes():
            path.rename(path.with_name(f"{name}.before-{timezone.now():%Y%m%dT%H%M%S}"))
        draft = path.with_name(f".{name}.restored")
        draft.touch(mode=0o600)
        shutil.copyfile(stored, draft)
        draft.replace(path)


def _put_back_audio(folder: Path, content: Manifest, progress: Progress) -> None:
    for name in content.of_kind("audio"):
        source = folder / "audio" / name
        if not store.holds(name, size_bytes=source.stat().st_size):
            store.save(source=source, name=name)
        progress(source.stat().st_size)


def _put_back_index(folder: Path, content: Manifest) -> None:
    target = Path(settings.INDEX_DIR)
    for path in target.rglob("*"):  # of the database that was here before
        if path.is_file():
            path.unlink()
    for name in content.of_kind("index"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(folder / "index" / name, target / name)
