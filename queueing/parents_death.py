"""Processes that end with the one that started them, where the platform offers it (Linux)."""

import contextlib
import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent dies; does nothing where the kernel cannot."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent_pid:  # it died before it was asked for
            os._exit(1)


def end_with_parent_after_every_fork() -> None:
    """Have every process that is forked from this one, and from those, end with its parent."""
    forking = [os.getpid()]

    def remember() -> None:
        forking[0] = os.getpid()

    os.register_at_fork(before=remember, after_in_child=lambda: end_with_parent(forking[0]))
