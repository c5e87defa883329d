"""How vectors lie in a Milvus collection: their keys, and canaries among them.

Both halves and the canaries share one collection, so that one call asks for all of them. Two more numbers beside the 48
keep them apart: two vectors of one kind are always nearer to each other than two of different kinds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.engine.embedding import DIMENSIONS, Vectors
from catalog.engine.patches import HALVES
from catalog.engine.reference_index import NOTHING, Entry, Neighbours
from catalog.engine.spectrogram import Floats

Ids = NDArray[np.int64]
ROW_DIMENSIONS = DIMENSIONS + 2
POSITION_BITS = 20  # positions of one track: six days at two a second
_KEY_BITS = POSITION_BITS + 1  # and the half
MAX_TRACK_ID = (1 << 41) - 1
_FIRST_CANARY = 1 - (1 << 42)  # in the place of a track: below every track that is taken
KIND_GAP = 2.0  # what equal kinds add to a cosine; different ones take half of it off
_TURNS = 2 * np.pi * np.arange(HALVES + 1) / (HALVES + 1)
_KINDS = (np.sqrt(KIND_GAP) * np.stack([np.cos(_TURNS), np.sin(_TURNS)], axis=1)).astype(np.float32)
_CANARY_KIND = HALVES
CANARY_EVERY = 64  # operations of the log
_CANARY_FOUND = 0.98  # cosine with itself, after eight-bit coding


@dataclass(frozen=True)
class Rows:
    """Keys (n,) and vectors (n, ROW_DIMENSIONS), as they are stored."""

    keys: Ids
    values: Floats

    def chunks(self, size: int) -> Iterator["Rows"]:
        """At most ``size`` at a time."""
        for start in range(0, len(self.keys), size):
            yield Rows(self.keys[start : start + size], self.values[start : start + size])


def joined(parts: Sequence[Rows]) -> Rows:
    """All of them."""
    if not parts:
        return Rows(np.zeros(0, np.int64), np.zeros((0, ROW_DIMENSIONS), np.float32))
    return Rows(np.concatenate([part.keys for part in parts]), np.concatenate([part.values for part in parts]))


def track_rows(entry: Entry) -> Rows:
    """What is stored of a track: the heard vectors of both halves."""
    parts = []
    for half in range(HALVES):
        position = np.flatnonzero(entry.vectors.heard[:, half])
        keys = _keys(entry.track_id, position, half)
        parts.append(Rows(keys, _of_kind(entry.vectors.values[position, half], half)))
    return joined(parts)


def all_keys(track_id: int, positions: int) -> Ids:
    """Every key that a track of so many positions may have."""
    return np.concatenate([_keys(track_id, np.arange(positions), half) for half in range(HALVES)])


def _keys(track_id: int, position: Ids, half: int) -> Ids:
    if not -MAX_TRACK_ID <= track_id <= MAX_TRACK_ID:
        raise ValueError("A Milvus index takes track ids of at most 41 bits.")
    keys: Ids = (np.int64(track_id) << _KEY_BITS) + (position.astype(np.int64) << 1) + half
    return keys


def _of_kind(values: Floats, kind: int) -> Floats:
    rows: Floats = np.hstack([values, np.broadcast_to(_KINDS[kind], (len(values), 2))]).astype(np.float32)
    return rows


def canary_rows(numbers: Sequence[int]) -> Rows:
    """Random directions that are the same in every process."""
    keys = np.array([_canary_key(number) for number in numbers], np.int64)
    values = np.array([_direction(number) for number in numbers], np.float32).reshape(-1, DIMENSIONS)
    return Rows(keys, _of_kind(values, _CANARY_KIND))


def _canary_key(number: int) -> int:
    return (_FIRST_CANARY + number) << _KEY_BITS


def _direction(number: int) -> Floats:
    values = np.random.default_rng(number).standard_normal(DIMENSIONS)
    return (values / np.linalg.norm(values)).astype(np.float32)


def canaries_up_to(sequence: int) -> int:
    """How many canaries an index has that has seen operation ``sequence``: one at the start, then one in 64."""
    return sequence // CANARY_EVERY + 1


def some_canaries(sequence: int, count: int) -> list[int]:
    """At most ``count`` of them, from all ages alike: old and new segments lie on different machines."""
    return sorted({int(number) for number in np.linspace(0, canaries_up_to(sequence) - 1, count)})


def is_canary(keys: Ids) -> NDArray[np.bool_]:
    """Which keys are canaries'."""
    return keys < (-MAX_TRACK_ID << _KEY_BITS)


NO_QUERIES = Vectors(
    np.zeros((0, HALVES, DIMENSIONS), np.float32), np.zeros(0, np.float32), np.zeros((0, HALVES), np.bool_)
)


@dataclass(frozen=True)
class Questions:
    """One call: the heard query vectors of both halves, then canaries."""

    values: Floats  # (m, ROW_DIMENSIONS)
    half: Ids  # (m - canaries,)
    row: Ids
    canaries: list[int]


def questions(queries: Vectors, canaries: list[int]) -> Questions:
    """Put the query vectors that are heard, and the canaries, into one call."""
    half, row = np.nonzero(queries.heard.T)
    asked = [_of_kind(queries.values[row[half == kind], kind], kind) for kind in range(HALVES)]
    return Questions(np.concatenate([*asked, canary_rows(canaries).values]), half, row, canaries)


def lost_canaries(asked: Questions, keys: Ids, scores: Floats) -> list[int]:
    """The canaries that did not find themselves. ``keys`` and ``scores``: (m, k), the answers to the call."""
    first = len(asked.half)
    found = (keys[first:, 0] == [_canary_key(number) for number in asked.canaries]) & (
        scores[first:, 0] - KIND_GAP > _CANARY_FOUND
    )
    return [number for number, is_found in zip(asked.canaries, found, strict=True) if not is_found]


def neighbours(asked: Questions, keys: Ids, scores: Floats, shape: tuple[int, int, int]) -> Neighbours:
    """The answers to the call as the search wants them; ``keys`` 0 with score ``NOTHING`` where there are fewer."""
    near = Neighbours(np.full(shape, NOTHING, np.float32), np.zeros(shape, np.int64), np.zeros(shape, np.int64))
    count = len(asked.half)
    keys, scores = keys[:count], scores[:count]
    same = (scores > NOTHING) & ~is_canary(keys) & ((keys & 1) == asked.half[:, None])
    place = asked.half, asked.row
    near.similarity[place] = np.where(same, scores - KIND_GAP, NOTHING)
    near.track_id[place] = np.where(same, keys >> _KEY_BITS, 0)
    near.position[place] = np.where(same, (keys >> 1) & ((1 << POSITION_BITS) - 1), 0)
    return near


def track_of(keys: Ids) -> Ids:
    """The tracks behind keys."""
    tracks: Ids = keys >> _KEY_BITS
    return tracks
