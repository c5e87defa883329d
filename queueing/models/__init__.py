"""The queueing app's tables, and the columns that tables of other apps share."""

from queueing.models.chunked_work import ChunkedWork
from queueing.models.failing_duty import FailingDuty
from queueing.models.queue_heartbeat import QueueHeartbeat

__all__ = ["ChunkedWork", "FailingDuty", "QueueHeartbeat"]
