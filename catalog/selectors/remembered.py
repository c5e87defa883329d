"""Large counts, kept for some seconds: counting a whole table would make every page slow."""

from collections.abc import Callable
from contextlib import suppress

from django.core.cache import cache

COUNTED_FRESH = 5_000
KEPT_S = 20


def remembered_count(name: str, count: Callable[[], int]) -> int:
    """Return `count()`; a count over `COUNTED_FRESH` may be up to `KEPT_S` seconds old."""
    known: int | None = cache.get(_key(name))
    if known is not None:
        return known
    fresh = count()
    if fresh > COUNTED_FRESH:
        cache.set(_key(name), fresh, timeout=KEPT_S)
    return fresh


def shift(name: str, change: int) -> None:
    """Change a remembered count by what was just done, so that the person who did it sees the effect."""
    with suppress(ValueError):  # nothing is remembered
        cache.incr(_key(name), change)


def _key(name: str) -> str:
    return f"count-{name}"
