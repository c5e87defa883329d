"""Clients that hold `GET /events` open, beside others that POST: what they cost, and how late they hear of an end."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import urllib3

from bench.goals import Goal
from bench.load import clients

WAITERS = 200
LISTENERS = 10  # of them: of the account whose tasks end
TIMEOUT_S = 40.0
HEARD_LIMIT_S = 10.0  # the wait for another try, and a busy server
LEAST_S = 25.0  # longer than a wait: each of the clients, who began together, asks again while others POST


@dataclass
class Heard:
    """What clients were told: seconds from an end to its answer, and how each question went."""

    late_s: list[float] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    ended_s: dict[str, float] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)


def measure(
    *, url: str, own_keys: list[str], idle_keys: list[str], music_ids: list[str], seconds: float
) -> tuple[str, list[Goal]]:
    """POST from a client for each of `own_keys` while `WAITERS` wait; return a line for people, and the goals."""
    keys = own_keys[:1] * LISTENERS + [idle_keys[number % len(idle_keys)] for number in range(WAITERS - LISTENERS)]
    with listening(url, keys) as heard:
        time.sleep(5)
        timings = clients.run(
            url=url, keys=own_keys, music_ids=music_ids, clients=len(own_keys), seconds=seconds, each_per_s=1.0
        )
        time.sleep(HEARD_LIMIT_S)
    p99, late_s = timings.percentile_ms(99), float(np.percentile(heard.late_s, 99)) if heard.late_s else float("inf")
    unlucky = sum(
        count != LISTENERS for task, count in heard.seen.items() if time.time() - heard.ended_s[task] > HEARD_LIMIT_S
    )
    line = (
        f"{WAITERS} wait: POST p50 {timings.percentile_ms(50):.0f} ms, p99 {p99:.0f} ms; {len(heard.seen)} ends heard"
        f" after p50 {np.median(heard.late_s) if heard.late_s else 0:.1f} s, p99 {late_s:.1f} s,"
        f" {unlucky} not by all; answers {dict(heard.answers)}; not 200: {dict(timings.others) or 'none'}"
    )
    return line, [
        Goal(f"POST p99 <= {clients.POST_LIMIT_MS:.0f} ms while {WAITERS} clients wait for events", f"{p99:.0f} ms",
             p99 <= clients.POST_LIMIT_MS and not timings.others),
        Goal(f"an end is heard within {HEARD_LIMIT_S:.0f} s by {LISTENERS} of {WAITERS} (99 %)", f"{late_s:.1f} s",
             late_s <= HEARD_LIMIT_S),
    ]  # fmt: skip


@contextmanager
def listening(url: str, keys: list[str]) -> Iterator[Heard]:
    """Have a client for each key wait for events; what the account of the first key hears is counted."""
    heard, stop = Heard(), threading.Event()
    for key in keys:
        threading.Thread(target=_listen, args=(url, key, key == keys[0], heard, stop), daemon=True).start()
    try:
        yield heard
    finally:
        stop.set()


def _listen(url: str, key: str, counts: bool, heard: Heard, stop: threading.Event) -> None:  # noqa: FBT001
    after = "latest"
    with clients.connection(url, key, TIMEOUT_S) as server:
        while not stop.is_set():
            try:
                answer = server.request("GET", f"/api/v1/events?after={after}&wait=20")
            except urllib3.exceptions.HTTPError as error:
                heard.answers[type(error).__name__] += 1
                continue
            told = answer.json()
            kind = "with ends" if told.get("results") else "no room" if "Retry-After" in answer.headers else "waited"
            heard.answers[kind if answer.status == 200 else str(answer.status)] += 1
            if counts:
                _note(told.get("results", []), heard)
            after = told.get("next_after", after)
            stop.wait(float(answer.headers.get("Retry-After", 0)))


def _note(bodies: list[dict[str, str]], heard: Heard) -> None:
    now = time.time()
    for body in bodies:
        heard.seen[body["task_id"]] += 1
        heard.ended_s[body["task_id"]] = datetime.fromisoformat(f"{body['completed_at']}+00:00").timestamp()
        heard.late_s.append(now - heard.ended_s[body["task_id"]])
