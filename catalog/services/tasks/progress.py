"""How far a long search is: written for people who watch, and read to notice that nobody wants it any more."""

import time
from collections.abc import Callable

EVERY_S = 1.0  # a write for each step would be one more that all others wait for


class WorkLost(Exception):  # noqa: N818  (nothing is wrong with the work)
    """The work is not this worker's any more: a person stopped it, or the lease was lost."""


class Progress:
    """Called by the engine with the seconds of the recording that are done, and how many recordings were found."""

    def __init__(self, note: Callable[[float, int], bool]) -> None:
        """`note` writes it down; False where the work was lost."""
        self._note = note
        self._due_s = time.monotonic() + EVERY_S

    def __call__(self, done_s: float, found: int) -> None:
        """Write it down, at most every `EVERY_S`.

        Raises:
            WorkLost: the work is not this worker's any more.

        """
        now_s = time.monotonic()
        if now_s < self._due_s:
            return
        self._due_s = now_s + EVERY_S
        if not self._note(done_s, found):
            raise WorkLost
