"""The decoder's child as its parent sees it: whatever a file that took it over does, it ends as an error."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.engine import DecodeCrashed, DecodeLimits, DecodeTimeout, TooLong, UnreadableAudio
from catalog.engine.audio import decoding
from catalog.engine.audio.decoding import Decoding, Samples, confinement, decode_mono, probe

pytestmark = pytest.mark.slow
TakeOver = Callable[..., None]
GIVEN_UP = "report = {'error': 'unreadable', 'reason': json.dumps(%s)}"


def told(path: Path) -> object:
    """What a child that ran `GIVEN_UP` found."""
    with pytest.raises(UnreadableAudio) as caught:
        probe(path)
    return json.loads(str(caught.value).split(": ", 1)[1].rstrip("."))


def test_waiting_ends(decoder_runs: TakeOver, songs: list[Path]) -> None:
    decoder_runs("time.sleep(600)")
    started_s = time.monotonic()
    with pytest.raises(DecodeTimeout, match="longer than 1 s"):
        probe(songs[0], DecodeLimits(wall_s=1))
    assert time.monotonic() - started_s < 30


def test_inherits_nothing(monkeypatch: pytest.MonkeyPatch, decoder_runs: TakeOver, songs: list[Path]) -> None:
    """The child has the file, two pipes, and no other descriptor and no variable of this process."""
    monkeypatch.setenv("SECRET_KEY", "not for the decoder")
    files = "[os.readlink(f'/proc/self/fd/{n}') for n in range(64) if os.path.exists(f'/proc/self/fd/{n}')"
    files += " or os.path.islink(f'/proc/self/fd/{n}')]"
    decoder_runs(GIVEN_UP % f"[sorted(os.environ), {files}]")
    with songs[0].open("rb") as secret:
        os.set_inheritable(secret.fileno(), True)
        variables, found = told(songs[1])
    assert set(variables) <= {"LC_CTYPE"}  # Python's own, where the locale is C
    assert [name.split(":")[0] for name in found] == [str(songs[1]), "pipe", "pipe"]


def test_weighs_with_its_parent(decoder_runs: TakeOver, songs: list[Path]) -> None:
    """A session of its own would weigh as much as the web server's, whatever the niceness of the worker."""
    decoder_runs(GIVEN_UP % "[os.getsid(0), os.getpgid(0) == os.getppid(), os.getpriority(os.PRIO_PROCESS, 0)]")
    session, with_its_template, niceness = told(songs[0])
    assert (session, with_its_template) == (os.getsid(0), True)
    assert niceness > os.getpriority(os.PRIO_PROCESS, 0), "whoever else is answered by its parent goes first"


@pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux's")
@pytest.mark.parametrize(
    "attack",
    [
        "open('/etc/passwd')",
        "open('/tmp/taken-over', 'w')",
        "socket.socket()",
        "socket.socket(socket.AF_UNIX)",
        "os.fork()",
        "os.kill(os.getppid(), 0)",
        "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
        "bytearray(600 << 20)",
    ],
)
def test_the_limits_hold_in_a_forked_child(decoder_runs: TakeOver, songs: list[Path], attack: str) -> None:
    """Each is taken before `confine` is called, and refused afterwards, in the process that reads the file."""
    if "seccomp" not in confinement():
        pytest.skip("libseccomp is not on this machine")
    limits = DecodeLimits(address_space_bytes=512 << 20)
    tried = f"confine()\ntry: {attack}\nexcept (OSError, MemoryError) as error: " + GIVEN_UP % "repr(error)"
    decoder_runs(tried + "\nelse: " + GIVEN_UP % "'got through'")
    with pytest.raises(UnreadableAudio, match=r"PermissionError|MemoryError"):
        probe(songs[0], limits)


@pytest.mark.parametrize(
    "report",
    [
        *("[]", "[[" * 30_000, '{"error": 5}', '{"container": []', "null", "\\ud800", '{"tags": 3, "x": 1}'),
        *('{"container": "mp3", "codec": "mp3", "sample_rate": 1e999, "channels": 2, "bit_rate": 1}',),
        *('{"container": 1, "codec": [], "sample_rate": 1, "channels": 2, "bit_rate": 1, "promised_s": NaN}',),
    ],
)
def test_a_lying_child_is_an_error_not_a_crash(decoder_runs: TakeOver, songs: list[Path], report: str) -> None:
    decoder_runs(f"sys.stderr.write('\\n' + {report!r}); sys.stderr.flush(); os._exit(0)")
    with pytest.raises(DecodeCrashed):
        decode_mono(songs[0], 16_000)


@pytest.mark.parametrize("doing", ["time.sleep(600)", "signal.pause()"])
def test_a_child_that_closes_its_pipes_and_stays_is_stopped(
    monkeypatch: pytest.MonkeyPatch, decoder_runs: TakeOver, songs: list[Path], doing: str
) -> None:
    decoder_runs(f"os.close(1); os.close(2); {doing}")
    monkeypatch.setattr(decoding, "ENDS_WITHIN_S", 0.5)
    with pytest.raises(DecodeTimeout, match="did not end"):
        probe(songs[0])


def test_a_child_that_talks_without_end_fills_no_memory() -> None:
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


def test_a_child_that_forgets_the_limit_is_stopped(decoder_runs: TakeOver, songs: list[Path]) -> None:
    """Whoever takes the child over need not count: it would fill this process's memory for two minutes."""
    decoder_runs("while True: os.write(1, bytes(1 << 20))")
    limits = DecodeLimits(max_s=100.0, wall_s=30.0)
    held: list[Samples] = []
    with pytest.raises(TooLong, match="longer"):
        held.extend(Decoding(songs[0], 16_000, limits))
    assert sum(map(len, held)) <= 101 * 16_000
    with pytest.raises(DecodeCrashed):
        probe(songs[0], limits)  # which asks for no samples at all
