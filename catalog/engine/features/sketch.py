"""Sketches: recordings in 16 bytes a second, few enough to look through all of them.

Votes come from single places that are near to their own. Where something masks every place, none is near; but summed
over seconds, along one line, the little that agrees stands out (the matched filter: ``correlation``). A sketch is what
the filter multiplies, in short: the whitened picture of each second in its principal directions (Pearson, 1901), each
in one of the four levels that lose least of a normal distribution (Max, 1960). Experiments:
docs/log/2026-11-28-sketches.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from catalog.engine.features.model import model
from catalog.engine.features.spectrogram import Floats
from catalog.engine.features.whitening import whitened
from catalog.engine.parameters import PARAMETERS

BLOCK_COLUMNS = 16  # 1.02 s
BLOCK_SIZE = BLOCK_COLUMNS * PARAMETERS.patch_rows
NUMBERS = 64  # directions: they hold 37 % of what a block of whitened music holds
NUMBERS_A_BYTE = 4
BYTES = NUMBERS // NUMBERS_A_BYTE  # of a block
BETWEEN, INNER, OUTER = 0.9816, 0.4528, 1.51  # of four levels for a normal distribution (Max, 1960)
ASKED_STEP = 2  # columns between the ways in which a query's blocks are cut
ASKED_WAYS = BLOCK_COLUMNS // ASKED_STEP
WINDOW_COLUMNS = 250  # of a query, 16 s, that are compared for themselves
WINDOW_BLOCKS = WINDOW_COLUMNS // BLOCK_COLUMNS - 1
LEAST_BLOCKS_OF_WINDOWS = 18  # one window is nearly all of what is shorter

Codes = NDArray[np.uint8]


@dataclass(frozen=True)
class QuerySketch:
    """A stretch of a query, cut into blocks in several ways. ``values`` (ASKED_WAYS, blocks, numbers).

    The first block of way w begins at column ``first_column`` + w x ASKED_STEP of the query. ``stretches``: the first
    block, and the one after the last, of each part that is compared by itself.
    """

    values: Floats
    first_column: int
    stretches: tuple[tuple[int, int], ...]

    @property
    def blocks(self) -> int:
        """How many blocks each way has."""
        return int(self.values.shape[1])

    @property
    def numbers(self) -> int:
        """How many numbers of each block are compared."""
        return int(self.values.shape[2])

    @property
    def middle_column(self) -> float:
        """The column of the query in the middle of the stretch."""
        return self.first_column + (self.blocks * BLOCK_COLUMNS + BLOCK_COLUMNS) / 2

    def each(self) -> Iterator["QuerySketch"]:
        """Each of the ``stretches`` as a sketch of its own."""
        for begin, end in self.stretches:
            first = self.first_column + begin * BLOCK_COLUMNS
            yield QuerySketch(self.values[:, begin:end], first, ((0, end - begin),))


def blocks_of(white: Floats, step: int) -> Floats:
    """(columns, patch rows) whitened → (n, BLOCK_SIZE): every whole block, ``step`` columns apart."""
    every = sliding_window_view(white, BLOCK_COLUMNS, axis=0)[::step].transpose(0, 2, 1)
    return every.reshape(len(every), BLOCK_SIZE)


def sketched(picture: Floats) -> Codes:
    """The sketch of a reference: (columns, patch rows) dB → (blocks, BYTES), whole blocks from the first column on."""
    if len(picture) < BLOCK_COLUMNS:
        return np.zeros((0, BYTES), np.uint8)
    return coded(blocks_of(whitened(picture), BLOCK_COLUMNS))


def coded(blocks: Floats) -> Codes:
    """(n, BLOCK_SIZE) whitened cells → (n, BYTES) codes, two bits for each of NUMBERS directions."""
    numbers = blocks @ model().sketch_basis / model().sketch_spread
    levels = (numbers > -BETWEEN).astype(np.uint8) + (numbers > 0) + (numbers > BETWEEN)
    shifts = np.arange(NUMBERS_A_BYTE, dtype=np.uint8) * 2
    packed: Codes = np.bitwise_or.reduce(levels.reshape(-1, BYTES, NUMBERS_A_BYTE) << shifts, axis=2)
    return packed


def decoded(codes: Codes, count: int = NUMBERS) -> Floats:
    """(n, BYTES) codes → (n, count) the first numbers of each, in units of the model's ``sketch_spread``."""
    # "clip" as every byte is in range, and looking whether it is takes six times as long.
    numbers: Floats = np.take(_levels_of_bytes(), codes[:, : count // NUMBERS_A_BYTE], axis=0, mode="clip")
    return numbers.reshape(len(codes), count)


def asked(picture: Floats, most_columns: int, whole_columns: int, count: int = NUMBERS) -> QuerySketch | None:
    """The sketch of a query's (columns, patch rows) dB; None where not even one block fits.

    It covers the middle ``most_columns``, by ``count`` numbers for each block. Its first stretch is the middle
    ``whole_columns``. Where they fit, windows all over the sketch follow, each half over the next.
    """
    first = max(0, (len(picture) - most_columns) // 2)
    white = whitened(picture)[first : first + most_columns]
    blocks = (len(white) - BLOCK_COLUMNS) // BLOCK_COLUMNS
    if blocks < 1:
        return None
    numbers = blocks_of(white, ASKED_STEP) @ model().sketch_basis[:, :count] * model().sketch_spread[:count]
    ways = numbers[: blocks * ASKED_WAYS].reshape(blocks, ASKED_WAYS, count).transpose(1, 0, 2)
    return QuerySketch(np.ascontiguousarray(ways), first, _stretches(blocks, whole_columns))


def _stretches(blocks: int, whole_columns: int) -> tuple[tuple[int, int], ...]:
    whole = min(blocks, whole_columns // BLOCK_COLUMNS - 1)
    begin = (blocks - whole) // 2
    firsts = [*range(0, blocks - WINDOW_BLOCKS, WINDOW_BLOCKS // 2), blocks - WINDOW_BLOCKS]
    windows = [(first, first + WINDOW_BLOCKS) for first in firsts] if blocks >= LEAST_BLOCKS_OF_WINDOWS else []
    return ((begin, begin + whole), *windows)


@cache
def _levels_of_bytes() -> Floats:
    """(256, NUMBERS_A_BYTE) what a byte stands for."""
    levels = np.array([-OUTER, -INNER, INNER, OUTER], np.float32)
    codes = np.arange(256)[:, None] >> np.arange(NUMBERS_A_BYTE)[None, :] * 2
    numbers: Floats = levels[codes & 3]
    return numbers
