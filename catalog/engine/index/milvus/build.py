"""A build of the index in Milvus: one collection with the vectors, and one with a row for each track and the state.

The alias with the index's name leads to the second collection of the build in use. The state is stored with the data:
where Milvus loses the data, or an older backup is restored, the state is lost or older too.
"""

import re
import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Self

import numpy as np

from catalog.engine.errors import IndexUnavailable
from catalog.engine.features.spectrogram import Floats
from catalog.engine.index.interface import Entry
from catalog.engine.index.milvus import schemas
from catalog.engine.index.milvus.canaries import canary_track, is_canary, refuse_part
from catalog.engine.index.milvus.connection import Connection
from catalog.engine.index.milvus.rows import MAX_TRACK_ID, Ids, Rows, but_for, track_of
from catalog.engine.index.milvus.state import State

_TRACKS_A_CALL = 500
_IDS_A_CALL = 500_000
_STATE_ID = -(1 << 62)
_TRACKS = "_tracks"


_EMPTY_ROW = {"digest": "", "positions": 0, "vectors": 0, "seconds": 0.0, "note": "", "unused": [0.0, 0.0]}


def track_row(entry: Entry) -> dict[str, Any]:
    """The row of a track in the second collection."""
    vectors = entry.vectors
    counts = {"positions": len(vectors.values), "vectors": int(vectors.heard.sum()), "seconds": entry.duration_s}
    return _EMPTY_ROW | {"id": entry.track_id, "digest": entry.digest.hex()} | counts


def canary_row(number: int) -> dict[str, Any]:
    """The row of canary ``number`` in the second collection."""
    return _EMPTY_ROW | {"id": canary_track(number)}


class Build:
    """One build, by its name. Its calls raise what the client raises: wrap them in ``connection.unavailable``."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self.name = name
        self._tracks = f"{name}{_TRACKS}"

    @classmethod
    def create(cls, connection: Connection, index_name: str) -> Self:
        """Make an empty build, which no alias leads to yet."""
        build = cls(connection, f"{index_name}_b{uuid.uuid4().hex[:12]}")
        connection.create(build.name, *schemas.of_vectors())
        connection.create(build._tracks, *schemas.of_tracks())
        return build

    @classmethod
    def that_counts(cls, connection: Connection, index_name: str) -> Self | None:
        """The build in use, which the alias leads to; None where there is none."""
        tracks = connection.led_to(index_name)
        return cls(connection, tracks.removesuffix(_TRACKS)) if tracks else None

    def publish(self, index_name: str) -> None:
        """Let the alias lead to this build: from now on it is the one in use."""
        self._connection.lead(index_name, self._tracks)

    def drop_all_others(self, index_name: str) -> None:
        """Drop all other builds of this index: older ones, and those that were never finished."""
        own = re.compile(rf"{re.escape(index_name)}_b[0-9a-f]{{12}}({_TRACKS})?")
        for other in self._connection.collections():
            if own.fullmatch(other) and not other.startswith(self.name):
                self._connection.drop(other)

    # --- reading --------------------------------------------------------------------------------------------

    def state(self) -> State:
        """The state that was stored last. ``IndexUnavailable`` where Milvus gives none: every build in use has one."""
        rows = self._connection.query(self._tracks, ids=[_STATE_ID], output_fields=["note"])
        if not rows:
            raise IndexUnavailable("Milvus does not say how far the index has come.")
        return State.of_note(rows[0]["note"])

    def uncoded(self) -> int:
        """How many sealed vectors the server has not coded yet."""
        return self._connection.uncoded(self.name)

    def replicas(self) -> int:
        """How many copies of the vectors the cluster has loaded."""
        return self._connection.replicas(self.name)

    def search(
        self, values: Floats, keys: Ids, scores: Floats, *, thorough: bool, without: Collection[int] = ()
    ) -> None:
        """Fill (n, k) ``keys`` and ``scores`` with the nearest of (n, ROW_DIMENSIONS) ``values``, best first.

        Where fewer are found the rest stays as it was. ``without``: ids of tracks that are passed over.
        """
        lists = schemas.THOROUGH_LISTS if thorough else schemas.PROBE_LISTS
        self._connection.search(self.name, values, lists, keys, scores, condition=but_for(without))

    def twins(self, digest: bytes, canaries: Sequence[int]) -> list[int]:
        """The ids of the tracks with exactly this fingerprint, in order.

        ``IndexUnavailable`` where a row of the ``canaries`` is missing in the answer.
        """
        rows = self._rows_where(f'digest == "{digest.hex()}"', ["id"], canaries)
        return sorted(int(row["id"]) for row in rows)

    def rows_of(self, track_ids: Iterable[int], canaries: Sequence[int]) -> list[dict[str, Any]]:
        """The rows of those tracks that are in the index, without their digests.

        ``IndexUnavailable`` where a row of the ``canaries`` is missing in the answer.
        """
        wanted, fields = sorted(track_ids), ["id", "positions", "vectors", "seconds"]
        found: list[dict[str, Any]] = []
        for start in range(0, len(wanted), _TRACKS_A_CALL):
            found += self._rows_where(f"id in {wanted[start : start + _TRACKS_A_CALL]}", fields, canaries)
        return found

    def _rows_where(self, condition: str, fields: list[str], canaries: Sequence[int]) -> list[dict[str, Any]]:
        known = {canary_track(number) for number in canaries}
        rows = self._connection.query(
            self._tracks, filter=f"{condition} or id in {sorted(known)}", output_fields=fields
        )
        refuse_part(known.difference(row["id"] for row in rows))
        return [row for row in rows if row["id"] not in known]

    def census(self, vectors: int) -> tuple[Ids, Ids]:
        """The (n,) ids of all tracks, and the (n,) numbers of their vectors, about ``vectors`` together.

        Slow: it reads every key. A track without vectors is listed with 0.
        """
        listed, keys = self._every_id(self._tracks, vectors), self._every_id(self.name, vectors)
        owners = track_of(keys[~is_canary(keys)])
        track_ids, counts = np.unique(np.concatenate([listed[listed >= -MAX_TRACK_ID], owners]), return_counts=True)
        return track_ids, counts - np.isin(track_ids, listed)

    def _every_id(self, collection: str, vectors: int) -> Ids:
        """Every key of a collection, some hundred thousand a call: pymilvus' own iterator does not read Strong."""
        parts = vectors // _IDS_A_CALL + 1
        found: list[int] = []
        for part in range(parts):
            filter_ = f"id % {parts} == {part}" + (f" or id % {parts} == -{part}" if part else "")
            found += [row["id"] for row in self._connection.query(collection, filter=filter_, output_fields=["id"])]
        return np.array(found, np.int64)

    # --- writing --------------------------------------------------------------------------------------------

    def store(self, state: State) -> None:
        """Store the state."""
        self._connection.upsert(self._tracks, [_EMPTY_ROW | {"id": _STATE_ID, "note": state.note()}])

    def insert_vectors(self, rows: Rows) -> None:
        """Add vectors whose keys are not in the collection yet."""
        self._connection.insert_vectors(self.name, rows)

    def upsert_vectors(self, rows: Rows) -> None:
        """Add vectors, or replace those with the same keys."""
        self._connection.upsert_vectors(self.name, rows)

    def delete_vectors(self, keys: Sequence[int]) -> None:
        """Delete the vectors with these keys, where they are there."""
        self._connection.delete(self.name, keys)

    def upsert_tracks(self, rows: list[dict[str, Any]]) -> None:
        """Add rows of ``track_row`` or ``canary_row``, or replace those with the same ids."""
        self._connection.upsert(self._tracks, rows)

    def delete_tracks(self, track_ids: Sequence[int]) -> None:
        """Delete the rows of these tracks, but not their vectors."""
        self._connection.delete(self._tracks, track_ids)

    def flush_vectors(self) -> None:
        """Have Milvus write the vectors to storage. Slow."""
        self._connection.flush(self.name)
