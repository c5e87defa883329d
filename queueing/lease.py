"""The lease: who works on a row, and until when.

A worker that takes a row writes a token of its own and an end time into it, and moves that time on while it works.
After a worker died the time passes, and another may take the row; the late worker's token no longer fits.
A time further ahead than any that is ever written comes from a clock that was set back since. It counts as passed:
else a clock that was an hour ahead for a minute would stop the work for an hour.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from django.conf import settings
from django.db import DatabaseError, connections
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

CLOCK_ROOM = timedelta(seconds=60)  # how far the clocks of two hosts may be apart
RENEWALS = 3  # in the time of one lease: one of them may fail
log = structlog.get_logger(__name__)
Row = TypeVar("Row", bound=Model)


def work_length() -> timedelta:
    """Return how long a worker's lease is: `JOB_LEASE_SECONDS`."""
    return timedelta(seconds=settings.JOB_LEASE_SECONDS)


def long_ago(column: str, now: datetime, *, after: timedelta) -> Q:
    """Match rows whose time in `column` is more than `after` ago, or in the future (the clock was set back)."""
    return Q(**{f"{column}__lt": now - after}) | Q(**{f"{column}__gt": now + CLOCK_ROOM})


@dataclass(frozen=True)
class Term:
    """A time in a column, until which others leave the row alone; written at most `longest` ahead."""

    column: str
    longest: Callable[[], timedelta]

    def over(self, now: datetime) -> Q:
        """Match rows whose time has passed or is impossible."""
        return Q(**{f"{self.column}__lte": now}) | self.wrong(now)

    def wrong(self, now: datetime) -> Q:
        """Match rows whose time is further ahead than any that is ever written."""
        return Q(**{f"{self.column}__gt": now + self.longest() + CLOCK_ROOM})

    def running(self, now: datetime) -> Q:
        """Match rows whose time has not passed."""
        return Q(**{f"{self.column}__gt": now}) & ~self.wrong(now)

    def free(self, now: datetime) -> Q:
        """Match rows without a time, and those whose time has passed or is impossible."""
        return Q(**{self.column: None}) | self.over(now)


@dataclass(frozen=True)
class Lease(Term):
    """How the rows of one table are held: until the time in `column`, by the worker whose token is in `holder`."""

    column: str = "lease_until"
    longest: Callable[[], timedelta] = work_length
    holder: str = "lease_token"
    length: Callable[[], timedelta] = work_length

    def claim(self, rows: QuerySet[Row], *, now: datetime | None = None, **changes: Any) -> uuid.UUID | None:
        """Take one row by a conditional UPDATE and return the token; None where no row is left in `rows`.

        `rows` says which row, and that it may be taken (`free`); `changes` are written in the same statement.
        """
        token = uuid.uuid4()
        until = (now or timezone.now()) + self.length()
        return token if rows.update(**{self.holder: token, self.column: until}, **changes) else None

    def held(self, rows: QuerySet[Row], token: uuid.UUID | None) -> QuerySet[Row]:
        """Return the rows of `rows` that `token` still holds."""
        return rows.filter(**{self.holder: token}) if token else rows.none()

    def renew(self, rows: QuerySet[Row], token: uuid.UUID | None) -> bool:
        """Lengthen the lease; False if it was lost."""
        return bool(self.held(rows, token).update(**{self.column: timezone.now() + self.length()}))

    def release(
        self, rows: QuerySet[Row], token: uuid.UUID | None, *, wait: timedelta | None = None, **changes: Any
    ) -> bool:
        """Give up the row, so that others may take it at once or after `wait`; False if the lease was lost."""
        return bool(self.held(rows, token).update(**self.freed(wait), **changes))

    def freed(self, wait: timedelta | None = None) -> dict[str, Any]:
        """Return the values of a row that nobody holds, and that nobody may take before `wait` is over."""
        return {self.holder: None, self.column: timezone.now() + wait if wait else None}


@contextmanager
def kept_up(renew: Callable[[], bool]) -> Iterator[None]:
    """Call `renew` from a thread during the `with` block, until it returns False: a short lease does for long work.

    After a worker was killed nobody renews, and the work is offered again within one lease.
    """
    done = threading.Event()
    period_s = work_length().total_seconds() / RENEWALS

    def renew_until_done() -> None:
        while not done.wait(period_s):
            try:
                if not renew():
                    break
            except DatabaseError as error:  # a database that restarts must not end the lease of a worker that lives
                log.warning("lease_renewal_failed", reason=str(error))
                connections.close_all()
        connections.close_all()  # this thread's own

    thread = threading.Thread(target=renew_until_done, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=5)
