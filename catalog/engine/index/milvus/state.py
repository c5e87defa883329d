"""How far a build has followed the log, and how much it holds: stored in Milvus with the data."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from catalog.engine.features.model import model
from catalog.engine.index.layout import LAYOUT_VERSION
from catalog.engine.parameters import PARAMETERS_VERSION

_COLLECTIONS_VERSION = 2  # of what lies in them beside the vectors


def layout() -> str:
    """The versions that must be equal for a build to be used: of the vectors, and of the collections."""
    return f"{PARAMETERS_VERSION} {LAYOUT_VERSION} {model().digest} {_COLLECTIONS_VERSION}"


@dataclass(frozen=True)
class State:
    """The state of the log at ``sequence``, and the totals of tracks, vectors and seconds.

    ``mark`` tells this log from another one. ``touched``: tracks that are being written, which the totals leave out.
    """

    sequence: int = 0
    mark: str = ""
    tracks: int = 0
    vectors: int = 0
    seconds: float = 0.0
    touched: tuple[int, ...] = ()
    layout: str = ""

    @classmethod
    def of_note(cls, note: str) -> Self:
        """Read what ``note`` wrote."""
        known = json.loads(note)
        return cls(**known | {"touched": tuple(known["touched"])})

    def note(self) -> str:
        """The state as JSON, as it is stored."""
        return json.dumps(asdict(self))

    def without(self, rows: Iterable[dict[str, Any]]) -> "State":
        """The state with the tracks of these ``rows`` taken off the totals."""
        return self._changed(rows, -1)

    def plus(self, rows: Iterable[dict[str, Any]]) -> "State":
        """The state with the tracks of these ``rows`` added to the totals."""
        return self._changed(rows, 1)

    def _changed(self, rows: Iterable[dict[str, Any]], sign: int) -> "State":
        rows = list(rows)
        return replace(
            self,
            tracks=self.tracks + sign * len(rows),
            vectors=self.vectors + sign * sum(row["vectors"] for row in rows),
            seconds=self.seconds + sign * sum(row["seconds"] for row in rows),
        )
