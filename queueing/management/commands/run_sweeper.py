"""The sweeper: does every second what is due."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connections

from queueing import duties, queue_health
from queueing.process_log import log_as_service
from queueing.retrying import for_each


class Command(BaseCommand):
    """`run_sweeper`."""

    help = "Requeue lost tasks, queue due callbacks, send canaries and tidy up. Run one per site."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Run until told to stop."""
        log_as_service(settings.LOG_TO)
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        run(stopping)


def run(stopping: threading.Event) -> None:
    """Do what is due until told to stop.

    Duties that take minutes have a thread of their own: lost jobs, callbacks and canaries must not wait for them.
    """
    slow = duties.registered(takes_minutes=True)
    beside = threading.Thread(target=_go_round, args=(slow, stopping), name="tidying", daemon=True)
    beside.start()
    canaries = duties.Duty("send canaries", _send_canaries, 0.0, longest_s=duties.SWEEPING_AGAIN_S)
    _go_round([*duties.registered(takes_minutes=False), canaries], stopping)
    beside.join(settings.DRAIN_SECONDS)


def _go_round(due: list[duties.Duty], stopping: threading.Event) -> None:
    while not stopping.wait(settings.SWEEP_SECONDS):
        for duty in due:
            duty.run_when_due()
        close_old_connections()
    connections.close_all()


def _send_canaries() -> None:
    for_each(settings.QUEUE_CLUSTERS, lambda cluster: queue_health.send_canary(cluster=cluster))
