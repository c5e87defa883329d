"""Which candidates in a query's windows are worth a close look, by what became of the ones before them."""

from collections import defaultdict

from catalog.engine.match import Match
from catalog.engine.search.candidates import WINDOW_S

FAILURES = 4  # candidates of a window that may fail in a row
NEGLIGIBLE = 0.1  # of the votes of what is believed there: what has fewer is chance beside it
STEP_S = WINDOW_S / 2


class Windows:
    """The half-overlapping windows of a query in one round. Candidates must come in the order of their votes."""

    def __init__(self) -> None:
        self._failures: defaultdict[int, int] = defaultdict(int)
        self._least: defaultdict[int, float] = defaultdict(float)

    def has_room(self, votes: float, anchor_s: float) -> bool:
        """Whether a candidate with so many votes around ``anchor_s`` (s) of the query is worth a close look."""
        window = _window(anchor_s)
        return self._failures[window] < FAILURES and votes >= self._least[window]

    def failed(self, anchor_s: float) -> None:
        """Count a candidate around ``anchor_s`` (s) that was not believed."""
        self._failures[_window(anchor_s)] += 1

    def found(self, match: Match, votes: float) -> None:
        """Count a candidate that is believed: where it plays, others now need a share of its ``votes``."""
        for segment in match.segments:
            for window in range(_window(segment.query_start_s), _window(segment.query_end_s) + 1):
                self._failures[window] = 0
                self._least[window] = max(self._least[window], NEGLIGIBLE * votes)


def _window(time_s: float) -> int:
    return int(time_s // STEP_S)
