"""What the sweeper does for rules, again and again."""

from catalog.rules import runs
from queueing.duties import SWEEPING_AGAIN_S, Duty

DUTIES = (Duty("continue rules", runs.sweep_runs, 0.0, longest_s=SWEEPING_AGAIN_S),)
