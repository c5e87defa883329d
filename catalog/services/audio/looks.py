"""Looks at uploaded files, a few at once in a process.

A look costs a hundredth of a second of computing in a process of its own; after a file that could not be read it costs
a tenth. With one for each upload that comes, uploads take the processors from every other request, and each of them
takes longer too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore

from django.conf import settings

from catalog.engine.audio.decoding import probe
from catalog.engine.audio.info import AudioInfo
from catalog.services.audio.limits import decode_limits
from catalog.services.errors import NotReachableError

AWAITED_S = 30.0  # a turn; the thread of the request waits for it
LONGEST_S = 20.0  # of a look, which reads little of a file: a slow one must not cost the others their turn


def look(source: Path) -> AudioInfo:
    """Return what the file at `source` is.

    Raises:
        FingerprintError: it is no audio that can be read.
        NotReachableError: other uploads took all turns.

    """
    limits = decode_limits()
    with _turn():
        return probe(source, limits=replace(limits, wall_s=min(LONGEST_S, limits.wall_s)))


@contextmanager
def _turn() -> Iterator[None]:
    turns = _turns(settings.UPLOAD_LOOKS)
    if not turns.acquire(timeout=AWAITED_S):
        raise NotReachableError("Too many uploads are being looked at. Try again in a moment.")
    try:
        yield
    finally:
        turns.release()


@cache
def _turns(count: int) -> BoundedSemaphore:
    return BoundedSemaphore(count)
