"""A PostgreSQL server of the harness's own, on a port of its own, as an unprivileged user."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

USER = "postgres"
NAME = "fingerprint"
_START_WITHIN_S = 60.0


class Postgres:
    """`initdb`, start, kill, stop; everything is below `folder`."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._data = folder / "db"
        self.url = f"postgres://{NAME}@127.0.0.1:{port}/postgres"
        self._options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder}"

    def create(self) -> None:
        """Make the cluster of databases and start it."""
        self._folder.mkdir(parents=True)
        if os.geteuid() == 0:
            shutil.chown(self._folder, USER)
        self._run("initdb", "-D", str(self._data), "--auth=trust", f"--username={NAME}", "--encoding=UTF8")
        self.start()

    def start(self) -> None:
        """Start, again and again while what was killed is not quite gone."""
        deadline_s = time.monotonic() + _START_WITHIN_S
        log = str(self._folder / "log")
        while True:
            try:
                self._run("pg_ctl", "-D", str(self._data), "-w", "-l", log, "-o", self._options, "start")
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(1)
            else:
                return

    def kill(self) -> None:
        """kill -9 the postmaster; its children end by themselves."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Stop, if it runs."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-D", str(self._data), "-m", "fast", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        path = str(max(Path("/usr/lib/postgresql").glob(f"*/bin/{program}")))
        as_user = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
        command = [*as_user, path, *arguments]
        own = {name: value for name, value in os.environ.items() if name != "DATA_DIR"}  # it is no process of the stack
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", env=own)
