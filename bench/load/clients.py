"""Clients of the public API that ask at a bounded rate and time every answer."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import requests

from bench.chaos.traffic import RECORDINGS
from catalog.engine import Fingerprinter

TIMEOUT_S = 30.0
POST_LIMIT_MS = 100.0  # the goal: 99 of 100 POSTs are answered within it
BEGIN_UPLOAD = {"Tus-Resumable": "1.0.0", "Upload-Length": "100000"}


@dataclass
class Timings:
    """Seconds of every POST and of every GET that was answered with 200, and how many calls were not."""

    seconds: list[float] = field(default_factory=list)
    reads_s: list[float] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    took_s: float = 0.0

    def percentile_ms(self, share: float) -> float:
        """The duration that this share (in per cent) of the requests kept, ms."""
        return float(np.percentile(self.seconds, share) * 1000) if self.seconds else float("inf")

    @property
    def rate(self) -> float:
        """Answers a second."""
        return (len(self.seconds) + len(self.reads_s)) / self.took_s if self.took_s else 0.0


def run(
    *, url: str, key: str, music_ids: list[str], clients: int, seconds: float, each_per_s: float | None, seed: int = 1
) -> Timings:
    """Have `clients` threads call for `seconds`, each so often; None: as fast as answered.

    Seven calls of twelve ask for a task, one in seven of them with a key to repeat it; one asks for ten; two read a
    list; one uploads a fingerprint; one begins an upload in pieces.
    """
    timings = Timings()
    fingerprint()
    ends_s = time.monotonic() + seconds
    threads = [
        threading.Thread(target=_client, args=(url, key, music_ids, ends_s, each_per_s, timings, seed + number))
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
    chance = random.Random(seed)
    due_s = time.monotonic() + (chance.random() / each_per_s if each_per_s else 0)
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {key}"
        while due_s < ends_s:
            time.sleep(max(due_s - time.monotonic(), 0))
            call = _call(chance, music_ids)
            began_s = time.monotonic()
            try:
                status = session.request(url=url + call.pop("path"), timeout=TIMEOUT_S, **call).status_code
            except requests.RequestException as error:
                timings.others[type(error).__name__] += 1
            else:
                took_s = time.monotonic() - began_s
                if status not in (200, 201):
                    timings.others[str(status)] += 1
                elif call["method"] == "POST":
                    timings.seconds.append(took_s)
                else:
                    timings.reads_s.append(took_s)
            due_s = due_s + 1 / each_per_s if each_per_s else time.monotonic()


@cache
def fingerprint() -> bytes:
    """Return what a client made of a bundled recording."""
    return Fingerprinter().fingerprint(next(path for path in RECORDINGS.iterdir() if path.suffix == ".mp3")).to_bytes()


def _call(chance: random.Random, music_ids: list[str]) -> dict[str, Any]:
    """Return the next call of a client that does a bit of everything."""
    task = f"/api/v1/fingerprint/{chance.choice(['add', 'check'])}"
    kind = chance.randrange(12)
    if kind == 11:
        return {"method": "POST", "path": "/api/v1/uploads/", "headers": BEGIN_UPLOAD}
    if kind == 10:
        return {"method": "POST", "path": "/api/v1/fingerprint", "files": {"fingerprint": ("a.fp", fingerprint())}}
    if kind >= 8:
        path = chance.choice(["/api/v1/music", "/api/v1/task?limit=50", "/api/v1/events?after=latest", "/api/v1/key"])
        return {"method": "GET", "path": path}
    if kind == 7:
        return {"method": "POST", "path": task, "json": {"musicIds": chance.sample(music_ids, min(10, len(music_ids)))}}
    once = {"Idempotency-Key": f"{chance.getrandbits(64):x}"} if kind == 6 else {}
    return {"method": "POST", "path": task, "json": {"musicId": chance.choice(music_ids)}, "headers": once}
