"""Work that the sweeper does a chunk at a time, so that no page waits for it: a bulk action, the run of a rule.

A sweeper claims the oldest work and does some chunks of it. Each chunk is one transaction that moves the row past it
(`held`), so that work that is cut off goes on where it was, and a sweeper that lost its lease stores nothing. Work
that fails waits, longer each time, while what was asked for later goes on; in the end it is given up.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from django.contrib.auth.models import User
from django.db.models import F, QuerySet
from django.utils import timezone

from queueing.lease import Lease, work_length
from queueing.models import ChunkedWork
from queueing.retrying import LONGEST_WAIT, MOST_TRIES, wait_after, words_of

LOST = "The sweeper stopped at every attempt."
LEASE = Lease(longest=lambda: max(work_length(), LONGEST_WAIT))
log = structlog.get_logger(__name__)
Work = TypeVar("Work", bound=ChunkedWork)


def attempt(rows: QuerySet[Work], do: Callable[[Work], object]) -> Work | None:
    """Claim the oldest work of `rows` and `do` some of it; return it, or None where all is done, held or waits.

    An error that `do` raises is logged and stored. The work is given up after `MOST_TRIES` attempts in a row without
    a chunk that was done.
    """
    work = claim_oldest(rows)
    if work is None:
        return None
    if work.tries > MOST_TRIES:
        _give_up(work, LOST)
        return work
    try:
        do(work)
    except Exception as error:
        log.exception("chunked_work_failed", kind=type(work).__name__, id=work.pk)
        _set_back(work, words_of(error))
    else:
        held(work).update(tries=0, error="", **LEASE.freed())
    return work


def claim_oldest(rows: QuerySet[Work]) -> Work | None:
    """Take the oldest work. The try is counted before it begins: work that kills the sweeper uses them up as well."""
    now = timezone.now()
    waiting = rows.filter(LEASE.free(now), ended_at=None)
    oldest = waiting.order_by("pk").values_list("pk", flat=True).first()
    token = LEASE.claim(waiting.filter(pk=oldest), now=now, tries=F("tries") + 1) if oldest else None
    return LEASE.held(rows, token).first()


def held(work: Work) -> QuerySet[Work]:
    """Return the row of `work`; none where it has ended, was stopped, or another sweeper has it.

    Whoever moves it past a chunk writes `tries=1` as well: the tries are counted since the last chunk that was done.
    """
    rows = type(work)._default_manager  # noqa: SLF001  (documented: the manager of a model that is not known by name)
    return LEASE.held(rows.filter(pk=work.pk, ended_at=None), work.lease_token)


def ended(**changes: Any) -> dict[str, Any]:
    """Return the values of a row whose work has ended."""
    return {"ended_at": timezone.now(), **LEASE.freed(), **changes}


def stop(rows: QuerySet[Work], *, stopped_by: User) -> bool:
    """End work of `rows` before its end; what is done stays done. False where all of it had ended."""
    return bool(rows.filter(ended_at=None).update(**ended(stopped_by=stopped_by)))


def _set_back(work: Work, error: str) -> None:
    """Let others go first for a while, longer each time; after the last try it ends, and its page says why."""
    tries = held(work).values_list("tries", flat=True).first()
    if tries is not None and tries >= MOST_TRIES:
        _give_up(work, error)
    elif tries is not None:
        held(work).update(error=error, **LEASE.freed(wait_after(tries)))


def _give_up(work: Work, error: str) -> None:
    if held(work).update(**ended(error=error)):
        log.error("chunked_work_abandoned", kind=type(work).__name__, id=work.pk, reason=error)
