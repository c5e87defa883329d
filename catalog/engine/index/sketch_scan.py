"""The scan of the sketches: the best line of every track for each stretch of a query, in one pass over all sketches."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from catalog.engine.features.sketch import ASKED_STEP, ASKED_WAYS, BLOCK_COLUMNS, Codes, QuerySketch, decoded
from catalog.engine.features.spectrogram import Floats

CHUNK, MOST_PRODUCTS = 4096, 2**22  # lines summed at once, so that their products stay in the cache
NO_LINE = -np.inf
Ints = NDArray[np.int64]


def best_of_tracks(
    codes: Codes,
    blocks: NDArray[np.unsignedinteger],
    alive: NDArray[np.bool_],
    asked: QuerySketch,
    k: int,
) -> Iterator[tuple[Floats, Ints, Ints]]:
    """For each stretch of the query, the ``k`` live tracks that agree best with it, best first, as (n,) each.

    These are the sums of products, the rows, and the offsets: by how many columns a column of the query lies later in
    the reference. ``codes`` (blocks, BYTES): the sketches of all tracks in a row; ``blocks`` (rows,): how many each
    track has; ``alive`` (rows,): whether it counts. A line belongs to the track that its middle lies in. What of it
    lies on a neighbour adds only chance.
    """
    rows = np.flatnonzero(blocks)
    ends = np.cumsum(blocks[rows], dtype=np.int64)
    starts = ends - blocks[rows]
    best = best_sums(codes, starts, ends, asked)
    for stretch, sums in zip(asked.each(), np.where(alive[rows], best, NO_LINE), strict=True):
        order = np.argsort(-sums, kind="stable")[:k]
        order = order[sums[order] > NO_LINE]
        offsets = [_best_offset(codes, stretch, int(starts[row]), int(ends[row])) for row in order]
        yield sums[order], rows[order].astype(np.int64), np.array(offsets, np.int64)


def best_sums(codes: Codes, starts: Ints, ends: Ints, asked: QuerySketch) -> Floats:
    """(stretches, tracks) the sum of products on the best line whose middle lies in each track.

    ``starts`` and ``ends`` (tracks,): the first block of each track, and the one after its last. The stretches overlap,
    so the products are made once for all of them.
    """
    best = np.full((len(asked.stretches), len(starts)), NO_LINE, np.float32)
    edges = sorted({edge for stretch in asked.stretches for edge in stretch})
    chunk = min(CHUNK, MOST_PRODUCTS // (ASKED_WAYS * asked.blocks))
    for first in range(1 - asked.blocks, len(codes), chunk):
        count = min(chunk, len(codes) - first)
        products = _products(codes, asked, first, count)
        pieces = {begin: _summed(products, begin, end, count) for begin, end in pairwise(edges)}
        for of_stretch, (begin, end) in zip(best, asked.stretches, strict=True):
            sums = sum(piece for at, piece in pieces.items() if begin <= at < end)
            _keep_best(of_stretch, np.max(sums, axis=0), first + (begin + end) // 2, starts, ends)
    return best


def line_sums(codes: Codes, asked: QuerySketch, start: int, end: int) -> Floats:
    """(ASKED_WAYS, end - start) the sums of products on the lines whose middles lie on blocks ``start`` … ``end - 1``.

    What lies before the first block of ``codes`` or after the last adds nothing.
    """
    count = end - start
    return _summed(_products(codes, asked, start - asked.blocks // 2, count), 0, asked.blocks, count)


def _keep_best(best: Floats, sums: Floats, middle: int, starts: Ints, ends: Ints) -> None:
    """Raise the tracks' ``best`` to the ``sums`` of lines whose middles lie on the blocks from ``middle`` on."""
    begin, end = max(middle, 0), min(middle + len(sums), int(ends[-1]) if len(ends) else 0)
    if begin >= end:
        return
    rows = slice(np.searchsorted(ends, begin, "right"), np.searchsorted(starts, end, "left"))
    bounds = np.maximum(starts[rows], begin) - middle
    best[rows] = np.maximum(best[rows], np.maximum.reduceat(sums[: end - middle], bounds))


def _best_offset(codes: Codes, asked: QuerySketch, start: int, end: int) -> int:
    """In columns, of the best line whose middle lies on these blocks of a track."""
    sums = line_sums(codes, asked, start, end)
    way, middle = np.unravel_index(np.argmax(sums), sums.shape)
    return (int(middle) - asked.blocks // 2) * BLOCK_COLUMNS - asked.first_column - int(way) * ASKED_STEP


def _products(codes: Codes, asked: QuerySketch, first: int, count: int) -> Floats:
    """(ASKED_WAYS, query's blocks, blocks): of ``count`` lines, whose first blocks lie on ``first`` and after it."""
    last = first + count + asked.blocks - 1
    held = decoded(codes[max(first, 0) : max(min(last, len(codes)), 0)], asked.numbers)
    if len(held) < last - first:
        held = np.pad(held, ((max(-first, 0), max(last - len(codes), 0)), (0, 0)))
    products: Floats = asked.values.reshape(-1, asked.numbers) @ held.T
    return products.reshape(ASKED_WAYS, asked.blocks, last - first)


def _summed(products: Floats, begin: int, end: int, count: int) -> Floats:
    """(ASKED_WAYS, count): what the lines add up to from block ``begin`` to before block ``end`` of the query."""
    sums = products[:, begin, begin : begin + count].copy()
    for block in range(begin + 1, end):
        sums += products[:, block, block : block + count]
    return sums
