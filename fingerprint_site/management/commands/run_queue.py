"""One queue cluster under a watchdog."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

from catalog.services import queue_health

log = structlog.get_logger(__name__)
_LOOK_EVERY_S = 2.0
_STOP_WITHIN_S = 3.5  # the supervisor waits 5 s before it kills, and would then leave orphans


class Command(BaseCommand):
    """`run_queue CLUSTER`."""

    help = "Run a django-q cluster and replace its whole process group when it dies or stops working."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("cluster", choices=settings.QUEUE_CLUSTERS)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Run until told to stop."""
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        cluster: str = options["cluster"]
        process = _start(cluster)
        while not stopping.wait(_LOOK_EVERY_S):
            reason = _trouble(process, cluster)
            if reason:
                log.error("queue_replaced", cluster=cluster, reason=reason)
                _end(process, signal.SIGKILL)  # a wedged cluster does not hear TERM
                process = _start(cluster)
        _end(process, signal.SIGTERM)


def _start(cluster: str) -> "subprocess.Popen[bytes]":
    """Start the cluster in a process group of its own, so that all of it can be ended together."""
    queue_health.start_over(cluster=cluster)
    # One BLAS thread a worker: there are as many workers as the machine should use.
    environment = {"OPENBLAS_NUM_THREADS": "1"} | os.environ | {"Q_CLUSTER_NAME": cluster}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"]
    return subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603  (our own command)


def _trouble(process: "subprocess.Popen[bytes]", cluster: str) -> str:
    """Return what is wrong with the cluster, or nothing."""
    if process.poll() is not None:
        return f"it ended with code {process.returncode}"
    try:
        return "it took no task" if queue_health.is_stuck(cluster=cluster) else ""
    except DatabaseError as error:
        log.warning("watchdog_blind", reason=str(error))
        return ""
    finally:
        close_old_connections()


def _end(process: "subprocess.Popen[bytes]", number: int) -> None:
    """Signal the leader, then make sure that nobody of its group is left."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            log.warning("queue_would_not_stop", pid=process.pid)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
