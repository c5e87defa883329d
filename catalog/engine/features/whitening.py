"""Whitened pictures: no cell can be told from its neighbours, and every stretch is equally strong.

So the products of two such pictures add up as independent evidence, which the matched filter needs (``correlation``,
``sketch``).
"""

from functools import cache

import numpy as np

from catalog.engine.features.patches import HALF_ROWS, HALVES
from catalog.engine.features.spectrogram import Floats
from catalog.engine.parameters import PARAMETERS

WHITE_ROWS = WHITE_COLUMNS = 9  # semitones and columns whose mean is taken off each cell
EVEN_COLUMNS = 33  # 2 s, over which each half has the same energy everywhere
QUIET_DB = 1.0  # mean deviation that is not raised any more


def whitened(picture: Floats) -> Floats:
    """(columns, patch rows) dB → the same less the means around each cell, each half of every 2 s equally strong."""
    white: Floats = picture @ _without_row_means()
    white -= _mean_of_columns(white)
    halves = white.reshape(len(white), HALVES, HALF_ROWS)
    power: Floats = running_mean(np.einsum("chr,chr->ch", halves, halves) / HALF_ROWS, EVEN_COLUMNS)
    halves /= np.sqrt(np.maximum(power, np.float32(QUIET_DB**2)))[:, :, None]
    return white


def running_mean(values: Floats, width: int) -> Floats:
    """Means of ``width`` values along the first axis, in the same shape; the first and last go on beyond the ends."""
    padding = [(width // 2 + 1, (width - 1) // 2), *[(0, 0)] * (values.ndim - 1)]
    total = np.cumsum(np.pad(values, padding, mode="edge"), axis=0, dtype=np.float64)
    mean: Floats = ((total[width:] - total[:-width]) / width).astype(np.float32)
    return mean


@cache
def _without_row_means() -> Floats:
    """(rows, rows): multiplied with it, a picture loses each cell's mean of the rows around it."""
    rows = np.arange(PARAMETERS.patch_rows)
    matrix = np.eye(len(rows))
    for move in range(-(WHITE_ROWS // 2), WHITE_ROWS // 2 + 1):
        np.subtract.at(matrix, (np.clip(rows + move, 0, len(rows) - 1), rows), 1 / WHITE_ROWS)
    return matrix.astype(np.float32)


def _mean_of_columns(picture: Floats) -> Floats:
    """The same as ``running_mean`` where the width is small and the rows are many: a fifteenth of its time."""
    padded = np.pad(picture, ((WHITE_COLUMNS // 2, WHITE_COLUMNS // 2), (0, 0)), mode="edge")
    mean = padded[: len(picture)].copy()
    for move in range(1, WHITE_COLUMNS):
        mean += padded[move : move + len(picture)]
    mean /= WHITE_COLUMNS
    return mean
