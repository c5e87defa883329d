"""How vectors lie in a Milvus collection, and under which keys.

Both halves and the canaries share one collection, so that one call searches all of them. Two numbers are added to the
48 of a vector to tell their kinds apart: two of one kind are always nearer to each other than two of different kinds.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.engine.features.embedding import DIMENSIONS
from catalog.engine.features.patches import HALVES
from catalog.engine.features.spectrogram import Floats
from catalog.engine.index.interface import Entry

Ids = NDArray[np.int64]
ROW_DIMENSIONS = DIMENSIONS + 2
POSITION_BITS = 20  # positions of one track: twelve days at one a second
KEY_BITS = POSITION_BITS + 1  # and the half
MAX_TRACK_ID = (1 << 41) - 1
KIND_GAP = 2.0  # what equal kinds add to a cosine; different ones take half of it off
CANARY_KIND = HALVES  # the halves are kinds 0 and 1
_TURNS = 2 * np.pi * np.arange(HALVES + 1) / (HALVES + 1)
_KINDS = (np.sqrt(KIND_GAP) * np.stack([np.cos(_TURNS), np.sin(_TURNS)], axis=1)).astype(np.float32)


@dataclass(frozen=True)
class Rows:
    """Keys (n,) and vectors (n, ROW_DIMENSIONS), as they are stored."""

    keys: Ids
    values: Floats

    def chunks(self, size: int) -> Iterator["Rows"]:
        """The rows in order, at most ``size`` at a time."""
        for start in range(0, len(self.keys), size):
            yield Rows(self.keys[start : start + size], self.values[start : start + size])


def joined(parts: Sequence[Rows]) -> Rows:
    """The rows of all parts, one after the other."""
    if not parts:
        return Rows(np.zeros(0, np.int64), np.zeros((0, ROW_DIMENSIONS), np.float32))
    return Rows(np.concatenate([part.keys for part in parts]), np.concatenate([part.values for part in parts]))


def of_kind(values: Floats, kind: int) -> Floats:
    """(n, DIMENSIONS) vectors → (n, ROW_DIMENSIONS) with the two numbers of their kind."""
    rows: Floats = np.hstack([values, np.broadcast_to(_KINDS[kind], (len(values), 2))]).astype(np.float32)
    return rows


def track_rows(entry: Entry) -> Rows:
    """The rows of a track: the heard vectors of both halves. ``ValueError`` for an id beyond ``MAX_TRACK_ID``."""
    parts = []
    for half in range(HALVES):
        position = np.flatnonzero(entry.vectors.heard[:, half])
        keys = _keys(entry.track_id, position, half)
        parts.append(Rows(keys, of_kind(entry.vectors.values[position, half], half)))
    return joined(parts)


def all_keys(track_id: int, positions: int) -> Ids:
    """The (n,) keys that a track of so many positions may have. ``ValueError`` for an id beyond ``MAX_TRACK_ID``."""
    return np.concatenate([_keys(track_id, np.arange(positions), half) for half in range(HALVES)])


def _keys(track_id: int, position: Ids, half: int) -> Ids:
    if not -MAX_TRACK_ID <= track_id <= MAX_TRACK_ID:
        raise ValueError("A Milvus index takes track ids of at most 41 bits.")
    keys: Ids = (np.int64(track_id) << KEY_BITS) + (position.astype(np.int64) << 1) + half
    return keys


def but_for(track_ids: Collection[int]) -> str:
    """A filter in Milvus' own language that leaves out the rows of some tracks; empty for none."""
    spans = [(track_id << KEY_BITS, (track_id + 1) << KEY_BITS) for track_id in sorted(track_ids)]
    return " and ".join(f"(id < {first} or id >= {end})" for first, end in spans)


def track_of(keys: Ids) -> Ids:
    """(n,) keys → the (n,) ids of their tracks."""
    tracks: Ids = keys >> KEY_BITS
    return tracks


def position_of(keys: Ids) -> Ids:
    """(n,) keys → the (n,) positions in their tracks."""
    positions: Ids = (keys >> 1) & ((1 << POSITION_BITS) - 1)
    return positions


def half_of(keys: Ids) -> Ids:
    """(n,) keys → the (n,) halves."""
    halves: Ids = keys & 1
    return halves
