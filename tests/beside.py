"""Work beside a test, with a database connection of its own."""

import threading
import time
from collections.abc import Callable

from django.db import connection, connections

WITHIN_S = 30.0


class Beside(threading.Thread):
    """Work with a database connection of its own; `failure` is what it raised."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.failure: Exception | None = None
        self.start()

    def run(self) -> None:
        """Do it."""
        try:
            self._work()
        except Exception as error:  # noqa: BLE001  (told by `end`)
            self.failure = error
        finally:
            connections.close_all()

    def end(self) -> None:
        """Wait for the end, which must be a good one."""
        self.join(WITHIN_S)
        assert not self.is_alive()
        assert self.failure is None, repr(self.failure)


def ended_or_waits(other: Beside) -> None:
    """Return once `other` has ended, or waits for a lock that a held transaction has."""
    until = time.monotonic() + WITHIN_S
    while other.is_alive() and time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees what it saw first
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
