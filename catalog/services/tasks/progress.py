"""The progress of a long search: stored for people who watch; storing it shows whether the search is still wanted."""

import time
from collections.abc import Callable

EVERY_S = 1.0  # a write for each step would be one more that all others wait for


class WorkLost(Exception):  # noqa: N818  (nothing is wrong with the work)
    """The work is no longer this worker's: a person stopped it, or the lease was lost."""


class Progress:
    """What the engine calls with the seconds of the recording that are done and the number of recordings found."""

    def __init__(self, note: Callable[[float, int], bool]) -> None:
        """Use `note` to store the progress; it returns False if the work was lost."""
        self._note = note
        self._due_s = time.monotonic() + EVERY_S

    def __call__(self, done_s: float, found: int) -> None:
        """Store the progress, at most every `EVERY_S` seconds.

        Raises:
            WorkLost: the work is no longer this worker's.

        """
        now_s = time.monotonic()
        if now_s < self._due_s:
            return
        self._due_s = now_s + EVERY_S
        if not self._note(done_s, found):
            raise WorkLost
