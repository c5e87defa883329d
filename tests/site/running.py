"""A whole site in processes of its own, as `make run` starts it."""

import functools
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from django.conf import settings

from fingerprint_site.running.api_client import ApiClient

START_WITHIN_S = 180.0
STOP_WITHIN_S = 30.0
WEB_WORKER = "fingerprint_site.running.web_worker.GuardedWorker"
# Runs each line of its input, and tells in one line what that printed.
SHELL = """
import contextlib, io, json, sys
from django.db import connections
for line in sys.stdin:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(json.loads(line), {})
    connections.close_all()
    print(json.dumps(printed.getvalue().splitlines()), flush=True)
"""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_true(ask: Callable[[], Any], *, within_s: float) -> Any:
    """Ask until the answer is true, and return it; fail when the time is over."""
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"not within {within_s} s")


class RunningSite:
    """`manage.py run_site` with a data folder and a port of its own."""

    collected: Path | None = None  # the static files of the first one that started

    def __init__(self, folder: Path, *, database_url: str | None, **environment: str) -> None:
        self.folder = folder
        self.first_output = ""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._output = folder.parent / f"{folder.name}.out"
        self.environment = os.environ | {
            "DATA_DIR": str(folder),
            "PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "fingerprint_site.settings",
            "JOB_LEASE_SECONDS": "10",
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self.environment.pop("DATABASE_URL", None)
        if database_url:
            self.environment["DATABASE_URL"] = database_url

    @property
    def output(self) -> str:
        """What the command has printed."""
        return self._output.read_text(encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        """Return a command line of manage.py."""
        return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command against the site's data to its end."""
        return subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )

    def _take_static_files(self) -> None:
        """Copy what another one has collected and compressed, which takes seconds; a site compares it at its start."""
        own = self.folder / "static"
        if RunningSite.collected and not own.exists():
            shutil.copytree(RunningSite.collected, own)

    def _lend_static_files(self) -> None:
        RunningSite.collected = RunningSite.collected or self.folder / "static"

    def start(self, *options: str) -> None:
        """Start, and wait until the site says that it is ready."""
        self._take_static_files()
        with self._output.open("w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                self.command("run_site", *options),
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        await_true(lambda: "Ready." in self.output or self.process.poll() is not None, within_s=START_WITHIN_S)
        assert self.process.poll() is None, self.output
        self._lend_static_files()

    def stop(self) -> int:
        """Press Ctrl-C: the terminal sends SIGINT to the whole foreground group."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(STOP_WITHIN_S)

    def api(self) -> ApiClient:
        """Return a client with a key of the staff account that may poll as often as a test does."""
        return ApiClient(base_url=self.url, api_key=self._api_key)

    @functools.cached_property
    def _api_key(self) -> str:
        made = self.manage("create_api_key", "admin", "--per-minute", "100000")
        assert made.returncode == 0, made.stderr
        return made.stdout.splitlines()[-1]

    def processes(self, containing: str = "") -> list[int]:
        """Return the processes that run with this site's data folder."""
        return [pid for pid in all_processes() if self._is_ours(pid) and containing in command_line(pid)]

    def _is_ours(self, pid: int) -> bool:
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False
        return f"DATA_DIR={self.folder}\0".encode() in environment


def all_processes() -> list[int]:
    """Return every process id."""
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def command_line(pid: int) -> str:
    """Return a process's command line; empty for one that is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


class WebServer(RunningSite):
    """The site's web server alone, as the site starts it: no queues and no demo."""

    _shell: "subprocess.Popen[str] | None" = None

    def start(self, *options: str) -> None:
        """Set up the site, start gunicorn, and wait until it answers."""
        self._take_static_files()
        made = self.manage("setup_site")
        assert made.returncode == 0, made.stderr
        command = [sys.executable, "-m", "gunicorn", "fingerprint_site.wsgi", "--bind", f"127.0.0.1:{self.port}"]
        command += ["--worker-class", WEB_WORKER, "--workers", "1", "--threads", "2", *options]
        with self._output.open("w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                command, cwd=settings.BASE_DIR, env=self.environment, stdout=output, stderr=output
            )
        await_true(self._answers, within_s=START_WITHIN_S)
        self._lend_static_files()

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.output
        try:
            return requests.get(f"{self.url}/health/live", timeout=5).ok
        except requests.RequestException:
            return False

    def held(self) -> int:
        """Return how many clients wait without a thread: the server asks to be told when one of them hangs up."""
        started = self.process.pid
        workers = Path(f"/proc/{started}/task/{started}/children").read_text(encoding="ascii").split()
        told = [line for pid in workers for one in Path(f"/proc/{pid}/fdinfo").glob("*") for line in _lines(one)]
        return sum(map(_hang_up_is_told, told))

    def stop(self) -> int:
        """End it, and its shell."""
        if self._shell:
            self._shell.communicate()
        self.process.terminate()
        return self.process.wait(STOP_WITHIN_S)

    def printed(self, code: str) -> list[str]:
        """Run Python with the site's settings and data in one process, which starts once; return what it prints."""
        if self._shell is None:
            self._shell = subprocess.Popen(
                self.command("shell", "-v", "0", "-c", SHELL),
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._shell.stdin
        assert self._shell.stdout
        self._shell.stdin.write(json.dumps(code) + "\n")
        self._shell.stdin.flush()
        told = self._shell.stdout.readline()
        assert told, f"it ended with {self._shell.wait()}: see what it wrote to stderr"
        lines: list[str] = json.loads(told)
        return lines

    def shell(self, code: str) -> str:
        """Run Python as above; return the last line that it prints."""
        return next(reversed(self.printed(code)), "")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except OSError:  # closed meanwhile
        return []


def _hang_up_is_told(line: str) -> bool:
    """Tell whether a line is of a descriptor in an epoll, and asks for EPOLLRDHUP."""
    words = line.split()
    return words[:1] == ["tfd:"] and bool(int(words[3], 16) & select.EPOLLRDHUP)
