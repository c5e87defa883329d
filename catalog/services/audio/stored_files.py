"""Stored files come and go with rows: a name is stored before its bytes are written, and forgotten after they are gone.

A name is given once and never again. Whoever removes the last track of some bytes removes that name only, and cannot
delete what another account stored of the same bytes at that moment. Files that no row names are never deleted: they
may be another deployment's, or newer than a database that was restored.
"""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.db import DatabaseError
from django.utils import timezone

from catalog.models import AudioFile, PendingFile
from catalog.services.audio import store, store_owner
from catalog.services.errors import NotReachableError

GIVEN_UP_AFTER = timedelta(hours=6)  # from the start of an upload's writing; whoever is slower must send it again
REMOVED_AT_ONCE = 1000
FAILURES_AT_ONCE = 3  # then it is the store that does not answer, and not a file that it refuses
FOLDERS = tuple(f"{number:02x}" for number in range(256))
_NAMES_A_QUERY = 500
log = structlog.get_logger(__name__)


def place(*, source: Path, sha256: str, suffix: str) -> str:
    """Store a copy of `source` and return its name. Then call `confirm` or `discard`.

    `suffix` is for people who look into the store. Call it outside of a transaction, so that the row is stored first.

    Raises:
        NotReachableError: the store cannot take it now, or is another deployment's. Nothing stays stored.

    """
    store_owner.require()
    name = f"{sha256[:2]}/{sha256}-{secrets.token_hex(4)}{suffix}"
    PendingFile.objects.create(name=name, state=PendingFile.State.WRITING)
    try:
        store.save(source=source, name=name)
    except BaseException:
        discard(name)
        raise
    return name


def confirm(name: str) -> None:
    """Record that a row names the file; call it in that row's transaction.

    Raises:
        NotReachableError: this came too late, and the file was given up.

    """
    if not PendingFile.objects.filter(name=name, state=PendingFile.State.WRITING).delete()[0]:
        raise NotReachableError("Storing the file took too long: send it again.")


def discard(name: str) -> None:
    """Delete a file that was placed and not confirmed. It raises nothing: what cannot be deleted now is deleted later.

    A file that was confirmed stays, as when the answer to a commit was lost.
    """
    mine = PendingFile.objects.filter(name=name, state=PendingFile.State.WRITING)
    try:
        if mine.update(state=PendingFile.State.REMOVING):
            _remove(name)
    except (NotReachableError, DatabaseError) as error:
        log.warning("stored_file_removal_failed", name=name, reason=str(error))


def let_go(name: str) -> None:
    """Record that no row names the file any more, in the transaction of its last row. `remove_due` deletes it."""
    PendingFile.objects.create(name=name, state=PendingFile.State.REMOVING)


def remove_due(*, now: datetime | None = None) -> int:
    """Delete what is to be deleted, and what was being written for too long; return how many files.

    Raises:
        NotReachableError: the store does not answer, or is another deployment's; the rest waits for the next time.
            A file that it refuses to remove comes last then.

    """
    store_owner.require()
    now = now or timezone.now()
    pending = PendingFile.objects.order_by("since", "pk")
    given_up = pending.filter(state=PendingFile.State.WRITING, since__lt=now - GIVEN_UP_AFTER)
    given_up.update(state=PendingFile.State.REMOVING)
    names = list(pending.filter(state=PendingFile.State.REMOVING).values_list("name", flat=True)[:REMOVED_AT_ONCE])
    failures: list[NotReachableError] = []
    for name in names:
        try:
            _remove(name)
        except NotReachableError as error:
            PendingFile.objects.filter(name=name).update(since=now)
            failures.append(error)
            if len(failures) >= FAILURES_AT_ONCE:
                break
    if failures:
        raise failures[0]
    return len(names)


def _remove(name: str) -> None:
    store.delete(name)
    PendingFile.objects.filter(name=name, state=PendingFile.State.REMOVING).delete()


def unknown() -> Iterator[str]:
    """Yield the names in the store that this database does not know, for a person to look at.

    Raises:
        NotReachableError: the store does not answer.

    """
    for folder in FOLDERS:
        names = store.names(folder)  # first: the row of each is there by now
        for start in range(0, len(names), _NAMES_A_QUERY):
            yield from _unknown_among(names[start : start + _NAMES_A_QUERY])


def _unknown_among(names: list[str]) -> list[str]:
    known = set(PendingFile.objects.filter(name__in=names).values_list("name", flat=True))
    known |= set(AudioFile.objects.filter(stored_name__in=names).values_list("stored_name", flat=True))
    return [name for name in names if name not in known]
