"""The decoder's templates, as the process that decodes sees them: it lends one to a file, and keeps it for the next.

A template (``decoder_process.py``) has the libraries loaded and forks a child for each file, at a tenth of what a
process of its own costs. All its children have the same addresses in memory, which would help whoever attacks the
decoder by trying again. So a template is kept only after a file that was read without any error, and not for long: the
next try meets other addresses. It serves one file at a time; files side by side get templates of their own.
"""

import contextlib
import errno
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from functools import cache
from multiprocessing import util
from pathlib import Path
from typing import IO

from catalog.engine.audio.decoder_process import ANSWER, NO_CHILD, REQUEST

# After so many files or seconds a template makes room for one with other addresses. A start costs 0.13 s of CPU, so a
# hundredth of it is added to each file. One that nobody needs holds 19 MB of its own, for a minute or two.
# docs/log/2026-11-30-decoder-templates.md
MOST_FILES = 100
MOST_AGE_S = 60.0


class Template:
    """One template's process, started at once. ``OSError`` where the system starts no more."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self._started_s = time.monotonic()
        self._files = 0
        self._over = threading.Event()
        started: Future[int] = Future()
        self._keeper = threading.Thread(target=self._keep, args=(theirs, started), name="decoder template", daemon=True)
        try:
            self._keeper.start()
        except RuntimeError as error:  # no more threads
            self._socket.close()
            theirs.close()
            raise OSError(errno.EAGAIN, str(error)) from error
        _end_at_exit(os.getpid())
        self.pid = started.result()

    def begin(self, file: int, *numbers: float) -> tuple[IO[bytes], IO[bytes]]:
        """Have a child read an open file (a descriptor); return its samples and its report, to be read and closed.

        ``numbers``: those of a ``REQUEST``.
        """
        self._files += 1
        (out, their_out), (err, their_err) = _pipe(), _pipe()
        request = REQUEST.pack(*numbers)
        with their_out, their_err, contextlib.suppress(ConnectionError):  # a template that is gone sends nothing
            socket.send_fds(self._socket, [request], [file, their_out.fileno(), their_err.fileno()])
        return out, err

    def exit_code(self, within_s: float) -> int | None:
        """How the child ended, as ``Popen.returncode``; None where the template is gone.

        It may raise ``TimeoutError``, and another ``OSError`` where the system started no child.
        """
        self._socket.settimeout(within_s)
        try:
            answer = self._socket.recv(ANSWER.size)
        except ConnectionError:
            answer = b""
        code = int(ANSWER.unpack(answer)[0]) if answer else None
        if code is not None and code >= NO_CHILD:
            raise OSError(code - NO_CHILD, os.strerror(code - NO_CHILD))
        return code

    def is_usable(self) -> bool:
        """Whether it may serve another file, and is still there: it never speaks unasked."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        is_young = self._files < MOST_FILES and time.monotonic() - self._started_s < MOST_AGE_S
        return is_young and not poll.poll(0)

    def end(self) -> None:
        """Kill it, with its child, and wait until both are gone."""
        self._over.set()
        if not sys.is_finalizing():  # when threads run no more; the system ends it with this process
            self._keeper.join()

    def forget(self) -> None:
        """Leave it to the process that this one was forked from."""
        self._socket.close()

    def _keep(self, theirs: socket.socket, started: "Future[int]") -> None:
        """Start the process, and end it when it is over; in one thread, as Linux ends it with *the thread* it is of."""
        try:
            process = _started(theirs)
        except BaseException as error:  # noqa: BLE001  (whoever waits for it must hear of any)
            self._socket.close()
            started.set_exception(error)
            return
        started.set_result(process.pid)
        while not self._over.wait(MOST_AGE_S) and not _take_away(self):
            pass  # it is in use; whoever uses it ends it
        self._socket.close()
        with contextlib.suppress(OSError):  # it may be gone, and its child with it
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


_free: list[Template] = []  # a list's ``append``, ``pop`` and ``remove`` are each one step for all threads


@contextlib.contextmanager
def lent() -> Iterator[Template]:
    """A template for one file. It is kept for another one unless an error is raised meanwhile."""
    template = _free_one() or Template()
    try:
        yield template
    except BaseException:
        template.end()
        raise
    if template.is_usable():
        _free.append(template)
    else:
        template.end()


def end_all() -> None:
    """End the templates that nobody uses."""
    while _free:
        with contextlib.suppress(IndexError):
            _free.pop().end()


def _free_one() -> Template | None:
    while True:
        try:
            template = _free.pop()
        except IndexError:
            return None
        if template.is_usable():
            return template
        template.end()


def _take_away(template: Template) -> bool:
    """Whether it was free, and is so no more."""
    try:
        _free.remove(template)
    except ValueError:
        return False
    return True


def _pipe() -> tuple[IO[bytes], IO[bytes]]:
    ours, theirs = os.pipe()
    return os.fdopen(ours, "rb", buffering=0), os.fdopen(theirs, "wb", buffering=0)


def _started(theirs: socket.socket) -> "subprocess.Popen[bytes]":
    with theirs:
        return subprocess.Popen(  # noqa: S603  (a fixed program with a number for an argument)
            _command(),
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # To be killed with its child as one, but in this session: where the kernel weighs sessions (autogroup), a
            # decoder of its own would weigh as much as the whole web server, whatever the niceness of its worker.
            process_group=0,
            env={},
        )


def _command() -> list[str]:
    return [sys.executable, "-I", str(Path(__file__).with_name("decoder_process.py")), str(os.getpid())]


def _forget_all() -> None:
    for template in _free:
        template.forget()
    _free.clear()


@cache
def _end_at_exit(process: int) -> None:  # noqa: ARG001  (once in each process)
    """Have the templates ended when this process ends well: a process of ``multiprocessing`` skips ``atexit``.

    Linux would end them too, and leave them to a first process of a container, which may not know what to do with them.
    """
    util.Finalize(None, end_all, exitpriority=0)


os.register_at_fork(after_in_child=_forget_all)
