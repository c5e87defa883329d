"""One queue cluster under a watchdog."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

from queueing import queue_health
from queueing.process_log import log_as_service
from queueing.stopping import HAND_BACK_SIGNAL

log = structlog.get_logger(__name__)
_LOOK_EVERY_S = 2.0
_HAND_BACK_WITHIN_S = 2.0  # of the time to drain: the workers' last words


class Command(BaseCommand):
    """`run_queue CLUSTER`."""

    help = "Run a django-q cluster and replace its whole process group when it dies or stops working."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("cluster", choices=settings.QUEUE_CLUSTERS)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Run until told to stop."""
        log_as_service(settings.LOG_TO)
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        cluster: str = options["cluster"]
        process = _start(cluster)
        while not stopping.wait(_LOOK_EVERY_S):
            reason = _trouble(process, cluster)
            if reason:
                log.error("queue_replaced", cluster=cluster, reason=reason)
                _kill(process)  # a wedged cluster does not hear TERM
                process = _start(cluster, replaced_because=reason)
        _drain(process)


def _start(cluster: str, *, replaced_because: str = "") -> "subprocess.Popen[bytes]":
    """Start the cluster in a process group of its own, so that all of it can be ended together."""
    try:
        queue_health.start_over(cluster=cluster, replaced_because=replaced_because)
    except DatabaseError as error:  # the cluster waits for its database by itself
        log.warning("queue_watch_failed", reason=str(error))
    # One BLAS thread a worker: there are as many workers as the machine should use.
    environment = {"OPENBLAS_NUM_THREADS": "1"} | os.environ | {"Q_CLUSTER_NAME": cluster}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_cluster", cluster]
    return subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603  (our own command)


def _trouble(process: "subprocess.Popen[bytes]", cluster: str) -> str:
    """Return what is wrong with the cluster, or nothing."""
    if process.poll() is not None:
        return f"it ended with code {process.returncode}"
    try:
        return "it took no task" if queue_health.is_stuck(cluster=cluster) else ""
    except DatabaseError as error:
        log.warning("queue_watch_failed", reason=str(error))
        return ""
    finally:
        close_old_connections()


def _drain(process: "subprocess.Popen[bytes]") -> None:
    """Let the workers finish what they do within `DRAIN_SECONDS`, or else hand it back; then make sure of the rest."""
    if process.poll() is None:
        process.terminate()
        finish_within_s = max(settings.DRAIN_SECONDS - _HAND_BACK_WITHIN_S, 0.0)
        try:
            process.wait(finish_within_s)
        except subprocess.TimeoutExpired:
            log.warning("queue_stop_started", pid=process.pid, after_s=finish_within_s)
            _hand_back(process)
    _kill(process)


def _hand_back(process: "subprocess.Popen[bytes]") -> None:
    """Tell the workers to hand back what they do, and wait for them a little."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, HAND_BACK_SIGNAL)
    deadline_s = time.monotonic() + _HAND_BACK_WITHIN_S
    while time.monotonic() < deadline_s and _group_lives(process):
        time.sleep(0.05)


def _group_lives(process: "subprocess.Popen[bytes]") -> bool:
    process.poll()  # a leader that ended counts until it is waited for
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Make sure that nobody of the cluster's group is left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
