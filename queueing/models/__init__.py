"""The queueing app's tables."""

from queueing.models.failing_duty import FailingDuty
from queueing.models.queue_heartbeat import QueueHeartbeat

__all__ = ["FailingDuty", "QueueHeartbeat"]
