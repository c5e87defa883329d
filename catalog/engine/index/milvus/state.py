"""How far a build has followed the log, and what it holds: kept in Milvus beside what it is about."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from catalog.engine.features.model import model
from catalog.engine.index.layout import LAYOUT_VERSION
from catalog.engine.parameters import PARAMETERS_VERSION

_COLLECTIONS_VERSION = 2  # of what lies in them beside the vectors


def layout() -> str:
    """What must be the same for vectors to be compared, and for what lies beside them to be understood."""
    return f"{PARAMETERS_VERSION} {LAYOUT_VERSION} {model().digest} {_COLLECTIONS_VERSION}"


@dataclass(frozen=True)
class State:
    """``mark`` tells the log from another one. ``touched``: tracks being written, left out of the totals."""

    sequence: int = 0
    mark: str = ""
    tracks: int = 0
    vectors: int = 0
    seconds: float = 0.0
    touched: tuple[int, ...] = ()
    layout: str = ""

    @classmethod
    def of_note(cls, note: str) -> Self:
        """What ``note`` gave."""
        known = json.loads(note)
        return cls(**known | {"touched": tuple(known["touched"])})

    def note(self) -> str:
        """As it is stored."""
        return json.dumps(asdict(self))

    def without(self, rows: Iterable[dict[str, Any]]) -> "State":
        """As it is when these tracks are left out."""
        return self._changed(rows, -1)

    def plus(self, rows: Iterable[dict[str, Any]]) -> "State":
        """As it is when these tracks are in."""
        return self._changed(rows, 1)

    def _changed(self, rows: Iterable[dict[str, Any]], sign: int) -> "State":
        rows = list(rows)
        return replace(
            self,
            tracks=self.tracks + sign * len(rows),
            vectors=self.vectors + sign * sum(row["vectors"] for row in rows),
            seconds=self.seconds + sign * sum(row["seconds"] for row in rows),
        )
