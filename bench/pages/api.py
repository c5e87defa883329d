"""What lists of the API cost, by cursor at any depth: for one account that has every track and every task."""

import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bench.goals import Goal

LIMIT_MS = 50.0  # a page by cursor
FILTER_LIMIT_MS = 1000.0  # what few rows have is looked for in all of them, as a search of the staff pages does
PAGES_READ = 40


def measure(total: int) -> Iterator[Goal]:
    """Give all to one account, then walk its lists to their end, and time pages first, in between and last."""
    client = _client(total)
    for path, name in (("/api/v1/music", "tracks"), ("/api/v1/task", "tasks"), ("/api/v1/events", "events")):
        times = _walk(client, path, total)
        slowest, median = max(times), statistics.median(times)
        words = f"median {median:.0f} ms, slowest {slowest:.0f} ms of {len(times)} pages of 100, first to last"
        yield Goal(f"API, {name} of {total:,} by cursor <= {LIMIT_MS:.0f} ms", words, median <= LIMIT_MS)
    for query in _filters():
        took_ms = _median_ms(client, query)
        yield Goal(f"API, {query} <= {FILTER_LIMIT_MS:.0f} ms", f"{took_ms:.0f} ms", took_ms <= FILTER_LIMIT_MS)


def _client(total: int) -> Any:
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.db.models import F  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from catalog.models import EventClock, Job, Track  # noqa: PLC0415
    from catalog.services.api_keys import create_key  # noqa: PLC0415

    owner, _ = User.objects.get_or_create(username="label with everything")  # a kept database has it
    Track.objects.update(owner=owner, removed_at=None)
    Job.objects.update(owner=owner, end_number=F("pk"))
    EventClock.objects.update_or_create(owner=owner, defaults={"last_number": total})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    key = create_key(owner=owner, tier="custom", custom_per_minute=1_000_000)[1]
    return Client(headers={"host": "127.0.0.1", "authorization": f"Bearer {key}"})


def _filters() -> list[str]:
    from django.utils import timezone  # noqa: PLC0415

    hour = (timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    music = ["title=song+4711", "title=none-such", "isrc=DEA129999999", "indexed=true", "indexed=false"]
    music += ["last_check=duplicate", "last_check=never", f"created_after={hour}"]
    tasks = ["status=success", "status=failure", "task_name=check_is_same", f"ended_after={hour}"]
    return [f"/api/v1/music?{query}" for query in music] + [f"/api/v1/task?{query}" for query in tasks]


def _walk(client: Any, path: str, total: int) -> list[float]:
    """Go through a list page by page; the times of `PAGES_READ` pages spread over it, and of the last, ms."""
    every, times, number = max(1, total // 100 // PAGES_READ), [], 0
    query = "after=0" if "events" in path else "limit=100"
    while query:
        began_s = time.perf_counter()
        answer = client.get(f"{path}?{query}")
        took_ms = (time.perf_counter() - began_s) * 1000
        if answer.status_code != 200:
            raise SystemExit(f"{path}?{query} answers {answer.status_code}: {answer.content!r}")
        told = answer.json()
        query = _next(told)
        if number and (number % every == 0 or not query):  # the first fills caches
            times.append(took_ms)
        number += 1
    return times


def _next(told: dict[str, Any]) -> str:
    if "next_after" in told:
        return f"after={told['next_after']}" if told["results"] else ""
    return f"limit=100&cursor={told['next_cursor']}" if told["next_cursor"] else ""


def _median_ms(client: Any, path: str) -> float:
    times = []
    for _ in range(4):
        began_s = time.perf_counter()
        if client.get(path).status_code != 200:
            raise SystemExit(f"{path} is not answered")
        times.append((time.perf_counter() - began_s) * 1000)
    return statistics.median(times[1:])
