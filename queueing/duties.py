"""What the sweeper does again and again: a duty that fails waits longer each time, and staff see why.

The apps register their duties; the sweeper knows none of them.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from queueing.models import FailingDuty
from queueing.retrying import FIRST_WAIT, words_of

SHOWN_FROM_TRIES = 2  # a database that was restarted is no news
SWEEPING_AGAIN_S = 30.0  # the longest that a sweep which failed is left: lost tasks and callbacks wait for it
log = structlog.get_logger(__name__)


@dataclass
class Duty:
    """Something to do every `every_s` seconds. After an error the wait doubles, up to `longest_s` seconds."""

    name: str
    do: Callable[[], object]
    every_s: float
    longest_s: float
    takes_minutes: bool = False  # it looks through a store, deletes much or waits for a cluster: in a thread of its own
    tries: int = 0
    _due_s: float = 0.0
    _may_have_a_row: bool = True  # of a sweeper before this one

    def run_when_due(self) -> None:
        """Do it if its time has come. An error is logged and stored, and stops no other duty."""
        now_s = time.monotonic()
        if now_s < self._due_s:
            return
        try:
            self.do()
        except Exception as error:
            self.tries += 1
            log.exception("duty_failed", duty=self.name, tries=self.tries)
            self._due_s = now_s + self._wait_s()
            close_old_connections()
            self._write_down(error)
        else:
            self.tries = 0
            self._forget()
            self._due_s = now_s + self.every_s

    def _wait_s(self) -> float:
        first_s = max(self.every_s, FIRST_WAIT.total_seconds())
        return max(min(first_s * 2.0 ** min(self.tries - 1, 16), self.longest_s), self.every_s)

    def _forget(self) -> None:
        if self._may_have_a_row:
            with suppress(DatabaseError):  # the next time, then
                FailingDuty.objects.filter(pk=self.name).delete()
                self._may_have_a_row = False

    def _write_down(self, error: Exception) -> None:
        self._may_have_a_row = True
        now = timezone.now()
        values = {
            "tries": self.tries,
            "error": words_of(error),
            "failed_at": now,
            "next_at": now + timedelta(seconds=self._wait_s()),
        }
        try:
            FailingDuty.objects.update_or_create(pk=self.name, defaults=values)
        except DatabaseError as trouble:
            log.warning("failing_duty_record_failed", duty=self.name, reason=str(trouble))


_registered: list[Duty] = []


def register(*duties: Duty) -> None:
    """Add duties to those that the sweeper does, in this order."""
    _registered.extend(duties)


def registered(*, takes_minutes: bool) -> list[Duty]:
    """Return fresh copies of the duties of one of the sweeper's two threads: the long ones, or the others."""
    return [replace(duty) for duty in _registered if duty.takes_minutes is takes_minutes]
