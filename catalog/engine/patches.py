"""Spectrogram → patches, at any place, tempo and pitch: how a query is moved on to a reference's axes."""

import numpy as np

from catalog.engine.params import PARAMETERS
from catalog.engine.spectrogram import Floats

HALVES = 2
HALF_ROWS = PARAMETERS.patch_rows // HALVES
PATCH_SIZE = PARAMETERS.patch_columns * HALF_ROWS
PATCH_SPAN_COLUMNS = PARAMETERS.patch_columns * PARAMETERS.patch_step


def column_offsets() -> Floats:
    """(patch_columns,) where a patch's columns lie around its centre, in hops."""
    middle = (PARAMETERS.patch_columns - 1) / 2
    offsets: Floats = ((np.arange(PARAMETERS.patch_columns) - middle) * PARAMETERS.patch_step).astype(np.float32)
    return offsets


def centres(columns: int, step: float, tempo_ratio: float = 1.0) -> Floats:
    """Centres of the whole patches that fit, in columns, ``step`` columns apart."""
    margin = PATCH_SPAN_COLUMNS / 2 / tempo_ratio
    places: Floats = np.arange(margin, max(columns - margin, margin + 1e-3), step, dtype=np.float32)
    return places


def cut(picture: Floats, places: Floats, tempo_ratio: float = 1.0, pitch_semitones: float = 0.0) -> Floats:
    """Patches of ``picture`` (columns, rows) as they would lie on the reference.

    ``places``: (n,) centres in the picture's own columns. A picture that is ``tempo_ratio`` times as fast and
    ``pitch_semitones`` higher than the reference is stretched and moved back. Shape (n, HALVES, PATCH_SIZE),
    dB; rows beyond the picture are zero. Linear interpolation along both axes.
    """
    shifted = _move_rows(picture, pitch_semitones)
    at = places[:, None] + column_offsets()[None, :] / tempo_ratio
    at = np.clip(at, 0, len(picture) - 1)
    before = np.minimum(at.astype(np.int64), len(picture) - 2)
    part = (at - before)[:, :, None].astype(np.float32)
    mixed = shifted[before] * (1 - part) + shifted[before + 1] * part
    halves = mixed.reshape(len(places), PARAMETERS.patch_columns, HALVES, HALF_ROWS)
    patches: Floats = np.ascontiguousarray(halves.transpose(0, 2, 1, 3)).reshape(len(places), HALVES, PATCH_SIZE)
    return patches


def _move_rows(picture: Floats, pitch_semitones: float) -> Floats:
    """The patch's rows, taken ``pitch_semitones`` higher up in ``picture``."""
    rows = np.arange(PARAMETERS.patch_rows) + PARAMETERS.first_patch_row + pitch_semitones
    lower = np.floor(rows).astype(np.int64)
    part = (rows - lower).astype(np.float32)
    padded = np.pad(picture, ((0, 0), (1, 2)))
    last = picture.shape[1] + 1
    low, high = np.clip(lower + 1, 0, last), np.clip(lower + 2, 0, last)
    if not part.any():
        plain: Floats = padded[:, low]
        return plain
    moved: Floats = padded[:, low] * (1 - part) + padded[:, high] * part
    return moved
