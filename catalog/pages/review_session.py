"""What the review remembers of a person's session: decided and skipped pairs, the way back, and what comes next."""

from django.contrib.sessions.backends.base import SessionBase

from catalog.selectors.review import Pair

_KEY = "review"
MOST_SKIPPED = 500
MOST_BEHIND = 200  # pairs to go back to
_EMPTY: dict[str, object] = {"skipped": [], "done": 0, "behind": [], "plan": []}


class ReviewSitting:
    """The review's part of the session; it stores every change at once."""

    def __init__(self, session: SessionBase) -> None:
        self._session = session
        self._data: dict[str, object] = _EMPTY | (session.get(_KEY) or {})

    @property
    def skipped(self) -> list[Pair]:
        """The pairs that were put aside, oldest first."""
        return self._pairs("skipped")

    @property
    def plan(self) -> list[Pair]:
        """The pairs that come next, in order; others may have decided some of them since."""
        return self._pairs("plan")

    @plan.setter
    def plan(self, pairs: list[Pair]) -> None:
        self._store(plan=pairs)

    @property
    def done(self) -> int:
        """How many pairs were decided in this session."""
        return int(self._data["done"])  # type: ignore[call-overload]

    def before(self, pair: Pair | None) -> Pair | None:
        """Return the pair that the page showed before this one."""
        behind = self._pairs("behind")
        place = behind.index(pair) if pair in behind else len(behind)
        return behind[place - 1] if place else None

    def skip(self, pair: Pair) -> None:
        """Put a pair aside."""
        self._pass(pair)
        self._store(skipped=[*_without(self.skipped, pair), pair][-MOST_SKIPPED:])

    def bring_back(self) -> None:
        """Bring back the pairs that were put aside."""
        self._store(skipped=[], plan=[])

    def count(self, change: int) -> None:
        """Count a decision (1) or an undone one (-1)."""
        self._store(done=max(self.done + change, 0))

    def decided(self, pair: Pair) -> None:
        """Note that the pair was decided; if it was put aside, it no longer is."""
        self._pass(pair)
        self._store(skipped=_without(self.skipped, pair))

    def _pass(self, pair: Pair) -> None:
        behind = _without(self._pairs("behind"), pair)
        self._store(behind=[*behind, pair][-MOST_BEHIND:], plan=_without(self.plan, pair))

    def _pairs(self, name: str) -> list[Pair]:
        return [(int(first), int(second)) for first, second in self._data[name]]  # type: ignore[attr-defined]

    def _store(self, **changes: object) -> None:
        self._data = self._data | changes
        self._session[_KEY] = self._data


def _without(pairs: list[Pair], pair: Pair) -> list[Pair]:
    return [other for other in pairs if other != pair]
