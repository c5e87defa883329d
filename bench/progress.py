"""How far a bench has come, on the screen."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def counted(items: Iterable[Item], total: int, what: str, every: int = 100) -> Iterator[Item]:
    """The items as they come, and a line after ``every`` so many."""
    for number, item in enumerate(items, 1):
        yield item
        if number % every == 0:
            print(f"{what}: {number} of {total}", flush=True)
