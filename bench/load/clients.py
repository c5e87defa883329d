"""Clients of the public API that call at a bounded rate and time every answer."""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import urllib3

from bench.load import calls

TIMEOUT_S = 30.0
POST_LIMIT_MS = 100.0  # the goal: 99 of 100 POSTs are answered within it


@dataclass
class Timings:
    """Seconds of every answer of 200, 201 or 204, by the kind of call, and how many others there were."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    others: Counter[str] = field(default_factory=Counter)
    took_s: float = 0.0

    def percentile_ms(self, share: float, kinds: Iterable[str] = calls.POSTS) -> float:
        """The duration that this share (in per cent) of the calls of these kinds kept, ms."""
        return percentile_ms([one for kind in kinds for one in self.seconds.get(kind, [])], share)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return sum(map(len, self.seconds.values())) / self.took_s if self.took_s else 0.0

    def by_kind(self) -> str:
        """Say p50 and p99 of each kind of call, ms."""
        return "; ".join(
            f"{kind} {percentile_ms(times, 50):.0f}, {percentile_ms(times, 99):.0f}"
            for kind, times in sorted(self.seconds.items())
        )


def percentile_ms(seconds: list[float], share: float) -> float:
    """The duration that this share (in per cent) of them kept, ms."""
    return float(np.percentile(seconds, share) * 1000) if seconds else float("inf")


def run(
    *,
    url: str,
    keys: list[str],
    music_ids: list[str],
    clients: int,
    seconds: float,
    each_per_s: float | None,
    seed: int = 1,
) -> Timings:
    """Have `clients` threads call for `seconds`, each so often and with one of `keys`; None: as fast as answered."""
    timings = Timings()
    ends_s = time.monotonic() + seconds
    threads = [
        threading.Thread(
            target=_client,
            args=(url, keys[number % len(keys)], music_ids, ends_s, each_per_s, timings, seed + number),
        )
        for number in range(clients)
    ]
    began_s = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    timings.took_s = time.monotonic() - began_s
    return timings


def _client(
    url: str, key: str, music_ids: list[str], ends_s: float, each_per_s: float | None, timings: Timings, seed: int
) -> None:
    caller = calls.Caller(music_ids, chance := random.Random(seed))
    due_s = time.monotonic() + (chance.random() / each_per_s if each_per_s else 0)
    with connection(url, key, TIMEOUT_S) as server:
        while due_s < ends_s:
            time.sleep(max(due_s - time.monotonic(), 0))
            _ask(server, caller, timings)
            due_s = due_s + 1 / each_per_s if each_per_s else time.monotonic()


def connection(url: str, key: str, timeout_s: float) -> urllib3.HTTPConnectionPool:
    """Return a connection that is kept, with the key. It costs a third of what `requests` does, on the same cores."""
    headers = {"Authorization": f"Bearer {key}"}
    return urllib3.connection_from_url(url, maxsize=1, timeout=timeout_s, retries=False, headers=headers)


def _ask(server: urllib3.HTTPConnectionPool, caller: calls.Caller, timings: Timings) -> None:
    kind, call = caller.next()
    path, headers = call.pop("path"), call.pop("headers", {})
    began_s = time.monotonic()
    try:
        answer = server.request(url=path, headers=server.headers | headers, **call)
    except urllib3.exceptions.HTTPError as error:
        timings.others[type(error).__name__] += 1
        return
    took_s = time.monotonic() - began_s
    if answer.status < 300:
        timings.seconds[kind].append(took_s)
        caller.note(kind, path, answer)
    else:
        timings.others[f"{kind} {answer.status}"] += 1
