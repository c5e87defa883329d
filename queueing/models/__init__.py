"""The queueing app's tables."""

from queueing.models.failing_duty import FailingDuty

__all__ = ["FailingDuty"]
