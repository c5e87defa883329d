"""Start everything: what `make run` calls."""

import fcntl
import json
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from fingerprint_site.running import demo, supervisor

_ENDED_BY_A_PERSON = (128 + signal.SIGINT, 128 + signal.SIGTERM)


class Command(BaseCommand):
    """`run_site [--no-demo]`."""

    help = "Set up what is missing, start the web server, the queues and the sweeper, and run the demo."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--no-demo", action="store_true", help="run without the demo (like DEMO=false)")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Run until Ctrl-C."""
        for name in (None, "audit"):  # this terminal is for people; the processes log to files
            logging.getLogger(name).setLevel(logging.WARNING)
        with_demo = settings.DEMO and not options["no_demo"]
        with _only_one(Path(settings.DATA_DIR) / "run.lock"):
            _refuse_used_port()
            self._say("Setting up the database, the static files and the accounts …")
            call_command("setup_site", demo=with_demo)
            connections.close_all()
            where = "" if settings.LOG_TO == "stdout" else f" (logs in {settings.DATA_DIR / 'logs'})"
            self._say(f"Starting the site at {settings.PUBLIC_URL}{where} …")
            show = demo.Show(write=self._say, with_demo=with_demo)
            code = supervisor.run(environment=dict(os.environ), when_started=show.run)
        self._say("Stopped. All data is kept. The same command starts the site again.")
        sys.exit(0 if code in _ENDED_BY_A_PERSON else code)

    def _say(self, text: str) -> None:
        """Write a line at once, also where the output goes to a file; as JSON where the logs go there."""
        self.stdout.write(json.dumps({"event": text, "logger": "run_site"}) if settings.LOG_TO == "stdout" else text)
        self.stdout.flush()


def _only_one(path: Path) -> IO[str]:
    """Hold the lock of this data folder, so that it is run once at a time."""
    file = path.open("w", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CommandError(
            f"The site is already running with {path.parent}. Open {settings.PUBLIC_URL}, or stop it with Ctrl-C there."
        ) from error
    return file


def _refuse_used_port() -> None:
    family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.HOST, settings.PORT))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {settings.HOST}:{settings.PORT} ({error.strerror})."
                f" Choose another port: PORT={settings.PORT + 1} make run"
            ) from error
