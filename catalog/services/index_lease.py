"""One writer an index, by a row of the database that lapses when its holder dies."""

import contextlib
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from catalog.engine import IndexBusy
from catalog.models import IndexLease
from catalog.services.leases import kept_up

NAME_FILE = "folder-name"


class Lease:
    """A held lease."""

    def __init__(self, folder: str, token: uuid.UUID) -> None:
        self._folder, self._token = folder, token

    def renew(self) -> bool:
        """Lengthen it; False where it was lost."""
        return bool(IndexLease.objects.filter(folder=self._folder, token=self._token).update(until=_lease_end()))

    def release(self) -> None:
        """Let the next one in."""
        IndexLease.objects.filter(folder=self._folder, token=self._token).update(token=None, until=None)


def held(folder: Path) -> AbstractContextManager[Lease]:
    """Hold the lease of `folder` while the work runs; `IndexBusy` where another process holds it."""
    return held_by_name(_name_of(folder))


@contextlib.contextmanager
def held_by_name(name: str) -> Iterator[Lease]:
    """Hold the lease called `name` (40 characters at most) while the work runs.

    Raises:
        IndexBusy: another process holds it.

    """
    token = uuid.uuid4()
    IndexLease.objects.get_or_create(folder=name)
    free = Q(until=None) | Q(until__lt=timezone.now())
    if not IndexLease.objects.filter(free, folder=name).update(token=token, until=_lease_end()):
        raise IndexBusy("Another process is writing the index.")
    lease = Lease(name, token)
    try:
        with kept_up(lease.renew):
            yield lease
    finally:
        lease.release()


def _lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


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
