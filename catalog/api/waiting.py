"""Requests that wait for a task to end, if the web server can hold them (`holding`).

Any other server sends an empty answer at once, and the client asks again a little later.
"""

import random
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from rest_framework.request import Request

from catalog.api.holding import HELD, NEWS, WAITED, WAITS
from catalog.selectors.events import ended_after, last_numbers

# Clients that began to wait together, after a restart for instance, would come back together each time.
LONGEST_SHARE = 1.1  # of the time that a client asked for; each waits for a share of its own from 1 on
_chance = random.Random()  # noqa: S311  (a share of a wait, no secret)


@dataclass
class News:
    """What a look found for an account, of which `last` is the newest end. Its clients share what is read of it."""

    owner_id: int
    last: int
    told: dict[int, dict[str, Any]] = field(default_factory=dict)

    def after(self, number: int) -> dict[str, Any]:
        """Return the answer to those that waited for an end after `number`, read once."""
        if number not in self.told:
            self.told[number] = told_after(number, owner_id=self.owner_id, last=self.last)
        return self.told[number]


@dataclass(frozen=True)
class Wait:
    """A wait until a task of the account ends with a number over `after`, or until `time.monotonic()` is `ends_s`."""

    owner_id: int
    after: int
    ends_s: float

    @staticmethod
    def happened(waits: "Collection[Wait]") -> "dict[Wait, News]":
        """Return the news for those of `waits` for which a task has ended, in one query."""
        last = last_numbers({wait.owner_id for wait in waits})
        news = {owner_id: News(owner_id, number) for owner_id, number in last.items()}
        return {wait: news[wait.owner_id] for wait in waits if last.get(wait.owner_id, 0) > wait.after}


def told_after(number: int, *, owner_id: int, last: int) -> dict[str, Any]:
    """Return the next ends after `number` as clients are told. `last` is the account's newest, as read before."""
    ended = ended_after(owner_id=owner_id, number=number) if number < last else []
    return {
        "results": [job.callback_body for job in ended],
        "next_after": str(ended[-1].end_number if ended else last),
    }


def ask_to_wait(request: Request, *, owner_id: int, after: int, seconds: float) -> bool:
    """Ask the server to hold the request; False if it cannot, or holds enough requests already."""
    held: list[Wait] | None = request.META.get(HELD)
    if seconds <= 0 or held is None or not _has_room(held, owner_id):
        return False
    request.META[WAITS] = Wait(owner_id, after, time.monotonic() + seconds * _chance.uniform(1, LONGEST_SHARE))
    return True


def _has_room(held: list[Wait], owner_id: int) -> bool:
    of_owner = sum(wait.owner_id == owner_id for wait in held)
    return len(held) < settings.EVENT_WAITERS and of_owner < settings.EVENT_WAITERS_PER_ACCOUNT


def was_held(request: Request) -> bool:
    """Tell whether the request waited, and is answered now; False at its first run."""
    return request.META.get(WAITED) is not None


def answer_after_wait(request: Request) -> dict[str, Any] | None:
    """Return the answer to a request that was held; None at its first run."""
    wait: Wait | None = request.META.get(WAITED)
    news: News | None = request.META.get(NEWS)
    if wait is None:
        return None
    return news.after(wait.after) if news else {"results": [], "next_after": str(wait.after)}
