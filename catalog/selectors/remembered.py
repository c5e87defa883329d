"""Large counts, kept for some seconds: going through a whole table for every page would make each page slow."""

from collections.abc import Callable

from django.core.cache import cache

COUNTED_FRESH = 5_000
KEPT_S = 20


def remembered_count(name: str, count: Callable[[], int]) -> int:
    """Return `count()`; past `COUNTED_FRESH` it may be up to `KEPT_S` seconds old."""
    key = f"count-{name}"
    known: int | None = cache.get(key)
    if known is not None:
        return known
    fresh = count()
    if fresh > COUNTED_FRESH:
        cache.set(key, fresh, timeout=KEPT_S)
    return fresh
