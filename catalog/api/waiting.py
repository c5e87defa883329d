"""Clients that wait for something to happen: as many as the web server has threads to spare, a thread each.

One that finds no room is answered at once, and asks again a little later.
"""

import threading
import time
from collections.abc import Callable

from django.conf import settings

LOOKED_AGAIN_EVERY_S = 0.5
stopping = threading.Event()  # the web server sets it when it is told to end
_lock = threading.Lock()
_waiting = [0]


def wait_until(happened: Callable[[], bool], *, most_s: float) -> bool:
    """Look until something happened or the time is over, and return True; False at once where too many wait already."""
    if most_s <= 0 or not _enter():
        return False
    try:
        _look(happened, ends_s=time.monotonic() + most_s)
    finally:
        with _lock:
            _waiting[0] -= 1
    return True


def _enter() -> bool:
    with _lock:
        if _waiting[0] >= settings.EVENT_WAITERS:
            return False
        _waiting[0] += 1
        return True


def _look(happened: Callable[[], bool], *, ends_s: float) -> None:
    while not happened():
        left_s = ends_s - time.monotonic()
        if left_s <= 0 or stopping.wait(min(left_s, LOOKED_AGAIN_EVERY_S)):
            return
