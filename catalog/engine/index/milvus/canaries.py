"""Canaries: known vectors and rows among those of tracks. If one is not found, Milvus searched only a part."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from catalog.engine.errors import IndexUnavailable
from catalog.engine.features.embedding import DIMENSIONS
from catalog.engine.features.spectrogram import Floats
from catalog.engine.index.milvus.rows import CANARY_KIND, KEY_BITS, MAX_TRACK_ID, Ids, Rows, of_kind

CANARY_EVERY = 64  # operations of the log
_FIRST_CANARY = 1 - (1 << 42)  # in the place of a track: below every track that is taken


def canary_rows(numbers: Sequence[int]) -> Rows:
    """The vectors of some canaries: random directions, the same in every process."""
    values = np.array([_direction(number) for number in numbers], np.float32).reshape(-1, DIMENSIONS)
    return Rows(canary_keys(numbers), of_kind(values, CANARY_KIND))


def canary_keys(numbers: Sequence[int]) -> Ids:
    """The (n,) keys of the canaries' vectors."""
    return np.array([canary_track(number) << KEY_BITS for number in numbers], np.int64)


def canary_track(number: int) -> int:
    """The id of a canary's row, in the place of a track's id."""
    return _FIRST_CANARY + number


def _direction(number: int) -> Floats:
    values = np.random.default_rng(number).standard_normal(DIMENSIONS)
    return (values / np.linalg.norm(values)).astype(np.float32)


def canaries_up_to(sequence: int) -> int:
    """How many canaries an index at operation ``sequence`` has: one at the start, and one in ``CANARY_EVERY``."""
    return sequence // CANARY_EVERY + 1


def some_canaries(sequence: int, count: int) -> list[int]:
    """At most ``count`` canaries, evenly from all ages: old and new segments lie on different machines."""
    return sorted({int(number) for number in np.linspace(0, canaries_up_to(sequence) - 1, count)})


def refuse_part(lost: Collection[int]) -> None:
    """Raise ``IndexUnavailable`` where any canary is missing in an answer."""
    if lost:
        raise IndexUnavailable(f"Milvus searched only a part of the index ({len(lost)} canaries are missing).")


def is_canary(keys: Ids) -> NDArray[np.bool_]:
    """(n,) which keys are of canaries."""
    return keys < (-MAX_TRACK_ID << KEY_BITS)
