"""django-q2's configuration: one queue for analysis, one for callbacks, so that a slow receiver delays no check."""

from math import ceil
from typing import Any

FINGERPRINT_CLUSTER = "fingerprint"
WEBHOOK_CLUSTER = "webhooks"


def _retry_s(*, timeout_s: int, workers: int, queue_limit: int) -> int:
    """Seconds before an unacknowledged job is offered again: prefetched jobs must not start their clock too early."""
    return timeout_s * (1 + ceil((queue_limit + 1) / workers)) + 300


def _cluster(*, timeout_s: int, workers: int, recycle: int) -> dict[str, Any]:
    queue_limit = 1
    return {
        "orm": "default",
        "workers": workers,
        "queue_limit": queue_limit,
        "timeout": timeout_s,
        "retry": _retry_s(timeout_s=timeout_s, workers=workers, queue_limit=queue_limit),
        "max_attempts": 1,  # its counter lies after a kill: the project's own job row counts
        "ack_failures": True,
        "recycle": recycle,
        "save_limit": -1,  # failures are kept; a row for each success, and its pruning, cost more than the job
        "guard_cycle": 0.5,  # 0.3 never kills a hang
        "poll": 0.1,
        "scheduler": False,  # nothing is scheduled there: this project has a sweeper
        "label": "Queue",
    }


def queue_cluster(*, timeout_s: int, fingerprint_workers: int, webhook_workers: int) -> dict[str, Any]:
    """Return `Q_CLUSTER`: the fingerprint cluster, with the webhook cluster as its alternative."""
    return {
        "name": FINGERPRINT_CLUSTER,
        **_cluster(timeout_s=timeout_s, workers=fingerprint_workers, recycle=500),
        "ALT_CLUSTERS": {WEBHOOK_CLUSTER: _cluster(timeout_s=60, workers=webhook_workers, recycle=500)},
    }
