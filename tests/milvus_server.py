"""A real Milvus server on loopback for the tests marked `milvus`; skipped, with the reason, where it cannot run."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import pytest

USER, PASSWORD = "root", "Milvus"
ENDS_WITHIN_S = 20.0
OWN_NETWORK = ("unshare", "--map-root-user", "--net")


class MilvusProcess:
    """The server, in a network of its own; `start` and `kill` as often as a test wants."""

    def __init__(self, data_dir: Path, *, two_nodes: bool = False) -> None:
        """`two_nodes`: with a second query node, which can be killed and started alone."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = int(listening.getsockname()[1])
            program = str(Path(__file__).with_name("milvus_namespace.py"))
            command = [sys.executable, program, str(listening.fileno()), str(data_dir), *["two-nodes"] * two_nodes]
            self._process = subprocess.Popen(
                [*OWN_NETWORK, *command],
                pass_fds=[listening.fileno()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,  # a group of its own, so that all of it can be ended
            )

    def address(self, name: str) -> str:
        """Return the setting for an index of this name."""
        return f"milvus://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Start the server, with the data that is there."""
        self._command("start")

    def kill(self) -> None:
        """Kill the server at once."""
        self._command("kill")

    def start_node(self) -> None:
        """Start the second query node."""
        self._command("start node")

    def kill_node(self) -> None:
        """Kill the second query node at once."""
        self._command("kill node")

    def close(self) -> None:
        """End everything: the one between ends with its input, and takes the server along; what is left is killed."""
        self._pipe(self._process.stdin).close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=ENDS_WITHIN_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._pipe(self._process.stdout).close()

    def _command(self, word: str) -> None:
        pipe = self._pipe(self._process.stdin)
        pipe.write(f"{word}\n")
        pipe.flush()
        answer = self._pipe(self._process.stdout).readline().strip()
        if answer != f"{word} done":
            raise RuntimeError(f"the Milvus server did not {word}: {answer!r}")

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe


def why_not() -> str:
    """Return why no server can run here; empty where it can."""
    if not all(map(find_spec, ("milvus", "pymilvus", "confluent_kafka"))):
        return "pip install -r requirements-milvus-dev.txt"
    if not shutil.which(OWN_NETWORK[0]) or subprocess.run([*OWN_NETWORK, "true"], check=False).returncode:
        return "the server needs a network of its own (unshare --map-root-user --net), which this machine refuses"
    return ""


@pytest.fixture(scope="session")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusProcess]:
    """Start a server for all tests of this run."""
    with _running(tmp_path_factory.mktemp("milvus"), two_nodes=False) as server:
        yield server


@pytest.fixture(scope="module")
def milvus_with_two_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusProcess]:
    """Start a server with two query nodes."""
    with _running(tmp_path_factory.mktemp("milvus2"), two_nodes=True) as server:
        yield server


@contextlib.contextmanager
def _running(data_dir: Path, *, two_nodes: bool) -> Iterator[MilvusProcess]:
    reason = why_not()
    if reason and os.environ.get("MILVUS_REQUIRED"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    server = MilvusProcess(data_dir, two_nodes=two_nodes)
    try:
        server.start()
        yield server
    finally:
        server.close()
