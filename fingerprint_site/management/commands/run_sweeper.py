"""The clock of the service: runs what is due, every second."""

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connections

from catalog.services import bulk_work, housekeeping, pruning, queue_health, scanning, store_owner, sweeping
from webhooks.services import sweep_due_messages

log = structlog.get_logger(__name__)
Duty = tuple[Callable[[], object], float]  # what to do, and how many seconds lie between two times at least
_HOURLY_S = 3600.0
_MINUTELY_S = 60.0


class Command(BaseCommand):
    """`run_sweeper`."""

    help = "Offer lost jobs again, send callbacks when they are due, send canaries, tidy up. One of these per site."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Run until told to stop."""
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        run(stopping)


def run(stopping: threading.Event) -> None:
    """Do what is due until told to stop.

    Tidying has a thread of its own: to look through a store of files, to delete much or to wait for a cluster that is
    away takes minutes, in which lost jobs, callbacks and canaries must not wait.
    """
    tidying: list[Duty] = [
        (housekeeping.compact_when_due, _MINUTELY_S),
        (store_owner.renew, store_owner.RENEWED_EVERY.total_seconds()),
        (housekeeping.tidy, _HOURLY_S),
        (pruning.prune, _HOURLY_S),
    ]
    beside = threading.Thread(target=_go_round, args=(tidying, stopping), name="tidying", daemon=True)
    beside.start()
    sweeping_all: list[Duty] = [
        (sweeping.sweep_jobs, 0.0),
        (sweep_due_messages, 0.0),
        (scanning.sweep_scan, 0.0),
        (bulk_work.sweep_bulk_work, 0.0),
        (_send_canaries, 0.0),
    ]
    _go_round(sweeping_all, stopping)
    beside.join(settings.DRAIN_SECONDS)


def _go_round(duties: list[Duty], stopping: threading.Event) -> None:
    due_s = [0.0] * len(duties)
    while not stopping.wait(settings.SWEEP_SECONDS):
        for index, (duty, every_s) in enumerate(duties):
            if time.monotonic() >= due_s[index]:
                due_s[index] = time.monotonic() + every_s
                _do(duty)
        close_old_connections()
    connections.close_all()


def _send_canaries() -> None:
    for cluster in settings.QUEUE_CLUSTERS:
        queue_health.send_canary(cluster=cluster)


def _do(duty: Callable[[], object]) -> None:
    """Do one duty; its failure must not keep the others from being done."""
    try:
        duty()
    except Exception:
        log.exception("sweeper_duty_failed")
        close_old_connections()
