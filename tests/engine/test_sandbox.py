"""The decoder's sandbox: each limit is held against a real process that tries to break it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from catalog.engine.audio import decoding
from catalog.engine.audio.decoding import confinement

pytestmark = pytest.mark.slow
CONFINEMENT = Path(decoding.__file__).with_name("sandbox.py")
MEMORY_BYTES = 512 << 20
PREPARE = """
import ctypes, errno, mmap, os, runpy, signal, socket, subprocess, sys
limits = runpy.run_path({path!r})
{before}
held = limits["confine"]({cpu_s}, {memory})
{attack}
print("got through")
"""


@pytest.fixture(scope="module")
def held() -> list[str]:
    """What holds on this machine: the rest is skipped elsewhere, and must hold in CI."""
    return confinement()


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux's")


def attacked(
    attack: str, *, before: str = "", cpu_s: int = 5, memory: int = MEMORY_BYTES
) -> "subprocess.CompletedProcess[str]":
    """Run `attack` in a confined process, as code that took the decoder over would run, and return how it ended."""
    program = PREPARE.format(path=str(CONFINEMENT), before=before, attack=attack, cpu_s=cpu_s, memory=memory)
    return subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, timeout=60, check=False, env={}
    )


def test_a_peaceful_child_gets_through() -> None:
    ended = attacked("sum(range(1000))")
    assert ended.stdout == "got through\n", ended.stderr


@linux_only
def test_everything_holds_on_this_machine(held: list[str]) -> None:
    assert held[:2] == ["rlimits", "no new privileges"]
    if os.environ.get("CI") == "true":
        assert held == ["rlimits", "no new privileges", "landlock", "seccomp"]


@linux_only
@pytest.mark.parametrize(
    "attack",
    [
        "socket.socket()",
        "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        "socket.socket(socket.AF_UNIX)",
        "socket.socketpair()",
        "open('/etc/passwd')",
        "open('/tmp/taken-over', 'w')",
        "os.listdir('/')",
        "os.unlink('/tmp/nothing-of-this-name')",
        "os.mkdir('/tmp/taken-over')",
        "os.symlink('/etc/passwd', '/tmp/taken-over')",
        "os.chmod('/tmp', 0o777)",
        "os.fork()",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.execv('/bin/true', ['true'])",
        "subprocess.run(['/bin/true'])",
        "import threading; threading.Thread(target=print).start()",
        "os.kill(os.getppid(), 0)",
        "os.setuid(0)",
        "os.memfd_create('code')",
        "os.pipe()",
        "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
        "ctypes.CDLL('libanl.so.1')",
        "raise OSError(errno.EPERM, '') if ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) else 0",
        "resource = __import__('resource'); resource.setrlimit(resource.RLIMIT_CORE, (1, 1))",
    ],
)
def test_what_decoding_does_not_need_is_refused(attack: str, held: list[str]) -> None:
    if "seccomp" not in held:
        pytest.skip("libseccomp is not on this machine")
    ended = attacked(attack)
    assert "got through" not in ended.stdout
    assert ended.returncode == 1, ended.stderr
    assert any(word in ended.stderr for word in ("Error", "can't start new thread")), ended.stderr


@linux_only
@pytest.mark.parametrize("without", ["_seccomp", "_landlock"])
@pytest.mark.parametrize(
    "attack", ["open('/etc/passwd')", "open('/tmp/taken-over', 'w')", "os.mkdir('/tmp/taken-over')"]
)
def test_files_stay_shut_with_either_alone(without: str, attack: str, held: list[str]) -> None:
    if not {"seccomp", "landlock"} <= set(held):
        pytest.skip("not both are on this machine")
    before = f"limits['confine'].__globals__['{without}'] = lambda *_: False"
    ended = attacked(attack, before=before)
    assert "PermissionError" in ended.stderr


@pytest.mark.parametrize("before", ["", "limits['confine'].__globals__['_seccomp'] = lambda *_: False"])
def test_files_that_are_open_cannot_grow(before: str, tmp_path: Path) -> None:
    target = tmp_path / "open"
    ended = attacked(
        "os.write(file, b'x')", before=f"{before}\nfile = os.open({str(target)!r}, os.O_CREAT | os.O_WRONLY)"
    )
    assert "got through" not in ended.stdout
    assert target.stat().st_size == 0


@linux_only
def test_no_other_process_of_the_account_looks_into_it() -> None:
    """Neither by ptrace nor by /proc/PID/mem, both of which ask whether it may be dumped."""
    ended = attacked(
        "print('dumpable', ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))",
        before="limits['confine'].__globals__['_seccomp'] = lambda *_: False",
    )
    assert ended.stdout == "dumpable 0\ngot through\n", ended.stderr


def test_memory_ends(tmp_path: Path) -> None:
    ended = attacked("held = bytearray(600 << 20)")
    assert "MemoryError" in ended.stderr


def test_computing_ends() -> None:
    started_s = time.monotonic()
    ended = attacked("while True: pass", cpu_s=1)
    assert ended.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
    assert time.monotonic() - started_s < 30
