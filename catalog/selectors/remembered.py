"""Large counts, kept for some seconds: going through a whole table for every page would make each page slow."""

from collections.abc import Callable
from contextlib import suppress

from django.core.cache import cache

COUNTED_FRESH = 5_000
KEPT_S = 20


def remembered_count(name: str, count: Callable[[], int]) -> int:
    """Return `count()`; past `COUNTED_FRESH` it may be up to `KEPT_S` seconds old."""
    known: int | None = cache.get(_key(name))
    if known is not None:
        return known
    fresh = count()
    if fresh > COUNTED_FRESH:
        cache.set(_key(name), fresh, timeout=KEPT_S)
    return fresh


def shift(name: str, change: int) -> None:
    """Move a remembered count by what was just done, so that whoever did it sees it move."""
    with suppress(ValueError):  # nothing is remembered
        cache.incr(_key(name), change)


def _key(name: str) -> str:
    return f"count-{name}"
