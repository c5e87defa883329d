"""The clock of the service: runs what is due, every second."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connections

from catalog.services import housekeeping, pruning
from catalog.services.audio import store_owner
from catalog.services.tasks import scanning, sweeping
from catalog.services.tracks import bulk_work
from queueing import queue_health
from queueing.duties import Duty
from queueing.process_log import log_as_service
from queueing.retrying import for_each
from webhooks.services import sweep_due_messages

_HOURLY_S = 3600.0
_MINUTELY_S = 60.0
_MARKED_EVERY_S = store_owner.RENEWED_EVERY.total_seconds()
_SWEEPING_AGAIN_S = 30.0  # the longest that a sweep which failed is left: lost tasks and callbacks wait for it


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

    Tidying has a thread of its own: to look through a store of files, to delete much or to wait for a cluster that is
    away takes minutes, in which lost jobs, callbacks and canaries must not wait.
    """
    tidying: list[Duty] = [
        Duty("compact the index", housekeeping.compact_when_due, _MINUTELY_S, longest_s=_HOURLY_S),
        Duty("renew the mark of the audio store", store_owner.renew, _MARKED_EVERY_S, longest_s=_MARKED_EVERY_S),
        Duty("tidy files", housekeeping.tidy, _HOURLY_S, longest_s=_HOURLY_S),
        Duty("delete old rows", pruning.prune, _HOURLY_S, longest_s=_HOURLY_S),
    ]
    beside = threading.Thread(target=_go_round, args=(tidying, stopping), name="tidying", daemon=True)
    beside.start()
    sweeping_all: list[Duty] = [
        Duty("requeue lost tasks", sweeping.sweep_jobs, 0.0, longest_s=_SWEEPING_AGAIN_S),
        Duty("queue due callbacks", sweep_due_messages, 0.0, longest_s=_SWEEPING_AGAIN_S),
        Duty("continue the scan", scanning.sweep_scan, 0.0, longest_s=_SWEEPING_AGAIN_S),
        Duty("continue bulk actions", bulk_work.sweep_bulk_work, 0.0, longest_s=_SWEEPING_AGAIN_S),
        Duty("renew the mark of the index folder", housekeeping.keep_index_folder, _MINUTELY_S, longest_s=_MINUTELY_S),
        Duty("send canaries", _send_canaries, 0.0, longest_s=_SWEEPING_AGAIN_S),
    ]
    _go_round(sweeping_all, stopping)
    beside.join(settings.DRAIN_SECONDS)


def _go_round(duties: list[Duty], stopping: threading.Event) -> None:
    while not stopping.wait(settings.SWEEP_SECONDS):
        for duty in duties:
            duty.run_when_due()
        close_old_connections()
    connections.close_all()


def _send_canaries() -> None:
    for_each(settings.QUEUE_CLUSTERS, lambda cluster: queue_health.send_canary(cluster=cluster))
