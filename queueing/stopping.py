"""How a queue's worker ends when it is told to stop and has no more time."""

import signal
from types import FrameType

# Not TERM: django-q sends that to a worker that hangs, and where no Python runs only the default action ends it.
HAND_BACK_SIGNAL = signal.SIGUSR2


class WorkerStopped(SystemExit):
    """The worker was told to stop, and has no time to finish what it does."""


def hand_back_when_told() -> None:
    """Have this worker hand its job back and end when it gets `HAND_BACK_SIGNAL`."""
    signal.signal(HAND_BACK_SIGNAL, _stop)


def _stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  (a signal handler's arguments)
    signal.signal(HAND_BACK_SIGNAL, signal.SIG_IGN)  # handing back must not be broken off
    raise WorkerStopped
