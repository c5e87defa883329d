"""Keeping a lease while its work runs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from django.conf import settings
from django.db import DatabaseError, connections

log = structlog.get_logger(__name__)


@contextmanager
def kept_up(renew: Callable[[], bool]) -> Iterator[None]:
    """Call `renew` from a thread while the work runs, until it returns False, so that a short lease does for long work.

    A worker that is killed stops renewing, and the work is offered again within one lease.
    """
    done = threading.Event()
    period_s = settings.JOB_LEASE_SECONDS / 3

    def renew_until_done() -> None:
        while not done.wait(period_s):
            try:
                if not renew():
                    break
            except DatabaseError as error:  # a database that restarts must not end the lease of a worker that lives
                log.warning("lease_not_renewed", reason=str(error))
                connections.close_all()
        connections.close_all()  # this thread's own

    thread = threading.Thread(target=renew_until_done, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=5)
