"""``python -m bench.pages [sqlite] [postgresql]``: what each staff page costs the server itself, by `make bench-pages`.

In one process, from the request to the last byte, without network and browser, with 100,000 tracks and rows in every
table there is: every list as it is, by each of its filters, sorted by each column and searched, and what a callback in
costs with many kept. (bench.load asks the same of a running site on PostgreSQL, with a million tasks.)
"""

import os
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

from bench.goals import Goal
from bench.pages import api, decisions, filling, lists, places, rows, rules
from bench.pages.databases import on_each
from bench.pages.rows import OTHERS, RECEIVED, TRACKS

REPEATS = 3
# Lists whose names hold this word, such as `webhooks.source`; or `api`, or `named`: the pages of `places` alone.
ONLY = os.environ.get("PAGES_ONLY", "")
LIST_LIMIT_MS = 500.0  # of a list by any of its filters and columns
CALLBACK_LIMIT_MS = 50.0
LOOKS_AT_ALL = {"catalog.track by index"}  # tracks that are not in the index: here there is none, and all are looked at
SHOWN_FROM_MS = 200.0  # what is faster is in the sum alone


def main() -> int:
    """Run on each database that is named."""
    return on_each("bench.pages", _run)


def _run(database: str) -> int:
    """Fill a database of its own, time each page, and say which goals are met."""
    _fill()
    print(f"{TRACKS:,} tracks, {RECEIVED:,} callbacks in, every table, {database}; load {os.getloadavg()[0]:.1f}")
    missed = 0
    for goal in _measure():
        print(goal.line(), flush=True)
        missed += not goal.met
    return int(missed > 0)


def _fill() -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django_q.models import Failure, OrmQ  # noqa: PLC0415

    if User.objects.filter(username="bench").exists():  # kept from the run before
        return
    User.objects.create_superuser("bench")
    User.objects.bulk_create(User(username=f"label {number}") for number in range(1, OTHERS + 1))
    filling.fill(rows.sizes(), rows.special(), OTHERS)
    now = rows.now()
    Failure.objects.bulk_create(
        Failure(
            id=f"{n:032x}", name=f"entry {n}", func="f", cluster="fingerprint", started=now, stopped=now, success=False
        )
        for n in range(OTHERS)
    )
    OrmQ.objects.bulk_create(OrmQ(key="fingerprint", payload="", lock=now) for _ in range(10))
    if empty := filling.empty_tables():
        raise SystemExit(f"Nothing was put in {', '.join(empty)}")


def _measure() -> Iterator[Goal]:
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    desk = Client(headers={"host": "127.0.0.1"})
    desk.force_login(User.objects.get(username="bench"))
    for page in places.pages():
        cpu_s = time.process_time()
        took_ms = _median_ms(desk, page.path)
        cpu_ms = (time.process_time() - cpu_s) * 1000 / (REPEATS + 1)
        told = f"{took_ms:.0f} ms, {cpu_ms:.0f} ms of CPU, {_queries(desk, page.path)} queries"
        yield Goal(f"{page.name} <= {page.limit_ms:.0f} ms", told, took_ms <= page.limit_ms)
    yield from decisions.measure(desk)
    if ONLY == "named":
        return
    if ONLY != "api":
        yield from _lists(desk)
        yield _callback_in()
        yield _export(desk)
        yield from rules.measure()
    yield from api.measure(TRACKS)  # last: it gives everything to one account


def _goal(name: str, took_ms: float, limit_ms: float) -> Goal:
    return Goal(f"{name} <= {limit_ms:.0f} ms", f"{took_ms:.0f} ms", took_ms <= limit_ms)


def _lists(desk: Any) -> Iterator[Goal]:
    """Time every list; a line for those that are slow, and one for the rest."""
    fast = 0
    for name, path, searches in lists.addresses(desk):
        if ONLY not in name:
            continue
        took_ms = _median_ms(desk, path)
        limit_ms = places.SEARCH_LIMIT_MS if searches or name in LOOKS_AT_ALL else LIST_LIMIT_MS
        if took_ms >= SHOWN_FROM_MS:
            yield _goal(name, took_ms, limit_ms)
        else:
            fast += 1
    yield Goal("every other list, filter, column, search and row", f"{fast} under {SHOWN_FROM_MS:.0f} ms", bool(fast))


def _callback_in() -> Goal:
    """Time callbacks that are signed as the contract says, without a signature of the body."""
    from django.test import Client  # noqa: PLC0415

    from tests.webhooks import signed  # noqa: PLC0415
    from tests.webhooks.conftest import CHECKED  # noqa: PLC0415

    outside, times = Client(headers={"host": "127.0.0.1"}), []
    for number in range(20):
        body = CHECKED | {"task_id": f"task_20270101000000_{number:08}"}
        headers = signed.mippia(rows.SECRET, body["task_id"])
        began_s = time.perf_counter()
        answer = signed.call(outside, body, headers, source="source-1")
        times.append((time.perf_counter() - began_s) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"A callback in is answered {answer.status_code}: {answer.content!r}")
    return _goal(f"a callback in, {RECEIVED:,} kept", statistics.median(times), CALLBACK_LIMIT_MS)


def _export(desk: Any) -> Goal:
    began_s = time.perf_counter()
    answer = desk.get("/admin/catalog/track/export/")
    lines = sum(part.count(b"\n") for part in answer.streaming_content)
    took_s = time.perf_counter() - began_s
    return Goal(f"CSV of all {TRACKS:,} tracks <= 60 s", f"{took_s:.1f} s, {lines:,} lines", took_s <= 60)


def _queries(desk: Any, path: str) -> int:
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    with CaptureQueriesContext(connection) as asked:
        desk.get(path)
    return len(asked)


def _median_ms(desk: Any, path: str) -> float:
    times = []
    for number in range(REPEATS + 1):
        began_s = time.perf_counter()
        answer = desk.get(path)
        times.append((time.perf_counter() - began_s) * 1000 if number else 0.0)
        if answer.status_code != 200:
            raise SystemExit(f"{path} answers {answer.status_code}")
    return statistics.median(times[1:])  # the first fills caches


if __name__ == "__main__":
    sys.exit(main())
