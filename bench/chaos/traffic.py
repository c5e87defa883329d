"""Clients of the public API: they upload real audio, add and check it, and remember every answer of 200."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import requests

from bench.audio import RATE, encoded, read

RECORDINGS = Path(__file__).resolve().parents[2] / "tests" / "audio"
EXCERPT_S = (6.0, 20.0)
EXCERPTS = 24
DAMAGED_SHARE = 0.05
KNOWN_SHARE = 0.3  # uploads of bytes that are there already
TIMEOUT_S = 30.0
ACCOUNTS = {"good": 5, "flaky": 5, "slow": 2, "refusing": 1, "gone": 2}


def excerpts(chance: random.Random) -> list[bytes]:
    """Stretches of the bundled recordings as MP3 files."""
    sources = sorted(path for path in RECORDINGS.iterdir() if path.suffix in {".ogg", ".mp3"})
    made = []
    for number in range(EXCERPTS):
        start_s, length_s = chance.uniform(0, 8), chance.uniform(*EXCERPT_S)
        samples = read(sources[number % len(sources)], start_s, length_s)
        made.append(encoded(samples, "libmp3lame", "mp3", RATE, {"b": "64k"}).getvalue())
    return made


@dataclass
class Ledger:
    """What the service has promised: the tasks that it accepted with 200, by account."""

    accepted: dict[str, str] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, call: str, status: int | str) -> None:
        """Count an answer."""
        with self.lock:
            self.answers[f"{call} {status}"] += 1


class Clients:
    """Threads that ask for `jobs` tasks in about `seconds`."""

    def __init__(
        self,
        *,
        url: str,
        keys: dict[str, str],
        jobs: int,
        seconds: float,
        seed: int,
        quiet: threading.Event,
        count: int = 3,
    ) -> None:
        self._quiet = quiet
        self.ledger = Ledger()
        self._url = f"{url}/api/v1"
        self._keys = keys
        self._jobs = jobs
        self._pause_s = seconds / jobs * count
        self._audio = excerpts(random.Random(seed))
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._run, args=(random.Random(seed + number),), name=f"client {number}", daemon=True
            )
            for number in range(count)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask for no more."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def done(self) -> bool:
        """Whether as many tasks were accepted as were wanted."""
        return len(self.ledger.accepted) >= self._jobs

    def _run(self, chance: random.Random) -> None:
        session = requests.Session()
        known: dict[str, list[str]] = {account: [] for account in ACCOUNTS}
        while not self._stop.is_set():
            if self.done or self._quiet.is_set():
                self._stop.wait(1)
                continue
            account = chance.choices(list(ACCOUNTS), weights=list(ACCOUNTS.values()))[0]
            session.headers["Authorization"] = f"Bearer {self._keys[account]}"
            music_id = self._upload(session, chance)
            if music_id:
                known[account].append(music_id)
            for call in ("add", "check", "check"):
                began_s = time.monotonic()
                if known[account]:
                    self._task(session, call, account, chance.choice([*known[account][-3:], known[account][-1]]))
                self._stop.wait(max(self._pause_s * chance.uniform(0.5, 1.5) - (time.monotonic() - began_s), 0.01))

    def _upload(self, session: requests.Session, chance: random.Random) -> str:
        data = chance.choice(self._audio)
        if chance.random() < DAMAGED_SHARE:
            data = data[: len(data) // 2] + chance.randbytes(len(data) // 2)
        elif chance.random() > KNOWN_SHARE:
            data += bytes(chance.randrange(1, 200))  # other bytes, the same sound
        answer = self._call(session, "music", files={"file": ("excerpt.mp3", data)})
        return str(answer.get("musicId", ""))

    def _task(self, session: requests.Session, call: str, account: str, music_id: str) -> None:
        answer = self._call(session, f"fingerprint/{call}", json={"musicId": music_id})
        if "taskId" in answer:
            with self.ledger.lock:
                self.ledger.accepted[str(answer["taskId"])] = account

    def _call(self, session: requests.Session, path: str, **body: object) -> dict[str, object]:
        try:
            response = session.post(f"{self._url}/{path}", timeout=TIMEOUT_S, **body)  # type: ignore[arg-type]
        except requests.RequestException as error:
            self.ledger.note(path, type(error).__name__)
            self._stop.wait(0.5)
            return {}
        self.ledger.note(path, response.status_code)
        if response.status_code != 200:
            self._stop.wait(0.5)
            return {}
        answer: dict[str, object] = response.json()
        return answer
