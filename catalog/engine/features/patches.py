"""From a spectrogram to patches at any place, tempo and pitch: how a query is moved on to a reference's axes."""

import numpy as np
from numpy.typing import NDArray

from catalog.engine.features.spectrogram import Floats, dequantise
from catalog.engine.parameters import PARAMETERS

HALVES = 2
HALF_ROWS = PARAMETERS.patch_rows // HALVES
PATCH_SIZE = PARAMETERS.patch_columns * HALF_ROWS
PATCH_SPAN_COLUMNS = PARAMETERS.patch_columns * PARAMETERS.patch_step


def column_offsets(columns: int) -> Floats:
    """(columns,) where the columns of a patch lie around its centre, in columns of the picture."""
    offsets: Floats = ((np.arange(columns) - (columns - 1) / 2) * PARAMETERS.patch_step).astype(np.float32)
    return offsets


def centres(columns: int, step: float, tempo_ratio: float = 1.0) -> Floats:
    """(n,) the centres (columns) of the whole patches that fit into so many columns, ``step`` columns apart.

    ``tempo_ratio``: how many times as fast as its reference the picture is.
    """
    margin = PATCH_SPAN_COLUMNS / 2 / tempo_ratio
    places: Floats = np.arange(margin, max(columns - margin, margin + 1e-3), step, dtype=np.float32)
    return places


def cut(
    picture: Floats, places: Floats, tempo_ratio: float | Floats = 1.0, columns: int = PARAMETERS.patch_columns
) -> Floats:
    """(n, HALVES, columns x HALF_ROWS) patches in dB, as they would lie on the reference.

    ``picture`` (columns, patch rows): in dB, as ``move_rows`` gives it. ``places``: (n,) centres in the picture's own
    columns. ``tempo_ratio``: how many times as fast as the reference the picture is, one number or (n,). ``columns``:
    how many a patch has. Values are linear between columns; the picture's first and last column go on beyond its ends.
    """
    ratio = np.broadcast_to(np.asarray(tempo_ratio, np.float32), places.shape)
    at = places[:, None] + column_offsets(columns)[None, :] / ratio[:, None]
    at = np.clip(at, 0, len(picture) - 1)
    before = np.minimum(at.astype(np.int64), len(picture) - 2)
    part = (at - before)[:, :, None].astype(np.float32)
    mixed = picture[before]
    if part.any():
        mixed += (picture[before + 1] - mixed) * part
    halves = mixed.reshape(len(places), columns, HALVES, HALF_ROWS)
    patches: Floats = np.ascontiguousarray(halves.transpose(0, 2, 1, 3)).reshape(len(places), HALVES, -1)
    return patches


def move_rows(picture: Floats, pitch_semitones: float) -> Floats:
    """(columns, rows) dB → (columns, patch rows): the rows of a patch, taken ``pitch_semitones`` higher up.

    This moves a picture that is so much higher than its reference back on to it. Rows beyond the picture are zero.
    """
    rows = np.arange(PARAMETERS.patch_rows) + PARAMETERS.first_patch_row + pitch_semitones
    lower = np.floor(rows + 1e-6).astype(np.int64)
    part = np.maximum(rows - lower, 0).astype(np.float32)
    first = int(lower[0])
    wide = np.zeros((PARAMETERS.patch_rows + 1, len(picture)), np.float32)  # rows outermost, one to mix the last with
    begin = max(first, 0)
    end = max(begin, min(first + len(wide), picture.shape[1]))
    wide[begin - first : end - first] = picture[:, begin:end].T
    moved: Floats = wide[:-1]
    if part.max() > 1e-3:
        moved = moved + (wide[1:] - moved) * part[:, None]
    return moved.T


def unmoved_rows(levels: NDArray[np.uint8]) -> Floats:
    """(columns, rows) stored levels → what ``move_rows`` gives of their picture with no move, in half the time."""
    first = PARAMETERS.first_patch_row
    return dequantise(levels[:, first : first + PARAMETERS.patch_rows])
