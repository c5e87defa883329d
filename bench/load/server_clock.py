"""How long the server itself says that it took: the durations of its request log."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.load import calls

_KIND = {
    ("POST", "/api/v1/fingerprint/add"): calls.TASK,
    ("POST", "/api/v1/fingerprint/check"): calls.TASK,
    ("POST", "/api/v1/fingerprint"): calls.FINGERPRINT,
    ("POST", "/api/v1/music"): calls.UPLOAD,
    ("POST", "/api/v1/uploads/"): calls.BEGIN,
}


def seconds_since(began: float, log: Path) -> dict[str, list[float]]:
    """Return the seconds of each kind of POST since the moment `began` (Unix time); a batch counts as a task."""
    start = datetime.fromtimestamp(began, tz=UTC).isoformat()
    found: dict[str, list[float]] = defaultdict(list)
    for line in _lines(log):
        kind = _KIND.get((str(line.get("method")), str(line.get("path"))))
        if kind and str(line["timestamp"]) >= start:
            found[kind].append(float(line["duration_ms"]) / 1000)
    return found


def _lines(log: Path) -> Iterator[dict[str, object]]:
    """Yield the lines about requests."""
    for text in log.read_text(encoding="utf-8").splitlines():
        if '"request_answered"' in text:
            yield json.loads(text)
