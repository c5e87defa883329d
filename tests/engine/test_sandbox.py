"""The decoder's process: each limit is held against a real child that tries to break it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from catalog.engine import DecodeCrashed, DecodeLimits, DecodeTimeout, TooLong
from catalog.engine.audio import decoding
from catalog.engine.audio.decoding import Decoding, Samples, confinement, decode_mono, probe

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


def test_waiting_ends(monkeypatch: pytest.MonkeyPatch, songs: list[Path]) -> None:
    monkeypatch.setattr(decoding, "_command", lambda *_: [sys.executable, "-I", "-c", "import time; time.sleep(600)"])
    started_s = time.monotonic()
    with pytest.raises(DecodeTimeout):
        probe(songs[0], DecodeLimits(wall_s=1))
    assert time.monotonic() - started_s < 30


@linux_only
def test_dies_with_its_parent(tmp_path: Path) -> None:
    """The parent is killed outright while its child, which gave way to it, waits for a file that never comes."""
    child = Path(decoding.__file__).with_name("decoder_process.py")
    parent = (
        "import os, subprocess, sys, time\n"
        f"command = [sys.executable, '-I', {str(child)!r}, '0', '60', '60', str(1 << 30), str(os.getpid())]\n"
        "print(subprocess.Popen(command, start_new_session=True).pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    never, kept_open = os.pipe()
    with subprocess.Popen([sys.executable, "-c", parent], stdin=never, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        await_blocked(pid)
        niceness = [os.getpriority(os.PRIO_PROCESS, one) for one in (pid, process.pid)]
        assert niceness[0] > niceness[1], "whoever else is answered by its parent goes first"
        process.kill()
    try:
        deadline_s = time.monotonic() + 10
        while is_running(pid) and time.monotonic() < deadline_s:
            time.sleep(0.05)
        assert not is_running(pid)
    finally:
        os.close(kept_open)
        os.close(never)


def await_blocked(pid: int) -> None:
    """Wait until the child has confined itself and reads."""
    deadline_s = time.monotonic() + 30
    while "NoNewPrivs:\t1" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii"):
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False


@linux_only
def test_inherits_nothing(monkeypatch: pytest.MonkeyPatch, songs: list[Path]) -> None:
    """The child has the file, two pipes, and no other descriptor and no variable of this process."""
    monkeypatch.setenv("SECRET_KEY", "not for the decoder")
    look = "import json, os, sys; sys.stderr.write('\\n' + json.dumps({'error': 'unreadable', 'reason': "
    look += "json.dumps([sorted(os.environ), [os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')"
    look += " if os.path.exists(f'/proc/self/fd/{n}')]])}))"
    monkeypatch.setattr(decoding, "_command", lambda *_: [sys.executable, "-I", "-c", look])
    with songs[0].open("rb") as secret:
        os.set_inheritable(secret.fileno(), True)
        with pytest.raises(decoding.UnreadableAudio) as caught:
            probe(songs[1])
    variables, files = json.loads(str(caught.value).split(": ", 1)[1].rstrip("."))
    assert set(variables) <= {"LC_CTYPE"}  # Python's own, where the locale is C
    assert sorted(name.split(":")[0] for name in files if not name.endswith("/fd")) == sorted(
        [str(songs[1]), "pipe", "pipe"]
    )


def test_weighs_with_its_parent(monkeypatch: pytest.MonkeyPatch, songs: list[Path]) -> None:
    """A session of its own would weigh as much as the web server's, whatever the niceness of the worker."""
    look = "import json, os, sys; ids = [os.getsid(0), os.getpgid(0) == os.getpid()]"
    look += "; sys.stderr.write('\\n' + json.dumps({'error': 'unreadable', 'reason': json.dumps(ids)}))"
    monkeypatch.setattr(decoding, "_command", lambda *_: [sys.executable, "-I", "-c", look])
    with pytest.raises(decoding.UnreadableAudio) as caught:
        probe(songs[0])
    assert json.loads(str(caught.value).split(": ", 1)[1].rstrip(".")) == [os.getsid(0), True]


@pytest.mark.parametrize(
    "report",
    [
        *("[]", "[[" * 30_000, '{"error": 5}', '{"container": []', "null", "\\ud800", '{"tags": 3, "x": 1}'),
        *('{"container": "mp3", "codec": "mp3", "sample_rate": 1e999, "channels": 2, "bit_rate": 1}',),
        *('{"container": 1, "codec": [], "sample_rate": 1, "channels": 2, "bit_rate": 1, "promised_s": NaN}',),
    ],
)
def test_a_lying_child_is_an_error_not_a_crash(monkeypatch: pytest.MonkeyPatch, songs: list[Path], report: str) -> None:
    program = f"import sys; sys.stderr.write('\\n' + {report!r})"
    monkeypatch.setattr(decoding, "_command", lambda *_: [sys.executable, "-I", "-c", program])
    with pytest.raises(DecodeCrashed):
        decode_mono(songs[0], 16_000)


@pytest.mark.parametrize("doing", ["time.sleep(600)", "signal.pause()"])
def test_a_child_that_closes_its_pipes_and_stays_is_stopped(
    monkeypatch: pytest.MonkeyPatch, songs: list[Path], doing: str
) -> None:
    program = f"import os, signal, time; os.close(1); os.close(2); {doing}"
    monkeypatch.setattr(decoding, "_command", lambda *_: [sys.executable, "-I", "-c", program])
    monkeypatch.setattr(decoding, "ENDS_WITHIN_S", 0.5)
    with pytest.raises(DecodeTimeout):
        probe(songs[0])


def test_a_child_that_talks_without_end_fills_no_memory(songs: list[Path]) -> None:
    """Of its words the last ones count: as long as a report may be, and no more."""
    program = "import os\nfor _ in range(64): os.write(2, b'x' * (1 << 20))\nos.write(2, b'the end')"
    words = bytearray()
    command = [sys.executable, "-I", "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert not list(decoding._read_both(child.stdout, child.stderr, words, 30.0))
    assert len(words) <= decoding.REPORT_BYTES
    assert words.endswith(b"the end")


def test_a_child_that_forgets_the_limit_is_stopped(monkeypatch: pytest.MonkeyPatch, songs: list[Path]) -> None:
    """Whoever takes the child over need not count: it would fill this process's memory for two minutes."""
    program = "import os\nwhile True: os.write(1, bytes(1 << 20))"
    monkeypatch.setattr(decoding, "_command", lambda *_: [sys.executable, "-I", "-c", program])
    limits = DecodeLimits(max_s=100.0, wall_s=30.0)
    held: list[Samples] = []
    with pytest.raises(TooLong, match="longer"):
        held.extend(Decoding(songs[0], 16_000, limits))
    assert sum(map(len, held)) <= 101 * 16_000
    with pytest.raises(DecodeCrashed):
        probe(songs[0], limits)  # which asks for no samples at all
