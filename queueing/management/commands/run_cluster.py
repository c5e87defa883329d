"""The processes of one queue, which `run_queue` watches."""

import contextlib
import os
import signal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from queueing.parents_death import end_with_parent, end_with_parent_after_every_fork
from queueing.process_log import log_as_service
from queueing.stopping import HAND_BACK_SIGNAL


class Command(BaseCommand):
    """`run_cluster CLUSTER`."""

    help = "Run a django-q cluster that ends when its parent ends. run_queue starts it and watches it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("cluster", choices=settings.QUEUE_CLUSTERS)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Run until told to stop.

        All processes end with their parent. Else a cluster whose watchdog was killed would run beside the next one,
        and workers whose sentinel was killed would work for nobody.
        """
        log_as_service(settings.LOG_TO)
        # For the workers, which take it up as they start. What it would end here would take them along.
        signal.signal(HAND_BACK_SIGNAL, signal.SIG_IGN)
        end_with_parent(os.getppid())
        if options["cluster"] == settings.Q_CLUSTER["name"]:
            _give_way(settings.FINGERPRINT_NICENESS)
        end_with_parent_after_every_fork()
        call_command("qcluster", cluster_name=options["cluster"])


def _give_way(niceness: int) -> None:
    """Lower this session's share of the processors.

    Where the kernel groups processes by session (autogroup), a process's own niceness counts only among
    its session, and every service here has one: the group's is what the others are weighed against.
    """
    os.nice(niceness)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(niceness), encoding="ascii")
