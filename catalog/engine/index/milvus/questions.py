"""One call of the search: vectors of both halves and canaries are sent together, and their answers read apart."""

from dataclasses import dataclass

import numpy as np

from catalog.engine.features.embedding import DIMENSIONS, Vectors
from catalog.engine.features.patches import HALVES
from catalog.engine.features.spectrogram import Floats
from catalog.engine.index.interface import NOTHING, Neighbours
from catalog.engine.index.milvus.canaries import canary_keys, canary_rows, is_canary
from catalog.engine.index.milvus.rows import KIND_GAP, Ids, half_of, of_kind, position_of, track_of

_CANARY_FOUND = 0.98  # cosine with itself, after eight-bit coding
NO_QUERIES = Vectors(
    np.zeros((0, HALVES, DIMENSIONS), np.float32), np.zeros(0, np.float32), np.zeros((0, HALVES), np.bool_)
)


@dataclass(frozen=True)
class Questions:
    """The heard query vectors of both halves, then those of the ``canaries``.

    ``half`` and ``row``: which vector of the query each is.
    """

    values: Floats  # (m, ROW_DIMENSIONS)
    half: Ids  # (m - canaries,)
    row: Ids
    canaries: list[int]


def asked_at_once(queries: Vectors, canaries: list[int]) -> Questions:
    """Put the heard query vectors and the canaries into one call."""
    half, row = np.nonzero(queries.heard.T)
    asked = [of_kind(queries.values[row[half == kind], kind], kind) for kind in range(HALVES)]
    return Questions(np.concatenate([*asked, canary_rows(canaries).values]), half, row, canaries)


def lost_canaries(asked: Questions, keys: Ids, scores: Floats) -> list[int]:
    """The numbers of the canaries that were not found. ``keys`` and ``scores``: (m, k), the answers to the call."""
    first = len(asked.half)
    found = (keys[first:, 0] == canary_keys(asked.canaries)) & (scores[first:, 0] - KIND_GAP > _CANARY_FOUND)
    return [number for number, is_found in zip(asked.canaries, found, strict=True) if not is_found]


def neighbours(asked: Questions, keys: Ids, scores: Floats, shape: tuple[int, int, int]) -> Neighbours:
    """The answers (m, k) as ``Neighbours`` of ``shape`` (HALVES, n, k)."""
    near = Neighbours.none(shape)
    count = len(asked.half)
    keys, scores = keys[:count], scores[:count]
    same = (scores > NOTHING) & ~is_canary(keys) & (half_of(keys) == asked.half[:, None])
    place = asked.half, asked.row
    near.similarity[place] = np.where(same, scores - KIND_GAP, NOTHING)
    near.track_id[place] = np.where(same, track_of(keys), 0)
    near.position[place] = np.where(same, position_of(keys), 0)
    return near
