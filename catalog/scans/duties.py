"""What the sweeper does for scans, again and again."""

from catalog.scans import scanning, schedules
from queueing.duties import SWEEPING_AGAIN_S, Duty

_SCHEDULES_S = 10.0
_LATE_S = 60.0

DUTIES = (
    Duty("continue the scan", scanning.sweep_scan, 0.0, longest_s=SWEEPING_AGAIN_S),
    Duty("start scheduled scans", schedules.start_due, _SCHEDULES_S, longest_s=_LATE_S),
)
