"""The stack under test: `run_site` as an operator starts it, started again when it ends, as systemd would."""

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import requests

from bench.chaos import processes

ROOT = Path(__file__).resolve().parents[2]
DISK_MB = 700
DRAIN_S = 5
RESTART_AFTER_S = 1.0
# Short, so that a run shows in minutes what takes days: all are settings of the service.
SETTINGS = {
    "WEBHOOK_SCHEDULE_SECONDS": "0,2,4,8,15,30",
    "WEBHOOK_TIMEOUT_SECONDS": "3",
    "WEBHOOK_QUEUE_TRUST_SECONDS": "30",
    "WEBHOOK_THROTTLE_SECONDS": "1",
    "WEBHOOK_CIRCUIT_FAILURES": "10",
    "WEBHOOK_CIRCUIT_SECONDS": "2",
    "WEBHOOK_PAUSE_MAX_SECONDS": "20",
    "JOB_LEASE_SECONDS": "10",
    "WATCHDOG_SECONDS": "30",
    "DRAIN_SECONDS": str(DRAIN_S),
    "DISK_RESERVE_MB": "20",
    "DECODE_WALL_SECONDS": "30",
    "SECRET_KEY": "chaos-has-no-secrets-0123456789abcdefghijklmnopqrstuvwxyz",
}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stack:
    """The service in a folder of its own. `clock` and `disk` say whether their faults can be had on this machine."""

    def __init__(self, folder: Path, *, database_url: str | None, receiver_host: str, moved_clock: bool = True) -> None:
        self.folder = folder / "data"
        self.temporary = folder / "tmp"
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self.starts = 0
        self._clock_file = folder / "clock"
        self._output = folder / "run_site.out"
        self._stopping = threading.Event()
        for made in (self.folder, self.temporary):
            made.mkdir(parents=True)
        self.disk = _mounted(self.folder)
        self.environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"} | SETTINGS
        self.environment |= {
            "DATA_DIR": str(self.folder),
            "TMPDIR": str(self.temporary),
            "PORT": str(port),
            "DJANGO_SETTINGS_MODULE": "fingerprint_site.settings",
            "WEBHOOK_ALLOWED_PRIVATE_HOSTS": receiver_host,
            "PYTHONUNBUFFERED": "1",
        }
        if database_url:
            self.environment["DATABASE_URL"] = database_url
        self._moved_clock = self._clock_shim(folder) if moved_clock else {}
        self.clock = bool(self._moved_clock)

    def _clock_shim(self, folder: Path) -> dict[str, str]:
        self.set_clock(0)
        library = folder / "clock.so"
        compiler = shutil.which("cc") or shutil.which("gcc")
        if not compiler:
            return {}
        source = str(Path(__file__).with_name("clock.c"))
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), source, "-ldl", "-lpthread"]
        built = subprocess.run(command, check=False, capture_output=True)
        return {} if built.returncode else {"LD_PRELOAD": str(library), "CLOCK_OFFSET_FILE": str(self._clock_file)}

    @property
    def moved_environment(self) -> dict[str, str]:
        """The environment of a process that lives by the stack's clock."""
        return self.environment | self._moved_clock

    def set_clock(self, offset_s: int) -> None:
        """Move the wall clock of the whole stack to so many seconds from the true time."""
        with self._clock_file.open("r+b" if self._clock_file.exists() else "w+b") as file:
            file.write(struct.pack("q", offset_s))

    def start(self) -> None:
        """Start, and keep it started."""
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._keeper.start()
        self.await_answer(within_s=90)

    def _keep(self) -> None:
        command = [sys.executable, str(ROOT / "manage.py"), "run_site", "--no-demo"]
        while not self._stopping.is_set():
            self.starts += 1
            with self._output.open("ab") as output:
                self._process = subprocess.Popen(
                    command,
                    env=self.moved_environment,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    cwd=ROOT,
                )
                self._process.wait()
            self._stopping.wait(RESTART_AFTER_S)

    def await_answer(self, *, within_s: float) -> None:
        """Wait until the site is alive."""
        deadline_s = time.monotonic() + within_s
        while time.monotonic() < deadline_s:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.url}/health/live", timeout=2).ok:
                    return
            time.sleep(0.2)
        raise SystemExit(f"The site does not answer: see {self._output}")

    def stop(self) -> float:
        """TERM it, and return the seconds that it took to end."""
        self._stopping.set()
        began_s = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        self._keeper.join()
        return time.monotonic() - began_s

    def processes(self) -> list[processes.Process]:
        """What runs of it now."""
        return processes.of_folder(self.folder)

    def clean(self) -> None:
        """Kill what is left, and give the disk back."""
        self._stopping.set()
        for process in self.processes():
            process.signal()
        if self.disk:
            subprocess.run(["umount", "-l", str(self.folder)], check=False)
            self.disk = False


def _mounted(folder: Path) -> bool:
    """Put a small disk of its own under the data folder, where this user may."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0
