"""Looking through sketches: the best line of every track, in one pass over all of them."""

import numpy as np
from numpy.typing import NDArray

from catalog.engine.features.sketch import ASKED_STEP, ASKED_WAYS, BLOCK_COLUMNS, Codes, QuerySketch, decoded
from catalog.engine.features.spectrogram import Floats

CHUNK = 4096  # blocks multiplied at once: their products stay in the cache
NO_LINE = -np.inf
Ints = NDArray[np.int64]


def best_of_tracks(
    codes: Codes,
    blocks: NDArray[np.unsignedinteger],
    alive: NDArray[np.bool_],
    asked: QuerySketch,
    k: int,
) -> tuple[Floats, Ints, Ints]:
    """(n,) sums of products, rows and offsets in columns of the ``k`` live tracks that agree best, best first.

    ``blocks``: how many each track has, in their order. A column of the query lies ``offset`` later in the reference.
    """
    rows = np.flatnonzero(blocks)
    if not len(rows):
        return np.zeros(0, np.float32), np.zeros(0, np.int64), np.zeros(0, np.int64)
    ends = np.cumsum(blocks, dtype=np.int64)
    starts = ends - blocks
    best = best_lines(codes, asked)
    sums = np.where(alive[rows], np.maximum.reduceat(best, starts[rows]), NO_LINE)
    order = np.argsort(-sums, kind="stable")[:k]
    order = order[sums[order] > NO_LINE]
    offsets = np.zeros(len(order), np.int64)
    for number, row in enumerate(rows[order].tolist()):
        middle = int(starts[row] + np.argmax(best[starts[row] : ends[row]]))
        way = int(np.argmax(line_sums(codes, asked, middle, middle + 1)))
        first_block = middle - asked.blocks // 2 - int(starts[row])
        offsets[number] = first_block * BLOCK_COLUMNS - asked.first_column - way * ASKED_STEP
    return sums[order], rows[order].astype(np.int64), offsets


def best_lines(codes: Codes, asked: QuerySketch) -> Floats:
    """For every block, the sum of products on the best of the lines whose middle lies on it.

    Tracks lie one after the other, and what of a line lies on the neighbour of its track is chance.
    """
    best = np.empty(len(codes), np.float32)
    for start in range(0, len(codes), CHUNK):
        end = min(start + CHUNK, len(codes))
        line_sums(codes, asked, start, end).max(axis=0, out=best[start:end])
    return best


def line_sums(codes: Codes, asked: QuerySketch, start: int, end: int) -> Floats:
    """(ASKED_WAYS, end - start): of the lines whose middles lie on these blocks. Beyond all blocks there is nothing."""
    first = start - asked.blocks // 2
    last = first + end - start + asked.blocks - 1
    held = decoded(codes[max(first, 0) : min(last, len(codes))], asked.numbers)
    if len(held) < last - first:
        held = np.pad(held, ((max(-first, 0), max(last - len(codes), 0)), (0, 0)))
    products = asked.values.reshape(-1, asked.numbers) @ held.T
    ways = products.reshape(ASKED_WAYS, asked.blocks, last - first)
    sums = ways[:, 0, : end - start].copy()
    for block in range(1, asked.blocks):
        sums += ways[:, block, block : block + end - start]
    return sums
