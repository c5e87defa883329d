"""What the site's processes take while it is under fire: memory, deaths, files left behind."""

import re
import threading
from pathlib import Path

from tests.site.running import RunningSite, all_processes, command_line

# A queue worker that is replaced after its share of tasks is no death; these lines are.
DEATHS = re.compile(r"reincarnated|queue_replaced|WORKER TIMEOUT|was sent SIG|died|Traceback|MemoryError|Segmentation")


class Watch:
    """Samples every process of a site, by what it runs, until it is stopped."""

    def __init__(self, site: RunningSite) -> None:
        self.most_kb: dict[str, int] = {}
        self._site = site
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End sampling."""
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(0.2):
            for pid in descendants(self._site.process.pid):
                command = command_line(pid)
                if "decoder_process.py" in command:
                    self._note("decoder, address space", _field(pid, "VmPeak"))
                else:
                    self._note(_role(command), _field(pid, "VmHWM"))

    def _note(self, role: str, kilobytes: int) -> None:
        self.most_kb[role] = max(self.most_kb.get(role, 0), kilobytes)


def deaths(folder: Path) -> list[str]:
    """Log lines that tell of a process that died or an error nobody caught."""
    lines = (line for path in sorted((folder / "logs").glob("*.log*")) for line in path.read_text("utf-8").splitlines())
    return [line[:300] for line in lines if DEATHS.search(line)]


def left_behind(folder: Path) -> list[str]:
    """Uploads that were not tidied away, and drafts in the store."""
    return [str(path) for path in [*(folder / "uploads").rglob("*"), *(folder / "audio").rglob(".*")] if path.is_file()]


def web_workers(site: RunningSite) -> set[int]:
    """The web server's processes."""
    return {pid for pid in descendants(site.process.pid) if "gunicorn" in command_line(pid)}


def descendants(root: int) -> set[int]:
    """Every process that ``root`` started, and those that they started; a title that was set hides no process."""
    parents = {pid: _parent(pid) for pid in all_processes()}
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _role(command: str) -> str:
    return next((name for name in ("gunicorn", "qcluster", "run_queue", "run_sweeper") if name in command), "run_site")


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def _field(pid: int, name: str) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return 0
    found = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) if found else 0
