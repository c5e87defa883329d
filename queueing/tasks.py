"""What django-q calls: by dotted name, and by signal."""

from typing import Any

from queueing import queue_health, stopping


def sing(cluster: str) -> None:
    """Do nothing: a canary that comes back shows that `cluster` runs tasks and acknowledges them."""


def note_acknowledged(task: dict[str, Any], **signal: Any) -> None:  # noqa: ARG001  (django-q's signal)
    """See in the cluster's monitor which task was acknowledged."""
    queue_health.note_acknowledged(task)


def listen_for_the_end(**signal: Any) -> None:  # noqa: ARG001  (django-q's signal)
    """Have a worker that starts hand back what it does when it is told to."""
    stopping.hand_back_when_told()
