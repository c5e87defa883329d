"""For `assert all(... for x in some(xs))`: of nothing everything is true, and the check would hold nothing."""

from collections.abc import Iterable
from typing import TypeVar

Item = TypeVar("Item")


def some(items: Iterable[Item]) -> list[Item]:
    """Return the items; fails where there is none."""
    found = list(items)
    assert found, "there is nothing to check"
    return found
