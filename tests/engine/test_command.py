"""`python -m catalog.engine`: a fingerprint file from an audio file, in words where it cannot be."""

import subprocess
import sys
from pathlib import Path

import pytest

from catalog.engine import PARAMETERS_VERSION, Fingerprint, Fingerprinter

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent.parent
SONG = ROOT / "tests" / "audio" / "forest-dance.mp3"


def run(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """Run the command as a user does."""
    command = [sys.executable, "-m", "catalog.engine", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False)


def test_writes_the_fingerprint_and_says_so_beside_it() -> None:
    done = run("fingerprint", str(SONG))
    assert done.returncode == 0
    assert Fingerprint.from_bytes(done.stdout).digest == Fingerprinter().fingerprint(SONG).digest
    assert b"forest-dance.mp3: 0:30" in done.stderr
    assert f"parameters {PARAMETERS_VERSION}".encode() in done.stderr


def test_shows_what_is_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "song.fp"
    file.write_bytes(run("fingerprint", str(SONG)).stdout)
    assert run("show", str(file)).stdout.startswith(b"song.fp: 0:30")
    file.write_bytes(file.read_bytes()[:-1])
    damaged = run("show", str(file))
    assert (damaged.returncode, damaged.stdout) == (1, b"")
    assert b"damaged" in damaged.stderr


def test_refuses_in_words(tmp_path: Path) -> None:
    text = tmp_path / "page.mp3"
    text.write_text("no music")
    for arguments, code, words in (
        (("fingerprint", str(text)), 1, b"cannot be read as audio"),
        (("fingerprint", str(tmp_path / "gone.mp3")), 1, b"No such file"),
        (("fingerprint", str(tmp_path)), 1, b"Is a directory"),
        (("fingerprint",), 2, b"FILE"),
        ((), 2, b"usage"),
        (("show", str(text)), 1, b"not a fingerprint"),
    ):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (code, b""), arguments
        assert words in done.stderr
        assert b"Traceback" not in done.stderr


def test_needs_no_django() -> None:
    code = "import sys, catalog.engine.__main__; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
