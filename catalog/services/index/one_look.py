"""Questions to what may hang, such as a cluster: one at a time, and nobody waits long."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotDoneError
from typing import Generic, TypeVar

from django.db import connections

from catalog.engine import IndexUnavailable

PATIENCE_S = 5.0  # how long the asker who begins a look waits; load balancers ask again after about as long
KEPT_S = 2.0  # how long an answer is given out again
_Answer = TypeVar("_Answer")


class OneLook(Generic[_Answer]):
    """Answers many askers by one thread that looks. A look that hangs holds that thread, not the web server's."""

    def __init__(self, look: Callable[[], _Answer]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._begun_s = 0.0
        self._running: Future[_Answer] | None = None
        self._last: Future[_Answer] | None = None

    def answer(self) -> _Answer:
        """Return what a look of its own sees, or what another look has just seen.

        Raises:
            IndexUnavailable: no look ended within `PATIENCE_S`. An error of the look itself is raised too.

        """
        looking, left_s = self._join()
        try:
            return looking.result(timeout=left_s)
        except NotDoneError as error:
            raise IndexUnavailable(f"There was no answer within {PATIENCE_S:.0f} s.") from error

    def _join(self) -> tuple[Future[_Answer], float]:
        """Return the look to ask, and for how many seconds; the last one while somebody else's has just begun."""
        with self._lock:
            now_s = time.monotonic()
            age_s = now_s - self._begun_s
            if self._running is None or (self._running.done() and age_s >= KEPT_S):
                self._last, self._begun_s = self._running, now_s
                self._running = Future[_Answer]()
                threading.Thread(target=self._run, args=(self._running,), name="one-look", daemon=True).start()
                return self._running, PATIENCE_S
            if self._last is not None and not self._running.done() and age_s < PATIENCE_S:
                return self._last, 0.0
            return self._running, max(PATIENCE_S - age_s, 0.0)

    def _run(self, begun: "Future[_Answer]") -> None:
        try:
            begun.set_result(self._look())
        except BaseException as error:  # noqa: BLE001  (whoever asked is told)
            begun.set_exception(error)
        finally:
            connections.close_all()  # this thread's own
