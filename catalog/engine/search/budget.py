"""How much CPU time a search may take, and whom it tells how far it is."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

CPU_S_A_MINUTE, LEAST_CPU_S = 2.5, 10.0  # of the query, that naming may take; and at the least
Progress = Callable[[float, int], None]  # (seconds of the query that are done, recordings found so far)


def _nobody(done_s: float, found: int) -> None:
    """Nobody listens."""


@dataclass
class Budget:
    """``cpu_s`` seconds of CPU of this thread, from the moment it is made.

    ``progress`` is told how far the search is, and may raise to end it. ``was_needed``: the time ran out.
    """

    cpu_s: float
    progress: Progress = _nobody
    _began: float = field(default_factory=time.thread_time)
    was_needed: bool = False

    @classmethod
    def of(cls, duration_s: float, cpu_s_a_minute: float, progress: Progress | None) -> Self:
        """The budget of a query of ``duration_s`` seconds: at least ``LEAST_CPU_S``."""
        return cls(max(LEAST_CPU_S, cpu_s_a_minute * duration_s / 60), progress or _nobody)

    def has_time(self) -> bool:
        """Whether there is time left. Asking this leaves the answer complete."""
        return time.thread_time() - self._began <= self.cpu_s

    def is_spent(self) -> bool:
        """Whether the time has run out. Once true it stays so, and the answer is not complete."""
        self.was_needed = self.was_needed or not self.has_time()
        return self.was_needed

    def report(self, done_s: float, found: int) -> None:
        """Tell ``progress`` that ``done_s`` seconds of the query are done and ``found`` recordings found."""
        self.progress(done_s, found)
