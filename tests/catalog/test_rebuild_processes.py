"""A rebuild's processes end with it, also where it is killed and can ask nobody."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.slow
GONE_WITHIN_S = 20.0
REBUILDING = """
import os, time, django
django.setup()
from catalog.services import searching
pool = searching.worker_processes()
print(pool.submit(os.getpid).result(), flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing ties a process to its parent")
def test_processes_end_with_a_killed_rebuild(tmp_path: Path) -> None:
    program = tmp_path / "rebuilding.py"
    program.write_text("if __name__ == '__main__':\n" + "".join(f"    {line}\n" for line in REBUILDING.splitlines()))
    environment = os.environ | {"PYTHONPATH": str(settings.BASE_DIR), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with subprocess.Popen([sys.executable, program], env=environment, stdout=subprocess.PIPE, text=True) as rebuilding:
        assert rebuilding.stdout is not None
        worker = Path("/proc") / rebuilding.stdout.readline().strip()
        assert worker.is_dir()
        rebuilding.kill()
    until_s = time.monotonic() + GONE_WITHIN_S
    while worker.is_dir() and _is_running(worker) and time.monotonic() < until_s:
        time.sleep(0.05)
    assert not (worker.is_dir() and _is_running(worker))


def _is_running(process: Path) -> bool:
    """Whether it is more than an entry that nobody has asked for yet."""
    try:
        return "State:\tZ" not in (process / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
