"""Whose store of uploaded files it is: a mark in it, which another deployment refuses to write beside.

The mark holds a token that the sweeper renews, first in the database and then in the store. So another database, a copy
of this one that runs somewhere else, and an older state of it that was put back are all told from the one that
wrote last. Reading goes the other way round, the store first: what it says, the database knew before.
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
    """What the store says; all in words, as a person looks at it too. `token` is "" where it cannot be read."""

    token: str
    deployment: str
    host: str
    renewed_at: str

    def __str__(self) -> str:
        return f"deployment {self.deployment}, last seen at {self.renewed_at} on {self.host}"


UNREADABLE = Mark("", "unknown (its mark cannot be read)", "an unknown host", "an unknown time")


def read_mark() -> Mark | None:
    """Return the store's mark; None where it has none.

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
    """Return the mark of a store that is this deployment's; one that nobody has becomes so.

    Raises:
        NotOurStoreError: it is another deployment's, or was written to by a newer state of this database, or a copy.
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
    """Tell whether this database may write to the store, without changing anything; one without tables may not."""
    mark = read_mark()
    if mark is None:
        return True
    try:
        return mark.token in _tokens(Deployment.objects.get(pk=1))
    except (Deployment.DoesNotExist, DatabaseError):
        return False


def renew() -> None:
    """Give the store a new mark now and then, and note whether it is ours. For the sweeper.

    One that has just started waits: where a copy of the database was started by mistake, the original is first.

    Raises:
        NotOurStoreError: it is not.
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
    """Make the store this deployment's, whoever had it; return how many uploads in writing were forgotten.

    Their files stay: they may be whole, and known to the database that was there before.

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
