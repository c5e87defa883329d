"""The decoder's templates: kept after a file that was read, never after anything else, and never longer than needed."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from catalog.engine import DecodeCrashed, DecodeLimits, DecodeTimeout, FingerprintError, UnreadableAudio
from catalog.engine.audio import decoder_templates
from catalog.engine.audio.decoding import Decoding, confinement, decode_mono, probe
from tests.engine import taken_over

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_templates")]
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
HOSTILE = b"hostile"


def free() -> list[int]:
    """The process ids of the templates that wait for a file."""
    return [template.pid for template in decoder_templates._free]


def the_free_one() -> int:
    (pid,) = free()
    return pid


def is_running(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def await_end(*pids: int, within_s: float = 20.0) -> None:
    deadline_s = time.monotonic() + within_s
    while any(map(is_running, pids)):
        assert time.monotonic() < deadline_s, "they still run"
        time.sleep(0.01)


def test_files_that_are_read_share_a_template(songs: list[Path]) -> None:
    probe(songs[0])
    pid = the_free_one()
    decode_mono(songs[0], 16_000)
    probe(songs[1])
    assert the_free_one() == pid


STOPPED = "The decoder stopped in the middle of the file."


@pytest.mark.parametrize(
    ("attack", "error", "text"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", DecodeCrashed, STOPPED),
        ("os._exit(3)", DecodeCrashed, STOPPED),
        ("raise RuntimeError", DecodeCrashed, STOPPED),
        (
            "os.kill(os.getppid(), signal.SIGKILL); time.sleep(600)",
            DecodeCrashed,
            "The decoder stopped in the middle of the file.",
        ),
        ("time.sleep(600)", DecodeTimeout, "Reading the file took longer than 2 s and was stopped."),
        ("confine()\nwhile True: pass", DecodeTimeout, "Reading the file took more than 1 s of computing"),
        ("report = {}", DecodeCrashed, STOPPED),
        ("report = {'error': 'memory'}", DecodeCrashed, "Reading the file needs more memory than is allowed."),
        ("report = {'error': 'unreadable', 'reason': 'no'}", UnreadableAudio, "The file cannot be read as audio: no."),
    ],
)
def test_nothing_but_a_clean_end_keeps_a_template(
    decoder_runs: Callable[..., None], songs: list[Path], tmp_path: Path, attack: str, error: type[Exception], text: str
) -> None:
    """The clear error, a next file that is read, and other addresses for whoever tries again."""
    (hostile := tmp_path / "hostile.mp3").write_bytes(HOSTILE)
    decoder_runs(attack, marked=HOSTILE)
    known = probe(songs[0])
    first = the_free_one()
    # Of the time by the clock, only the sleeper takes more than this: its template is loaded.
    with pytest.raises(error) as caught:
        probe(hostile, DecodeLimits(wall_s=2 if attack.startswith("time") else 60, cpu_s=1))
    assert str(caught.value).startswith(text)
    assert free() == []
    assert not is_running(first), "it is ended before the error is raised"
    assert probe(songs[0]) == known
    assert the_free_one() != first


def test_where_no_child_can_be_started_the_file_is_not_at_fault(
    monkeypatch: pytest.MonkeyPatch, songs: list[Path]
) -> None:
    """A task is tried again after it, and ends for good after an error of the file."""
    before = "def refuse(): raise BlockingIOError(errno.EAGAIN, 'no more processes')\nos.fork = refuse"
    command = taken_over.command("", before=before)
    monkeypatch.setattr(decoder_templates, "_command", lambda: command)
    with pytest.raises(BlockingIOError):
        probe(songs[0])
    assert free() == []


@pytest.mark.parametrize("missing", [MemoryError, OSError])
def test_a_template_that_cannot_be_started_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch, songs: list[Path], missing: type[Exception]
) -> None:
    def start(theirs: socket.socket) -> None:
        with theirs:
            raise missing

    monkeypatch.setattr(decoder_templates, "_started", start)
    with ThreadPoolExecutor() as pool, pytest.raises(missing):
        pool.submit(probe, songs[0]).result(10)


def test_no_more_threads_is_told_as_the_systems_error(monkeypatch: pytest.MonkeyPatch, songs: list[Path]) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    before = open_files()
    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(BlockingIOError):
        probe(songs[0])
    assert open_files() == before


def test_a_file_that_is_left_half_read_ends_its_template(songs: list[Path]) -> None:
    decoding = iter(Decoding(songs[0], 44_100))
    next(decoding)
    decoding.close()
    assert free() == []


def test_memory_ends_in_a_forked_child(decoder_runs: Callable[..., None], songs: list[Path]) -> None:
    """What the limit leaves over the libraries that are loaded is what a child gets, and no more."""
    size = "int(open('/proc/self/statm').read().split()[0]) * 4096"
    decoder_runs(f"loaded = {size}\nconfine()\nreport = {{'error': 'unreadable', 'reason': str(loaded)}}", marked=b"")
    with pytest.raises(UnreadableAudio) as caught:
        probe(songs[0])
    loaded = int(str(caught.value).rsplit(" ", 1)[1].rstrip("."))
    limits = DecodeLimits(address_space_bytes=loaded + (256 << 20))
    for taken_mb, is_refused in ((192, False), (320, True)):
        decoder_templates.end_all()
        attack = f"confine()\ntry: bytearray({taken_mb} << 20)\nexcept MemoryError: report = {{'error': 'memory'}}"
        decoder_runs(attack)
        with pytest.raises(DecodeCrashed if is_refused else UnreadableAudio):
            probe(songs[0], limits)


def test_a_template_serves_so_many_files(monkeypatch: pytest.MonkeyPatch, songs: list[Path]) -> None:
    monkeypatch.setattr(decoder_templates, "MOST_FILES", 2)
    probe(songs[0])
    first = the_free_one()
    probe(songs[1])
    assert free() == []
    assert not is_running(first)


def test_a_template_that_nobody_needs_ends_by_itself(monkeypatch: pytest.MonkeyPatch, songs: list[Path]) -> None:
    monkeypatch.setattr(decoder_templates, "MOST_AGE_S", 3.0)
    probe(songs[0])
    for pid in free():
        await_end(pid)
    assert free() == []


def test_an_old_template_serves_no_other_file(monkeypatch: pytest.MonkeyPatch, songs: list[Path]) -> None:
    probe(songs[0])
    first = the_free_one()
    monkeypatch.setattr(decoder_templates, "MOST_AGE_S", 0.0)
    probe(songs[0])
    assert not is_running(first)


@linux_only
def test_a_template_killed_between_two_files_is_replaced(songs: list[Path]) -> None:
    known = probe(songs[0])
    first = the_free_one()
    os.kill(first, signal.SIGKILL)
    await_end(first)
    assert probe(songs[0]) == known
    assert the_free_one() != first


def test_a_template_outlives_the_thread_that_needed_it(songs: list[Path]) -> None:
    """Linux ends a process with the thread of its parent's that started it: a web server's thread may end any time."""
    asks = threading.Thread(target=probe, args=(songs[0],))
    asks.start()
    asks.join()
    first = the_free_one()
    time.sleep(0.2)  # what it would take to end
    probe(songs[1])
    assert the_free_one() == first


def test_side_by_side_from_many_threads(songs: list[Path]) -> None:
    """Each file has a template to itself, so a child that crashes takes no other one with it."""
    known = [probe(path) for path in songs[:4]]
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(probe, songs[:4] * 5))
    assert found == known * 5
    assert len(set(free())) == len(free()) <= 20


@linux_only
def test_no_descriptor_is_left_over(songs: list[Path], tmp_path: Path) -> None:
    (bad := tmp_path / "bad.mp3").write_bytes(b"no audio")
    probe(songs[0])
    before = open_files()
    for number in range(200):
        probe(songs[number % len(songs)])
    for _ in range(5):
        with pytest.raises(FingerprintError):
            probe(bad)
    probe(songs[0])
    assert open_files() <= before


def test_asking_what_holds_leaves_no_template() -> None:
    """The checks ask it in processes that fork afterwards."""
    confinement()
    assert free() == []


PARENT = """
import os, sys, threading, time
from pathlib import Path
from catalog.engine.audio import decoder_templates
from catalog.engine.audio.decoding import probe
{doing}
"""


def parent(doing: str) -> "subprocess.Popen[str]":
    """A process that decodes."""
    program = PARENT.format(doing=doing)
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)


@linux_only
def test_template_and_child_die_with_their_parent(songs: list[Path]) -> None:
    """The parent is killed outright while a child waits, by itself or in a template that waits for the next file."""
    command = taken_over.command("time.sleep(600)", parent=-1)
    doing = f"""
probe({str(songs[0])!r})
(idle,) = decoder_templates._free
command = [part.replace('(-1, load)', f'({{os.getpid()}}, load)') for part in {command!r}]
decoder_templates._command = lambda: command
decoder_templates._free.clear()
threading.Thread(target=probe, args=({str(songs[0])!r},), daemon=True).start()
def children(pid):
    return [int(child) for child in Path(f'/proc/{{pid}}/task/{{pid}}/children').read_text().split()]
def templates():
    return [int(c) for task in Path('/proc/self/task').iterdir() for c in (task / 'children').read_text().split()]
while not (found := [child for pid in templates() for child in children(pid)]):
    time.sleep(0.01)
print(idle.pid, *templates(), *found, flush=True)
time.sleep(600)
"""
    with parent(doing) as process:
        assert process.stdout is not None
        pids = {int(pid) for pid in process.stdout.readline().split()}
        assert len(pids) == 3
        assert [pid for pid in pids if not is_running(pid)] == []
        process.kill()
    await_end(*pids, within_s=5.0)


@linux_only
def test_a_service_started_with_ended_children_ignored_reads_files(songs: list[Path]) -> None:
    doing = f"import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); print(probe({str(songs[0])!r}).codec)"
    with parent(doing) as process:
        assert process.communicate()[0].split() == ["vorbis"]


@linux_only
def test_a_forked_process_leaves_its_parents_template_alone(songs: list[Path]) -> None:
    doing = f"""
path = {str(songs[0])!r}
probe(path)
(kept,) = decoder_templates._free
pid = os.fork()
if not pid:
    assert not decoder_templates._free
    probe(path)
    (own,) = decoder_templates._free
    os._exit(own.pid == kept.pid)
_, status = os.waitpid(pid, 0)
probe(path)
(again,) = decoder_templates._free
print(status, again is kept)
"""
    with parent(doing) as process:
        assert process.communicate()[0].split() == ["0", "True"]


@linux_only
def test_a_process_of_the_queue_leaves_no_template_behind(songs: list[Path]) -> None:
    """It ends without ``atexit``. A template that Linux ends is a zombie, of a process that may not know of it."""
    doing = f"""
import ctypes, multiprocessing
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # what loses its parent is this process's
def work():
    probe({str(songs[0])!r})
    os.write(1, b"%d " % len(decoder_templates._free))
worker = multiprocessing.get_context("fork").Process(target=work)
worker.start()
worker.join()
try:
    print(os.waitpid(-1, 0))
except ChildProcessError:
    print("nobody")
"""
    with parent(doing) as process:
        assert process.communicate()[0].split() == ["1", "nobody"]
