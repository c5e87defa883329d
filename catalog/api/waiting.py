"""Requests that wait for a task to end, if the web server can hold them (`holding`).

Any other server sends an empty answer at once, and the client asks again a little later.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from rest_framework.request import Request

from catalog.api.holding import HELD, WAITED, WAITS
from catalog.selectors.events import last_numbers


@dataclass(frozen=True)
class Wait:
    """A wait until a task of the account ends with a number over `after`, or until `time.monotonic()` is `ends_s`."""

    owner_id: int
    after: int
    ends_s: float

    @staticmethod
    def happened(waits: "Collection[Wait]") -> "set[Wait]":
        """Return those of `waits` for which a task has ended, in one query."""
        last = last_numbers({wait.owner_id for wait in waits})
        return {wait for wait in waits if last.get(wait.owner_id, 0) > wait.after}


def ask_to_wait(request: Request, *, owner_id: int, after: int, seconds: float) -> bool:
    """Ask the server to hold the request; False if it cannot, or holds enough requests already."""
    held: list[Wait] | None = request.META.get(HELD)
    if seconds <= 0 or held is None or not _has_room(held, owner_id):
        return False
    request.META[WAITS] = Wait(owner_id, after, time.monotonic() + seconds)
    return True


def _has_room(held: list[Wait], owner_id: int) -> bool:
    of_owner = sum(wait.owner_id == owner_id for wait in held)
    return len(held) < settings.EVENT_WAITERS and of_owner < settings.EVENT_WAITERS_PER_ACCOUNT


def waited_for(request: Request) -> Wait | None:
    """Return what the request was held for; None at its first run."""
    return request.META.get(WAITED)
