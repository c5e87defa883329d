"""What the review page remembers of a person's sitting: pairs put aside, and how many were decided."""

from django.contrib.sessions.backends.base import SessionBase

from catalog.selectors.review import Pair

_KEY = "review"
MOST_SKIPPED = 500


class ReviewSitting:
    """A view on the session; every change is stored with it."""

    def __init__(self, session: SessionBase) -> None:
        self._session = session
        self._data: dict[str, object] = session.get(_KEY) or {"skipped": [], "done": 0}

    @property
    def skipped(self) -> list[Pair]:
        """Pairs put aside, oldest first."""
        return [(int(first), int(second)) for first, second in self._data["skipped"]]  # type: ignore[attr-defined]

    @property
    def done(self) -> int:
        """How many pairs were decided in this sitting."""
        return int(self._data["done"])  # type: ignore[call-overload]

    def skip(self, pair: Pair) -> None:
        """Put a pair aside."""
        kept = [other for other in self.skipped if other != pair]
        self._store(skipped=[*kept, pair][-MOST_SKIPPED:])

    def bring_back(self) -> None:
        """Take up again what was put aside."""
        self._store(skipped=[])

    def count(self, change: int) -> None:
        """Count a decision, or one taken back."""
        self._store(done=max(self.done + change, 0))

    def forget(self, pair: Pair) -> None:
        """A pair that was put aside is in hand again."""
        self._store(skipped=[other for other in self.skipped if other != pair])

    def _store(self, **changes: object) -> None:
        self._data = self._data | changes
        self._session[_KEY] = self._data
