"""The decoder's template: a process with PyAV loaded, which forks a child for each file.

To start Python and load the libraries costs more than to look at a file. ``decoder_templates.py`` starts this module by
path with ``python -I``; it runs its neighbours by path and imports PyAV. Argument: the parent's process id. Standard
input: a socket to the parent, all that it holds. It reads no byte of a file itself.

A request is a `REQUEST`: the sample rate (Hz; 0 = look only), the most seconds to decode, CPU seconds, address-space
bytes. Three descriptors come with it and become the child's standard streams: the file itself, open, as the child can
open none; a pipe for interleaved stereo 16-bit samples (none when only looking); a pipe for one JSON object, last.
The child gives up its rights before it reads, and ends after the file. The answer, an `ANSWER`, is its exit code, or
minus the signal that ended it. Where the system starts no child, it is `NO_CHILD` and the error's number, the last one.
"""

import gc
import json
import os
import runpy
import signal
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

REQUEST, ANSWER = struct.Struct("<Qdqq"), struct.Struct("<i")
STREAMS = 3
NO_CHILD = 1 << 8  # more than any exit code
GIVES_WAY = 5  # niceness over its parent's: who uploads a file waits a little, and not whoever else asks meanwhile
Read = Callable[[int, float, Callable[[], list[str]]], dict[str, Any]]


def neighbour(name: str) -> SimpleNamespace:
    """Run the file ``name``.py beside this one, as this process cannot import the project; return its names."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name(f"{name}.py")), run_name=name))


def main(parent_pid: int, load: Callable[[], Read]) -> None:
    """Load everything, then fork children until the parent closes the socket. ``load`` gives what a child does."""
    limits = neighbour("sandbox")
    limits.die_with_parent(parent_pid)
    os.nice(GIVES_WAY)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, as a process may inherit it, no child has an exit code
    serve(limits, load())


def load() -> Read:
    """Load the libraries; return what a child does: (sample rate in Hz, most seconds, confine) → its report."""
    import av  # noqa: PLC0415
    import av.subtitles.stream  # noqa: PLC0415  (PyAV itself waits until it meets some)

    av.logging.set_level(av.logging.PANIC)
    parts, streams, readers, tags = map(neighbour, ("decoder_parts", "decoder_stream", "decoder_reader", "tag_reader"))

    def read(sample_rate: int, max_s: float, confine: Callable[[], list[str]]) -> dict[str, Any]:
        if not sample_rate:
            tags.count_time()
        report: dict[str, Any] = {"confined": confine()}
        report |= readers.Reader(av, parts, streams, sample_rate=sample_rate, max_s=max_s).report()
        if not sample_rate and "error" not in report:
            with open(0, "rb", closefd=False) as file:
                report["tags"] = tags.all_tags(file, report["tags"])
        return report

    return read


def serve(limits: Any, read: Read) -> None:
    """Fork a child for each request, one after the other. ``limits``: the module ``sandbox``."""
    limits.prepare()
    gc.collect()
    gc.freeze()  # a child that counted its references would copy all of this process's memory
    with socket.socket(fileno=0) as parent:
        while True:
            request, files, _, _ = socket.recv_fds(parent, REQUEST.size, STREAMS)
            if len(request) < REQUEST.size or len(files) < STREAMS:
                return
            template = os.getpid()
            try:
                child = os.fork()
            except OSError as error:  # no more processes or memory: no fault of the file
                parent.sendall(ANSWER.pack(NO_CHILD + (error.errno or 0)))
                return
            if not child:
                _be_child(limits, read, template, request, files)
            for file in files:
                os.close(file)
            parent.sendall(ANSWER.pack(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))


def _be_child(limits: Any, read: Read, template: int, request: bytes, files: list[int]) -> NoReturn:
    """Read the file and end. The first descriptor takes the place of the socket."""
    code = 1
    try:
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        limits.die_with_parent(template)
        sample_rate, max_s, cpu_s, memory_bytes = REQUEST.unpack(request)
        report = json.dumps(read(sample_rate, max_s, lambda: limits.confine(cpu_s, memory_bytes)), ensure_ascii=False)
        sys.stderr.buffer.write(b"\n" + report.encode("utf-8", "replace"))
        sys.stderr.flush()
        code = 0
    finally:
        os._exit(code)  # whatever happened: the template's own work is not the child's to go on with


if __name__ == "__main__":
    main(int(sys.argv[1]), load)
