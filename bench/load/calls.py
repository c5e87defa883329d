"""What a client of the public API asks for, in proportions: tasks, lists, uploads of each kind."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from bench.chaos.traffic import RECORDINGS, excerpts
from catalog.engine import Fingerprinter

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
TASK, BATCH, LIST, FINGERPRINT, UPLOAD, BEGIN, SEND = (
    "task",
    "ten tasks",
    "list",
    "fingerprint",
    "file",
    "begin",
    "piece",
)
# Of 27 calls; a task in seven has a key to repeat it.
SHARES = {TASK: 14, BATCH: 2, LIST: 7, FINGERPRINT: 2, UPLOAD: 1, BEGIN: 1}
LISTS = ("/api/v1/music", "/api/v1/task", "/api/v1/events?after=latest", "/api/v1/key")
PAGED = {"/api/v1/music", "/api/v1/task"}
LOOKED_AT = {UPLOAD, SEND}  # the file is decoded before the answer
POSTS = (TASK, BATCH, FINGERPRINT, BEGIN)


@dataclass
class Caller:
    """One client: its chance, and where it is in the lists."""

    music_ids: list[str]
    chance: random.Random
    cursors: dict[str, str] = field(default_factory=dict)
    place: str = ""  # of the upload that it began
    body: bytes = b""

    def next(self) -> tuple[str, dict[str, Any]]:
        """Return the kind of the next call and what `urllib3` makes it of."""
        if self.place:
            call = {"method": "PATCH", "path": self.place, "headers": PIECE, "body": self.body}
            self.place = ""
            return SEND, call
        kind = self.chance.choices([*SHARES], [*SHARES.values()])[0]
        return kind, {TASK: self._task, BATCH: self._batch, LIST: self._list, FINGERPRINT: self._fingerprint,
                      UPLOAD: self._upload, BEGIN: self._begin}[kind]()  # fmt: skip

    def note(self, kind: str, path: str, answer: Any) -> None:
        """Keep what the next call needs of an answer."""
        if kind == BEGIN:
            self.place = answer.headers["Location"]
        elif kind == LIST and (path := path.partition("?")[0]) in PAGED:
            self.cursors[path] = answer.json()["next_cursor"] or ""

    def _task(self) -> dict[str, Any]:
        once = {"Idempotency-Key": f"{self.chance.getrandbits(64):x}"} if self.chance.random() < 1 / 7 else {}
        return self._posted(json={"musicId": self.chance.choice(self.music_ids)}, headers=once)

    def _batch(self) -> dict[str, Any]:
        return self._posted(json={"musicIds": self.chance.sample(self.music_ids, min(10, len(self.music_ids)))})

    def _posted(self, **what: Any) -> dict[str, Any]:
        return {"method": "POST", "path": f"/api/v1/fingerprint/{self.chance.choice(['add', 'check'])}"} | what

    def _list(self) -> dict[str, Any]:
        path = self.chance.choice(LISTS)
        cursor = self.cursors.get(path)
        return {"method": "GET", "path": f"{path}?cursor={cursor}" if cursor else path}

    def _fingerprint(self) -> dict[str, Any]:
        return {"method": "POST", "path": "/api/v1/fingerprint", "fields": {"fingerprint": ("a.fp", fingerprint())}}

    def _upload(self) -> dict[str, Any]:
        return {"method": "POST", "path": "/api/v1/music", "fields": {"file": ("a.mp3", self._file())}}

    def _begin(self) -> dict[str, Any]:
        self.body = self._file()
        return {"method": "POST", "path": "/api/v1/uploads/", "headers": TUS | {"Upload-Length": str(len(self.body))}}

    def _file(self) -> bytes:
        """Return an excerpt whose bytes nobody has sent before."""
        return self.chance.choice(files()) + self.chance.randbytes(16)


@cache
def files() -> list[bytes]:
    """Return excerpts of the bundled recordings, about 100 kB each."""
    return excerpts(random.Random(1))


@cache
def fingerprint() -> bytes:
    """Return what a client made of a bundled recording."""
    return Fingerprinter().fingerprint(next(bundled())).to_bytes()


def bundled() -> Iterator[Any]:
    """Yield the bundled recordings."""
    yield from sorted(path for path in RECORDINGS.iterdir() if path.suffix == ".mp3")
