"""``python -m bench.pages.search [sqlite] [postgresql]``: the search of everything, on a large catalog.

From the request to the last byte of the header's panel, with 100,000 tracks, 200,000 tasks and 500,000 callbacks: for
each kind a word that finds, and words that are nowhere, for which all tracks are looked through.
"""

import os
import statistics
import sys
import time
from typing import Any
from urllib.parse import urlencode

from bench.goals import Goal
from bench.pages import filling, rows
from bench.pages.databases import on_each

TRACKS, TASKS, CALLBACKS = 100_000, 200_000, 500_000
LIMIT_MS = 100.0
REPEATS = 21


def main() -> int:
    """Run on each database that is named."""
    return on_each("bench.pages.search", _run)


def _run(database: str) -> int:
    _fill()
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    desk = Client(headers={"host": "127.0.0.1"})
    desk.force_login(User.objects.get(username="bench"))
    load = os.getloadavg()[0]
    print(f"{TRACKS:,} tracks, {TASKS:,} tasks, {CALLBACKS:,} callbacks, {database}; load {load:.1f}")
    missed = 0
    for asked in _questions():
        goal = _goal(desk, asked)
        print(goal.line(), flush=True)
        missed += not goal.met
    return int(missed > 0)


def _fill() -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415

    from catalog.models import ApiKey, AudioFile, Job, Track  # noqa: PLC0415
    from webhooks.models import Endpoint, Message, Received, Source  # noqa: PLC0415

    if User.objects.exists():  # kept from the run before
        return
    User.objects.create_superuser("bench")
    User.objects.bulk_create(User(username=f"label {number}") for number in range(1, rows.OTHERS + 1))
    sizes = {AudioFile: TRACKS, Track: TRACKS, Job: TASKS, Message: CALLBACKS, Received: TASKS}
    special = rows.special()
    for model in (AudioFile, Track, Job, ApiKey, Endpoint, Message, Source, Received):
        count = sizes.get(model, rows.sizes().get(model._meta.label, rows.OTHERS))  # noqa: SLF001
        filling.fill_one(model, count, special[model._meta.label])  # noqa: SLF001
    Track.objects.filter(pk=TRACKS // 2).update(isrc="GBAYE0601498", words="song\nsomebody\n\ngbaye0601498\n\n")
    filling._count_on()  # noqa: SLF001  (the table's statistics)


def _questions() -> list[str]:
    from catalog.models import Job, Track  # noqa: PLC0415
    from webhooks.models import Message  # noqa: PLC0415

    task = Job.objects.values_list("task_id", flat=True).get(pk=TASKS // 3)
    message = Message.objects.order_by("pk").values_list("message_id", flat=True)[CALLBACKS // 3]
    music_id = Track.objects.values_list("music_id", flat=True).get(pk=77)
    of_tracks = ["song", "song 4711", "artist 3 album 3", "GBAYE0601498", str(music_id)]
    return [*of_tracks, task, task[:-4], task[:8], message, "label7.example", "review", "none-such", "none such words"]


def _goal(desk: Any, asked: str) -> Goal:
    times = []
    for _ in range(REPEATS):
        began_s = time.perf_counter()
        answer = desk.get(f"/admin/search/?{urlencode({'q': asked, 'panel': ''})}")
        times.append((time.perf_counter() - began_s) * 1000)
    found = answer.content.count(b"<li>")
    took_ms, slow_ms = statistics.median(times[1:]), statistics.quantiles(times[1:], n=20, method="inclusive")[-1]
    told = f"{took_ms:.0f} ms, 95 % {slow_ms:.0f} ms, {found} shown"
    return Goal(f"“{asked}” <= {LIMIT_MS:.0f} ms", told, slow_ms <= LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
