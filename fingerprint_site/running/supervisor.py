"""The processes of an embedded deployment, under honcho: where one ends, all end."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import honcho.manager
from django.conf import settings
from honcho.manager import Manager

from fingerprint_site.running.log_printer import LogPrinter

_WEB_LOGGER = "fingerprint_site.running.web_log.JsonLogger"
_WEB_WORKER = "fingerprint_site.running.web_worker.GuardedWorker"
# A client that asks every few seconds finds its connection open; waiting, it holds no thread.
_KEPT_ALIVE_S = 30
_AFTER_DRAINING_S = 4  # for what each process still does after that; honcho kills then, which leaves orphans


def commands() -> dict[str, list[str]]:
    """Return what runs, by name."""
    python, manage = sys.executable, str(settings.BASE_DIR / "manage.py")
    return {
        "web": [
            *(python, "-m", "gunicorn", "fingerprint_site.wsgi"),
            *("--bind", settings.BIND, "--worker-class", _WEB_WORKER),
            *("--workers", str(settings.WEB_WORKERS), "--threads", str(settings.WEB_THREADS)),
            *("--keep-alive", str(_KEPT_ALIVE_S)),
            *("--timeout", "120", "--graceful-timeout", str(settings.DRAIN_SECONDS), "--logger-class", _WEB_LOGGER),
        ],
        "fingerprint": [python, manage, "run_queue", "fingerprint"],
        "webhooks": [python, manage, "run_queue", "webhooks"],
        "sweeper": [python, manage, "run_sweeper"],
    }


def log_path(name: str) -> Path:
    """Return where a process writes its log, unless that goes to standard output."""
    return Path(settings.DATA_DIR) / "logs" / f"{name}.log"


def run(*, environment: dict[str, str], when_started: Callable[[], None]) -> int:
    """Run everything until Ctrl-C or until a process ends; return the exit code.

    `when_started` runs beside the processes, in a thread: it waits for the site by itself.
    """
    honcho.manager.KILL_WAIT = settings.DRAIN_SECONDS + _AFTER_DRAINING_S
    manager = Manager(LogPrinter({name: log_path(name) for name in commands()}))
    # The names that processes give themselves (gunicorn's, the queues') leave their environment readable.
    named = {"SPT_NOENV": "1"} | environment
    for name, command in commands().items():
        to_file = {} if settings.LOG_TO == "stdout" else {"LOG_FILE": str(log_path(name))}
        line = f"exec {shlex.join(command)}"
        manager.add_process(name, line, cwd=str(settings.BASE_DIR), env=named | to_file)
    Thread(target=when_started, name="when-started", daemon=True).start()
    manager.loop()
    return int(manager.returncode or 0)
