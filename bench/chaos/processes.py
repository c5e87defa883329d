"""The stack's processes, found in /proc by the data folder in their environment, and named by what they do."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

READ_SYSCALL = "0"  # x86_64; elsewhere the worker that holds the queue's lock is not told from the other idle ones


@dataclass(frozen=True)
class Process:
    """One process as /proc shows it."""

    pid: int
    parent: int
    command: str
    environment: bytes

    @property
    def cluster(self) -> str:
        """The queue that it belongs to, or nothing."""
        for entry in self.environment.split(b"\0"):
            if entry.startswith(b"Q_CLUSTER_NAME="):
                return entry.partition(b"=")[2].decode()
        return ""

    def signal(self, number: int = signal.SIGKILL) -> bool:
        """Send a signal; False for a process that is gone."""
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True


def of_folder(folder: Path) -> list[Process]:
    """Return the processes that run with this data folder."""
    mark = f"DATA_DIR={folder}\0".encode()
    return [process for process in _all() if mark in process.environment]


def _all() -> Iterator[Process]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (process := _read(entry)):
            yield process


def _read(entry: Path) -> Process | None:
    try:
        parent = int(entry.joinpath("stat").read_text().rpartition(")")[2].split()[1])
        command = entry.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except (OSError, ValueError, IndexError):
        return None
    try:
        environment = entry.joinpath("environ").read_bytes()
    except OSError:  # one that has shut itself in
        environment = b""
    return Process(int(entry.name), parent, command, environment)


def web_workers(processes: list[Process]) -> list[Process]:
    """gunicorn's workers: those of its processes whose parent is one too."""
    web = {process.pid: process for process in processes if "gunicorn" in process.command}
    return [process for process in web.values() if process.parent in web]


def queue_role(processes: list[Process], cluster: str, role: str) -> list[Process]:
    """Processes of a queue by the word that django-q names them with: `pusher`, `monitor`, `idle`, `processing`."""
    ours = [process for process in processes if process.cluster == cluster]
    return [p for p in ours if (words := p.command.split())[:1] == ["qcluster"] and role in words[2:3]]


def sentinel(processes: list[Process], cluster: str) -> list[Process]:
    """The sentinel has its leader's name and is its child."""
    ours = {p.pid: p for p in processes if p.cluster == cluster}
    return [p for p in ours.values() if (up := ours.get(p.parent)) and "MainProcess" in up.command + p.command[:25]][:1]


def lock_holders(processes: list[Process], cluster: str) -> list[Process]:
    """The idle worker that waits in a read holds the queue's lock; the others wait for it. All idle ones if unknown."""
    idle = queue_role(processes, cluster, "idle")
    holders = [process for process in idle if _syscall(process.pid) == READ_SYSCALL]
    return holders or idle


def decoders(folder: Path) -> list[Process]:
    """Decoding children: their environment is empty, so they are found as children of the decoder's templates."""
    ours = {process.pid for process in of_folder(folder)}
    all_of_them = [process for process in _all() if "decoder_process" in process.command]
    templates = {process.pid for process in all_of_them if process.parent in ours}
    return [process for process in all_of_them if process.parent in templates]


def _syscall(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/syscall").read_text().split(" ", 1)[0]
    except OSError:
        return ""
