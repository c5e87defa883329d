"""Which deployment owns the store of uploaded files: its mark is in the store, and another deployment writes nothing.

The mark holds a token that the sweeper renews, first in the database and then in the store. So another database, a
copy of this one that runs somewhere else, and an older state of it that was restored all differ from the last writer.
Reading goes the other way round, the store first: what it says, the database knew before.
"""

import json
import socket
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from catalog.models import Deployment, PendingFile
from catalog.services.audio import store
from catalog.services.errors import NotOurStoreError

MARK = "owner.json"
RENEWED_EVERY = timedelta(minutes=10)
_STARTED_S = time.monotonic()
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Mark:
    """What the store's mark says, in words, because people read it too. `token` is "" if it cannot be read."""

    token: str
    deployment: str
    host: str
    renewed_at: str

    def __str__(self) -> str:
        return f"deployment {self.deployment}, last seen at {self.renewed_at} on {self.host}"


UNREADABLE = Mark("", "unknown (its mark cannot be read)", "an unknown host", "an unknown time")


def read_mark() -> Mark | None:
    """Return the store's mark; None if it has none.

    Raises:
        NotReachableError: the store does not answer.

    """
    stored = store.read_small(MARK)
    if stored is None:
        return None
    try:
        return Mark(**json.loads(stored))
    except (ValueError, TypeError):
        return UNREADABLE


def require() -> Mark:
    """Return the mark of this deployment's store; a store that nobody owns becomes this deployment's.

    Raises:
        NotOurStoreError: another deployment owns it, or a newer state or a copy of this database has written to it.
        NotReachableError: the store does not answer.

    """
    mark = None
    for _ in range(2):  # the mark may have been renewed twice between the two looks
        mark = read_mark()
        deployment = this()
        if mark is None:
            return _write(deployment)
        if mark.token in _tokens(deployment):
            return mark
    raise NotOurStoreError(
        f"The store of uploaded files belongs to another deployment ({mark}). Nothing is written or removed there."
    )


def is_ours_or_free() -> bool:
    """Tell whether this database may write to the store, without changing anything. One without tables may not."""
    mark = read_mark()
    if mark is None:
        return True
    try:
        return mark.token in _tokens(Deployment.objects.get(pk=1))
    except (Deployment.DoesNotExist, DatabaseError):
        return False


def renew() -> None:
    """Give the store a new mark now and then, and store whether this deployment owns it. The sweeper calls this.

    A sweeper that has just started waits: if it runs on a copy by mistake, the original renews the mark first.

    Raises:
        NotOurStoreError: another deployment owns it.
        NotReachableError: the store does not answer.

    """
    try:
        mark = require()
    except NotOurStoreError:
        Deployment.objects.filter(pk=1).update(owns_store=False)
        raise
    Deployment.objects.filter(pk=1, owns_store=False).update(owns_store=True)
    if time.monotonic() - _STARTED_S >= RENEWED_EVERY.total_seconds():
        _renew(mark)


def _renew(mark: Mark) -> None:
    deployment = this()
    if mark.token != str(deployment.token):  # whoever renewed it last did not come to write it
        _write(deployment)
        return
    now = timezone.now()
    due = Q(token_at__lt=now - RENEWED_EVERY) | Q(token_at__gt=now)
    renewed = {"token": uuid.uuid4(), "token_before": deployment.token, "token_at": now}
    if Deployment.objects.filter(due, pk=1, token=deployment.token).update(**renewed):
        _write(this())


def take_over() -> int:
    """Make this deployment the store's owner, whoever it was; return how many unfinished uploads were forgotten.

    Their files stay: they may be whole, and the database that was there before may know them.

    Raises:
        NotReachableError: the store does not answer.

    """
    with transaction.atomic():
        forgotten, _ = PendingFile.objects.filter(state=PendingFile.State.WRITING).delete()
        Deployment.objects.update_or_create(pk=1, defaults=_fresh())
    _write(this())
    log.warning("audio_store_claimed", forgotten=forgotten)
    return forgotten


def this() -> Deployment:
    """Return this database's row."""
    return Deployment.objects.get_or_create(pk=1)[0]


def _fresh() -> dict[str, Any]:
    tokens = {"identity": uuid.uuid4(), "token": uuid.uuid4(), "token_before": None}
    return tokens | {"token_at": timezone.now(), "owns_store": True}


def _tokens(deployment: Deployment) -> set[str]:
    return {str(token) for token in (deployment.token, deployment.token_before) if token}


def _write(deployment: Deployment) -> Mark:
    now = timezone.now().isoformat(timespec="seconds")
    mark = Mark(str(deployment.token), str(deployment.identity), socket.gethostname(), now)
    store.write_small(MARK, json.dumps(vars(mark), indent=1).encode())
    return mark
