"""Clients of the public API that ask at a bounded rate and time every answer."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import requests

TIMEOUT_S = 30.0


@dataclass
class Timings:
    """Seconds of every POST that was answered with 200, and how many were not."""

    seconds: list[float] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    took_s: float = 0.0

    def percentile_ms(self, share: float) -> float:
        """The duration that this share (in per cent) of the requests kept, ms."""
        return float(np.percentile(self.seconds, share) * 1000) if self.seconds else float("inf")

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.took_s if self.took_s else 0.0


def run(
    *, url: str, key: str, music_ids: list[str], clients: int, seconds: float, each_per_s: float | None, seed: int = 1
) -> Timings:
    """Have `clients` threads POST adds and checks for `seconds`, each so often; None: as fast as answered."""
    timings = Timings()
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
            path = chance.choice(["add", "check"])
            began_s = time.monotonic()
            body = {"musicId": chance.choice(music_ids)}
            try:
                status = session.post(f"{url}/api/v1/fingerprint/{path}", json=body, timeout=TIMEOUT_S).status_code
            except requests.RequestException as error:
                timings.others[type(error).__name__] += 1
            else:
                if status == 200:
                    timings.seconds.append(time.monotonic() - began_s)
                else:
                    timings.others[str(status)] += 1
            due_s = due_s + 1 / each_per_s if each_per_s else time.monotonic()
