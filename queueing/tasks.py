"""The functions that django-q calls by dotted name and by signal."""

from typing import Any

from queueing import queue_health, stopping


def sing(cluster: str) -> None:
    """Do nothing. This is the canary: its return shows that `cluster` runs and acknowledges tasks."""


def note_acknowledged(task: dict[str, Any], **signal: Any) -> None:  # noqa: ARG001  (django-q's signal)
    """Record in the cluster's monitor which task was acknowledged."""
    queue_health.note_acknowledged(task)


def listen_for_the_end(**signal: Any) -> None:  # noqa: ARG001  (django-q's signal)
    """Have a worker that starts hand back its job when it is told to stop."""
    stopping.hand_back_when_told()
