"""Retries: what fails is tried again, later each time and not for ever, and delays nothing behind it."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=10)
MOST_TRIES = 8  # of what fails by itself: 5, 10, 20 s, … between them, ten minutes in all
MOST_WAITS = 150  # for something outside that does not answer: a day
# Trouble of the database, not of what was being done: all of it is tried again.
DATABASE_TROUBLE = (OperationalError, InterfaceError)
_LONGEST_ERROR = 2000
log = structlog.get_logger(__name__)
Item = TypeVar("Item")


class SomeFailedError(Exception):
    """Some of many items failed; all the others were done."""


def wait_after(tries: int) -> timedelta:
    """Return how long to wait after try number `tries`, counted from 1: twice as long each time."""
    doublings = min(max(tries, 1) - 1, 16)  # more would be longer than the longest, and too large a number in the end
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def words_of(error: BaseException) -> str:
    """Return an error as one line for staff."""
    return f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]


def for_each(
    items: Iterable[Item], do: Callable[[Item], object], *, failed: Callable[[Item], object] = lambda _: None
) -> int:
    """Do something with each item, whatever one of them raises; return how many times `do` returned true.

    `failed` is called with an item that raised, so that it can be put off and does not come first for ever.

    Raises:
        SomeFailedError: after all items, if one or more raised; its text has the first error.
        DatabaseError: the database itself is in trouble, which nothing behind it would survive.

    """
    done, number, first = 0, 0, None
    for item in items:
        try:
            done += bool(do(item))
        except DATABASE_TROUBLE:
            raise
        except Exception as error:
            log.exception("item_failed", item=str(item))
            number, first = number + 1, first or error
            failed(item)
    if first:
        raise SomeFailedError(f"{number} failed; the first: {words_of(first)}") from first
    return done
