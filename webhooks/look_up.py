"""A time limit for looking up a host's name: the system itself may wait half a minute for a name server."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LOOKED_UP_S = 5.0  # how long whoever saves a URL, and a callback's worker, waits for the host's name


class LookUpTooLongError(OSError):
    """The name servers did not answer in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The name servers did not say within {seconds:g} s where the host is.")


def looked_up(work: Callable[[], T], *, seconds: float) -> T:
    """Do `work` in a thread and return what it returns, or raise what it raises.

    Raises LookUpTooLongError after `seconds`. The thread ends when the system gives the look-up up.
    """
    returned: list[T] = []
    raised: list[Exception] = []

    def run() -> None:
        try:
            returned.append(work())
        except Exception as error:  # noqa: BLE001  (raised again below)
            raised.append(error)

    thread = threading.Thread(target=run, name="look-up", daemon=True)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not returned:
        raise LookUpTooLongError(seconds)
    return returned[0]
