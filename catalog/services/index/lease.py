"""One writer for each index: a row of the database with a lease that ends when its holder dies."""

import contextlib
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

from django.db.models import QuerySet
from django.utils import timezone

from catalog.engine import IndexBusy
from catalog.models import IndexLease
from catalog.services.audio import store_owner
from queueing import lease

ROW = lease.Lease(column="until", holder="token")
NAME_FILE = "folder-name"
OWNER_FILE = "owner.lock"  # not part of a backup
OWNER_SILENT = timedelta(minutes=10)


class Lease:
    """A held lease."""

    def __init__(self, folder: str, token: uuid.UUID) -> None:
        self._row, self._token = _row(folder), token

    def renew(self) -> bool:
        """Lengthen it; False if it was lost."""
        return ROW.renew(self._row, self._token)

    def release(self) -> None:
        """Let the next process have it."""
        ROW.release(self._row, self._token)


def keep_folder(folder: Path) -> None:
    """Mark `folder` as the index folder of this deployment; the sweeper does so every minute.

    The mark is a file, because another database knows nothing of this one's leases.

    Raises:
        IndexBusy: another deployment has marked it within `OWNER_SILENT`.

    """
    path, ours = folder / OWNER_FILE, str(store_owner.this().identity)
    with contextlib.suppress(FileNotFoundError):
        silent_s = abs(time.time() - path.stat().st_mtime)
        if path.read_text(encoding="ascii") != ours and silent_s < OWNER_SILENT.total_seconds():
            raise IndexBusy(
                f"Another deployment uses {folder} for its index. Give each deployment its own DATA_DIR."
                f" A deployment that has stopped is forgotten after {OWNER_SILENT.total_seconds() / 60:.0f} minutes."
            )
    draft = folder / f".{uuid.uuid4().hex}.lock"
    draft.write_text(ours, encoding="ascii")
    draft.replace(path)


def held(folder: Path) -> AbstractContextManager[Lease]:
    """Hold the lease of `folder` in the `with` block. Raises `IndexBusy` if another process or deployment has it."""
    keep_folder(folder)
    return held_by_name(_name_of(folder))


@contextlib.contextmanager
def held_by_name(name: str) -> Iterator[Lease]:
    """Hold the lease called `name` (at most 40 characters) during the `with` block.

    Raises:
        IndexBusy: another process holds it.

    """
    IndexLease.objects.get_or_create(folder=name)
    token = ROW.claim(_row(name).filter(ROW.free(timezone.now())))
    if token is None:
        raise IndexBusy("Another process is writing the index.")
    mine = Lease(name, token)
    try:
        with lease.kept_up(mine.renew):
            yield mine
    finally:
        mine.release()


def _row(name: str) -> QuerySet[IndexLease]:
    return IndexLease.objects.filter(folder=name)


def _name_of(folder: Path) -> str:
    """Return the folder's own name, made once: hosts may share a folder, or have one each under the same path."""
    path = folder / NAME_FILE
    if not path.exists():
        draft = folder / f".{uuid.uuid4().hex}.tmp"
        draft.write_text(uuid.uuid4().hex, encoding="ascii")
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text(encoding="ascii")
